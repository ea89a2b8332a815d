/** What is tried again while records are opened, and what stays refused until a person looks. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { DiskError } from '#ports/disk.ts';
import { SchemaRefused } from '#records/bring-up-to-date.ts';
import { OpeningSource } from '#records/opening-source.ts';
import { SqlFault, type SqlSource } from '#records/sql-source.ts';

const SOURCE: SqlSource = {
  acquire: () => Promise.reject(new Error('it is open')), release: () => {}, close: () => Promise.resolve(),
};
const nodeError = (code: string): Error => Object.assign(new Error(`${code}: no`), { code });

/** Opens a source that fails once; how often it was tried. */
async function triesAfter(why: Error): Promise<number> {
  let tries = 0;
  const source = new OpeningSource(() => {
    tries += 1;
    return tries === 1 ? Promise.reject(why) : Promise.resolve(SOURCE);
  }, () => {});
  await source.settled;
  await rejects(source.acquire(), tries === 1 ? /the records are not open: / : /it is open/);
  await source.close();
  return tries;
}

for (const why of [
  new SqlFault('lost', 'nobody answers'), nodeError('ENOSPC'), nodeError('EMFILE'),
  new DiskError('full', 'records/journal', 'no space'),
]) {
  test(`"${why.message}" passes: it is tried again`, async () => {
    equal(await triesAfter(why), 2);
  });
}

test('what waiting does not mend stays refused', async () => {
  const lasting = [
    new SchemaRefused('needs a newer program'), new DiskError('locked', 'records', 'in use'),
    nodeError('EACCES'), new Error('a byte was changed'),
  ];
  deepEqual(await Promise.all(lasting.map(triesAfter)), [1, 1, 1, 1]);
});
