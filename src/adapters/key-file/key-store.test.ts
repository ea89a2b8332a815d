import { deepEqual, equal, notEqual, ok, rejects } from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { SCOPES } from '#ports/key-store.ts';
import { KeyStoreDamaged, openKeyStore } from './key-store.ts';

const folders: string[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'assay-keys-'));
  folders.push(made);
  return made;
}
after(() => {
  for (const made of folders) rmSync(made, { recursive: true });
});
const mode = (...path: string[]) => statSync(join(...path)).mode & 0o777;
const read = (...path: string[]) => readFileSync(join(...path), 'utf8');
const clerk = { name: 'checkout', tenant: 'acme', scopes: ['decide', 'events'] } as const;

describe('the development key', () => {
  test('is made at the first start, has all scopes, and stays', async () => {
    const data = folder();
    const first = await openKeyStore(data);
    equal(first.devKey.isNew, true);
    equal(read(data, 'dev-key').trim(), first.devKey.token);
    deepEqual([...(first.find(first.devKey.token)?.scopes ?? [])], [...SCOPES]);
    const second = await openKeyStore(data);
    deepEqual(second.devKey, { token: first.devKey.token, isNew: false });
    equal(second.find(first.devKey.token)?.tenant, 'default');
  });
  test('is the one that was set, and the one before it opens nothing', async () => {
    const data = folder();
    const { devKey } = await openKeyStore(data);
    const store = await openKeyStore(data, { devKey: 'chosen' });
    equal(store.devKey.token, 'chosen');
    equal(store.find(devKey.token), undefined);
    equal(store.find('chosen')?.name, 'development');
    equal(read(data, 'dev-key'), 'chosen\n');
    equal(store.list().length, 1);
  });
  for (const devKey of ['', 'two words', 'x'.repeat(513)]) {
    test(`cannot be ${JSON.stringify(devKey.slice(0, 10))}`, () =>
      rejects(openKeyStore(folder(), { devKey }), /1 to 512 characters and no spaces/));
  }
});

describe('a key', () => {
  test('opens what it was made for, after a restart too, until it is revoked', async () => {
    const data = folder();
    const store = await openKeyStore(data);
    const { token, key } = await store.create(clerk);
    const grant = { keyId: key.id, name: 'checkout', tenant: 'acme', scopes: new Set(['decide', 'events']) };
    deepEqual(store.find(token), grant);
    const again = await openKeyStore(data);
    deepEqual(again.find(token), grant);
    equal(await again.revoke(key.id), true);
    equal(again.find(token), undefined);
    equal(await again.revoke(key.id), false);
    const later = await openKeyStore(data);
    equal(later.find(token), undefined);
    ok(later.list().find(({ id }) => id === key.id)?.revokedAt !== undefined);
  });
  test('names the person who holds it, and what that person may approve as', async () => {
    const data = folder();
    const store = await openKeyStore(data);
    const holder = { person: 'a.ng', roles: ['risk', 'compliance'], madeBy: 'root on the data folder' };
    const { token } = await store.create({ ...clerk, ...holder });
    const later = await openKeyStore(data);
    const { person, roles } = later.find(token) ?? {};
    deepEqual([person, roles], ['a.ng', ['risk', 'compliance']]);
    equal(later.list().at(-1)?.madeBy, 'root on the data folder');
    const developer = later.find(later.devKey.token);
    deepEqual([developer?.person, developer?.roles], ['dev', undefined]);
  });
  test('is kept as a hash, for the eyes of the owner', async () => {
    const data = folder();
    const store = await openKeyStore(data);
    const { token } = await store.create(clerk);
    equal(read(data, 'keys.json').includes(token), false);
    equal(JSON.stringify(store.list()).includes('hash'), false);
    deepEqual([mode(data, 'keys.json'), mode(data, 'dev-key')], [0o600, 0o600]);
    deepEqual(readdirSync(data).toSorted(), ['dev-key', 'keys.json']);
    chmodSync(join(data, 'keys.json'), 0o644);
    await openKeyStore(data);
    equal(mode(data, 'keys.json'), 0o600);
  });
  test('is never made twice', async () => {
    const store = await openKeyStore(folder());
    const made = await Promise.all([1, 2, 3].map(() => store.create(clerk)));
    equal(new Set(made.map(({ token }) => token)).size, 3);
    equal(store.list().length, 4);
    for (const { token } of made) notEqual(store.find(token), undefined);
  });
  test('that is wrong by one letter, empty or a megabyte long opens nothing', async () => {
    const store = await openKeyStore(folder());
    const { token } = store.devKey;
    for (const wrong of [`${token.slice(0, -1)}!`, '', `${token} `, 'x'.repeat(1e6), token.toUpperCase()]) {
      equal(store.find(wrong), undefined);
    }
  });
});

describe('a damaged key file lets nobody in and is left as it is', () => {
  for (const [what, text] of [
    ['half a file', '{"format":1,"keys":['],
    ['another format', '{"format":2,"keys":[]}'],
    ['no list', '{"format":1,"keys":{}}'],
    ['a key without hash', '{"format":1,"keys":[{"id":"a"}]}'],
    [
      'an unknown scope',
      JSON.stringify({
        format: 1,
        keys: [
          {
            id: 'a',
            name: 'a',
            tenant: 'a',
            scopes: ['root'],
            createdAt: '',
            hash: '0'.repeat(64),
          },
        ],
      }),
    ],
  ] as const) {
    test(what, async () => {
      const data = folder();
      writeFileSync(join(data, 'keys.json'), text);
      await rejects(openKeyStore(data), (error) => error instanceof KeyStoreDamaged);
      equal(read(data, 'keys.json'), text);
    });
  }
});
