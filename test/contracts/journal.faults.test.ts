// Crashes at any moment, full disks and failing flushes, from seeds: what the journal has acknowledged waits
// until it is done, and what is done does not come back.
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { LocalJournal } from '#adapters/journal/local-journal.ts';
import { LogDamaged } from '#adapters/log-files/decision-log-damage.ts';
import { MemoryDisk } from '#adapters/memory/memory-disk.ts';
import { seededRandom } from '../../bench/random.ts';
import { scaled } from '../test-scale.ts';
import { MOST, nobody, told, topicRecordOf } from './journal.ts';
import { JournalFaults } from './journal-world.ts';

const SEED_COUNT = scaled(30);
const STEP_COUNT = 60;

describe('what the journal has acknowledged waits until it is done, after anything', () => {
  const total = { crashes: 0, failures: 0, full: 0, again: 0, removals: 0 };
  for (let seed = 1; seed <= SEED_COUNT; seed++) {
    test(`seed ${seed}`, async () => {
      const world = new JournalFaults(seed);
      await world.run(STEP_COUNT);
      for (const what of Object.keys(total) as (keyof typeof total)[]) total[what] += world.seen[what];
    });
  }
  after(() => {
    for (const what of ['crashes', 'failures', 'full', 'removals'] as const) {
      ok(total[what] > SEED_COUNT / 4, `${total[what]} ${what} in all seeds`);
    }
  });
});

/** A journal, and its clock. */
async function journalOn(disk: MemoryDisk): Promise<{ journal: LocalJournal; pass: (ms: number) => void }> {
  let nowMs = 1_000;
  const clock = { now: () => nowMs, sleep: () => new Promise<void>((done) => setImmediate(done)) };
  const journal = await LocalJournal.open(disk.boot(), { folder: 'journal', clock });
  return { journal, pass: (ms) => { nowMs += ms; } };
}

test('a full disk is said with what it lacks; it is asked again after a while, not at once', async () => {
  const disk = new MemoryDisk(seededRandom(3));
  const { journal, pass } = await journalOn(disk);
  await journal.append(topicRecordOf('a'));
  disk.capacityBytes = disk.usedBytes + 50;
  await rejects(journal.append(topicRecordOf('b')),
    { code: 'full', message: /^the disk that holds journal\/0\/0+1\.log is full: \d+ bytes are needed/ });
  disk.heal();
  await rejects(journal.append(topicRecordOf('c')), { code: 'full' });
  pass(1_000);
  await journal.append(topicRecordOf('d'));
  deepEqual((await journal.oldest(MOST, nobody)).map(({ record }) => record.key), ['a', 'd']);
  await journal.close();
});

test('a flush that fails rejects, and never pretends', async () => {
  const disk = new MemoryDisk(seededRandom(3));
  const { journal, pass } = await journalOn(disk);
  disk.failNext('fdatasync');
  const ends = ['a', 'b', 'c'].map((key) => journal.append(topicRecordOf(key)));
  for (const end of ends) await rejects(end, { code: 'io' });
  equal(journal.waiting.records, 0);
  pass(1_000);
  await journal.append(topicRecordOf('d'));
  deepEqual((await journal.oldest(MOST, nobody)).map(({ record }) => told(record)), ['d=d']);
  await journal.close();
});

/** Bytes of the only segment after this many records. */
async function filled(disk: MemoryDisk, count: number): Promise<number> {
  const { journal } = await journalOn(disk);
  for (let index = 0; index < count; index++) await journal.append(topicRecordOf(`key_${index}`));
  await journal.close();
  return disk.file(SEGMENT).size;
}

const SEGMENT = 'journal/0/00000000000000000001.log';

test('a torn tail after a kill is no damage: what was acknowledged is there', async () => {
  const disk = new MemoryDisk(seededRandom(5));
  const { journal } = await journalOn(disk);
  for (let index = 0; index < 5; index++) await journal.append(topicRecordOf(`key_${index}`));
  disk.kill();
  const file = disk.file(SEGMENT);
  file.write(Buffer.from([0xff, 0x41, 0x4c, 0x46, 1, 0, 64, 0, 9]), file.size);
  const later = await journalOn(disk);
  equal(later.journal.waiting.records, 5);
  await later.journal.append(topicRecordOf('more'));
  equal(later.journal.waiting.records, 6);
  await later.journal.close();
});

test('damage in the middle is said with file, byte and record, and nothing is changed', async () => {
  for (const share of [0.2, 0.5, 0.8]) {
    const disk = new MemoryDisk(seededRandom(5));
    const bytes = await filled(disk, 50);
    disk.file(SEGMENT).flip(Math.floor(bytes * share), 1);
    for (let turn = 0; turn < 2; turn++) {
      const why = await journalOn(disk).then(() => undefined, (error: unknown) => error);
      ok(why instanceof LogDamaged, String(why));
      match(why.message, /^journal\/0\/0+1\.log, byte \d+, record \d+: expected .*, found /);
    }
    equal(disk.file(SEGMENT).size, bytes);
  }
});
