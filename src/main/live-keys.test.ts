import { equal } from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openKeyStore } from '#adapters/key-file/key-store.ts';
import { liveKeys } from './live-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-keys-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => { setTimeout(resolve, 5); });
};

test('a key made or revoked beside a running server counts; a damaged file changes nothing', async () => {
  const told: string[] = [];
  const keys = liveKeys(folder, await openKeyStore(folder), (line) => { told.push(line); }, 10);
  const beside = await openKeyStore(folder);
  const { token, key } = await beside.create({ name: 'shop', tenant: 'acme', scopes: ['decide'] });
  let readCount = 0;
  keys.onRead(() => { readCount += 1; });
  await until(() => keys.find(token)?.tenant === 'acme');
  equal(keys.list().at(-1)?.id, key.id);
  await until(() => readCount > 0);
  await beside.revoke(key.id);
  await until(() => keys.find(token) === undefined);
  writeFileSync(join(folder, 'keys.json'), 'half a file');
  await until(() => told.length > 0);
  equal(keys.find(beside.devKey.token)?.name, 'development');
  keys.stop();
});
