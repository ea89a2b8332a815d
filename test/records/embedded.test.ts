// What can happen to the files of the embedded records between two runs.
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { cp, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { recordsOf } from '#adapters/pglite/change-record.ts';
import { RecordsUnavailable, type RecordStore } from '#ports/records.ts';
import { NO_AUDIT, verifyAudit } from '#records/audit-chain.ts';
import type { WriteCall } from '#records/write-call.ts';
import { openRecords, recordsJournal } from '../../src/main/open-records.ts';
import { entry, evidence, listChange, listEntry, version } from '../contracts/records-samples.ts';

const HASHES = ['a', 'b', 'c'];
/** More than one record of the journal holds. */
const LONG_COUNT = 9_000;

describe('embedded records', () => {
  let root: string;
  const told: string[] = [];
  /** Records of three changes, closed. */
  let made: string;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'assay-embedded-'));
    made = `${root}/made`;
    const store = await opened(made);
    await change(store, 'a', LONG_COUNT);
    await change(store, 'b');
    await change(store, 'c');
    await store.close();
  });
  after(() => rm(root, { recursive: true, force: true }));

  async function opened(folder: string): Promise<RecordStore> {
    told.length = 0;
    const { store, settled } = await openRecords({ folder }, (line) => { told.push(line); });
    await settled;
    return store;
  }

  const change = (store: RecordStore, hash: string, longCount = 0): Promise<void> =>
    store.change(entry('t', `version/${hash}`), async (writes) => {
      await writes.addVersion(version(hash));
      await writes.addEvidence(evidence(hash));
      await writes.addListChange(listChange(hash, 'l', { add: [listEntry(hash)] }));
      await writes.applyListChange(hash);
      const add = Array.from({ length: longCount }, (_, index) => listEntry(index, { note: 'long' }));
      await writes.addListChange(listChange(`${hash}-long`, 'long', { add }));
      await writes.applyListChange(`${hash}-long`);
    });

  async function copied(name: string): Promise<string> {
    const folder = `${root}/${name}`;
    await cp(made, folder, { recursive: true });
    return folder;
  }

  async function hasAll(store: RecordStore): Promise<void> {
    const { head, damage } = await verifyAudit(store);
    deepEqual([head.seq, damage], [HASHES.length, undefined]);
    for (const hash of HASHES) {
      deepEqual(await store.version(hash), version(hash));
      deepEqual(await store.evidence(hash), [evidence(hash)]);
    }
    deepEqual((await store.listEntries('l')).map(({ value }) => value), HASHES);
    equal((await store.listEntries('long')).length, LONG_COUNT);
    await store.close();
  }

  test('a database that is gone is made anew from the journal', async () => {
    const folder = await copied('gone');
    await rm(`${folder}/records/database`, { recursive: true });
    await hasAll(await opened(folder));
    // The long change has several.
    const [, count] = /(\d+) records of the journal were done again/.exec(told.join('\n')) ?? [];
    ok(Number(count) > HASHES.length, `${count} records`);
  });

  test('a database that does not open is made anew from the journal, and says so', async () => {
    const folder = await copied('damaged');
    await writeFile(`${folder}/records/database/global/pg_control`, 'nonsense');
    await hasAll(await opened(folder));
    match(told.join('\n'), /made anew from the journal: .*\n.*done again/s);
  });

  test('a database that was open when the machine stopped is not trusted', async () => {
    const folder = await copied('stopped');
    await writeFile(`${folder}/records/database-open.json`, '{"open":"another life"}\n');
    await hasAll(await opened(folder));
    match(told.join('\n'), /the machine stopped while the database was open/);
  });

  test('a database of another history is made anew', async () => {
    const folder = await copied('other');
    await rm(`${folder}/records/database`, { recursive: true });
    const stranger = await opened(`${root}/stranger`);
    for (const hash of ['x', 'y']) await change(stranger, hash);
    await stranger.close();
    await cp(`${root}/stranger/records/database`, `${folder}/records/database`, { recursive: true });
    await hasAll(await opened(folder));
    match(told.join('\n'), /made anew from the journal: its audit ends with entry 2/);
  });

  test('a write to the journal that did not end is cut, and was never acknowledged', async () => {
    const folder = await copied('torn');
    const [name] = (await readdir(`${folder}/records/journal`)).filter((one) => one.endsWith('.log'));
    const file = await open(`${folder}/records/journal/${name}`, 'a');
    await file.write(Buffer.alloc(500, 0x5a));
    await file.close();
    await hasAll(await opened(folder));
    match(told.join('\n'), /a write that did not end was cut/);
  });

  test('a long change whose last piece is not in the journal was never made', async () => {
    const folder = await copied('unfinished');
    const { log } = await openDecisionLog(nodeDisk, { folder: recordsJournal(folder) });
    const long = Array.from({ length: 3 }, (_, index): WriteCall =>
      ['addVersion', version(`lost-${index}`, { source: 'x'.repeat(300_000) })]);
    const pieces = recordsOf(
      { calls: long, before: NO_AUDIT, audit: undefined, atMs: 1 }, () => log.nextPosition);
    for await (const { record, isLast } of pieces) if (!isLast) await log.append(record);
    await log.close();
    const store = await opened(folder);
    equal(await store.version('lost-0'), undefined);
    await change(store, 'after');
    await store.close();
    await rm(`${folder}/records/database`, { recursive: true });
    const again = await opened(folder);
    deepEqual([await again.version('lost-0'), (await again.version('after'))?.hash], [undefined, 'after']);
    await again.close();
  });

  test('a byte changed in the middle of the journal is refused, with its place', async () => {
    const folder = await copied('changed');
    const [name] = (await readdir(`${folder}/records/journal`)).filter((one) => one.endsWith('.log'));
    const file = await open(`${folder}/records/journal/${name}`, 'r+');
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, 200);
    await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, 200);
    await file.close();
    const store = await opened(folder);
    await rejects(store.version('a'), RecordsUnavailable);
    match(told.join('\n'), /records: not open: .*\.log/);
    await store.close();
  });

  test('a journal that has lost its end is refused: nothing is thrown away by itself', async () => {
    const folder = await copied('short');
    await rm(`${folder}/records/journal`, { recursive: true });
    const store = await opened(folder);
    await rejects(store.version('a'), /has \d+ records of the journal, which ends after 0: put the/);
    await store.close();
    ok((await readdir(`${folder}/records`)).includes('database'));
  });

  test('a second process, or a second opening, is refused and names the first', async () => {
    const folder = await copied('locked');
    const store = await opened(folder);
    const second = await opened(folder);
    await rejects(second.version('a'), /is in use by process/);
    await second.close();
    await hasAll(store);
  });

  test('until they are open the records say that they are starting', async () => {
    const { store, settled } = await openRecords({ folder: await copied('slow') }, () => {});
    await rejects(store.version('a'), (why) => {
      ok(why instanceof RecordsUnavailable);
      equal(why.code, 'starting');
      return true;
    });
    await settled;
    await hasAll(store);
  });
});
