import { deepEqual, equal, notDeepEqual, rejects } from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openSealKey } from './seal-key.ts';

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'assay-seal-'));
  folders.push(made);
  return made;
};
after(() => { for (const made of folders) rmSync(made, { recursive: true, force: true }); });

test('the key is made once, kept, and for the owner only', async () => {
  const here = folder();
  const [first, second] = await Promise.all([openSealKey(here), openSealKey(here)]);
  deepEqual(first, second);
  deepEqual(await openSealKey(here), first);
  equal(statSync(join(here, 'seal-key')).mode & 0o777, 0o600);
  equal(readFileSync(join(here, 'seal-key'), 'utf8').trim(), Buffer.from(first).toString('hex'));
  notDeepEqual(await openSealKey(folder()), first);
});

test('a damaged key is refused and left alone', async () => {
  const here = folder();
  writeFileSync(join(here, 'seal-key'), 'half');
  await rejects(openSealKey(here), /seal-key is damaged: not 64 hex digits/);
  equal(readFileSync(join(here, 'seal-key'), 'utf8'), 'half');
});
