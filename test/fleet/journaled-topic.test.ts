import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { MemoryDisk } from '#adapters/memory/memory-disk.ts';
import { JournalUnavailable } from '#ports/journal.ts';
import { TopicUnavailable } from '#ports/topic.ts';
import { seededRandom } from '../../bench/random.ts';
import { scaled } from '../test-scale.ts';
import type { TopicMood } from './faulty-topic.ts';
import { JournaledWorld, LATE_MS, textOf, type Kept } from './journaled-world.ts';

/** What a journal's commit may take in virtual time: the gap between two, and the one before. */
const COMMIT_MS = 6;
const APPENDS_AT_ONCE_MAX = 64;

async function started(appendMsMax?: number): Promise<JournaledWorld> {
  const world = new JournaledWorld(seededRandom(1), appendMsMax);
  await world.start();
  return world;
}

const endOf = ({ end }: Kept): string =>
  (end === undefined ? 'nothing' : end === 'journal' ? end : end instanceof Error ? end.message : 'topic');

test('a topic that is well gets the record, and the journal nothing', async () => {
  const world = await started();
  const kept = world.keep('a', 20);
  await world.pass(20);
  deepEqual([endOf(kept), world.journaled.waiting()], ['topic', { records: 0, oldestMs: 0 }]);
});

test('a topic that is slow gets the record once; the answer does not wait for it', async () => {
  const world = await started();
  world.topic.mood = 'slow';
  const kept = world.keep('a', 20);
  await world.pass(20 + COMMIT_MS);
  equal(endOf(kept), 'journal');
  deepEqual(world.journaled.waiting(), { records: 1, oldestMs: world.time.nowMs - kept.startMs - 20 });
  await world.drain();
  deepEqual((await world.inTopic()).map(textOf), ['0']);
  equal(world.journaled.shipped, 0);
});

test('F50 a topic that is away costs a payment only the journal; later it gets all, in order', async () => {
  const world = await started();
  world.topic.mood = 'away';
  for (let index = 0; index < 200; index++) {
    world.keep('one key', 20);
    await world.pass(1);
  }
  await world.pass(100);
  deepEqual(new Set(world.books.map(endOf)), new Set(['journal']));
  for (const { startMs, endMs } of world.books) ok(endMs! - startMs <= COMMIT_MS, `${endMs! - startMs} ms`);
  await world.pass(60_000);
  equal(world.journaled.waiting().records, 200);
  ok(world.journaled.waiting().oldestMs > 60_000);
  await world.drain();
  deepEqual((await world.inTopic()).map(textOf), world.books.map(({ text }) => text));
  equal(world.journaled.shipped, 200);
});

test('F50 while the topic is silent, few payments wait for it, and what probes is old', async () => {
  const world = await started(60_000);
  world.topic.mood = 'silent';
  for (let index = 0; index < 1_000; index++) {
    world.keep(`key_${index}`, 20);
    await world.pass(1);
  }
  const waited = world.books.filter(({ startMs, endMs }) => endMs! - startMs > COMMIT_MS);
  ok(waited.length < LATE_MS + 20, `${waited.length} payments waited`);
  await world.pass(30_000);
  await world.drain();
  const read = (await world.inTopic()).map(textOf);
  deepEqual(read.toSorted(), world.books.map(({ text }) => text).toSorted(), 'each once');
});

test('F51 what comes back is not overrun: one at first, then twice as many, 64 at the most', async () => {
  const world = await started();
  world.topic.mood = 'away';
  for (let index = 0; index < 3_000; index++) {
    world.keep(`key_${index}`, 20);
    if (index % 10 === 0) await world.pass(1);
  }
  await world.pass(5_000);
  world.topic.outMax = 0;
  world.topic.mood = 'well';
  const outs = new Set<number>();
  for (let ms = 0; ms < 3_000; ms++) {
    await world.pass(1);
    outs.add(world.topic.out);
  }
  deepEqual([...outs].filter((out) => out > 0).slice(0, 7), [1, 2, 4, 8, 16, 32, 64]);
  equal(world.topic.outMax, APPENDS_AT_ONCE_MAX);
  await world.drain();
  equal((await world.inTopic()).length, 3_000);
});

test('a record that no topic takes is refused at once, one that this one refuses too', async () => {
  const world = await started();
  const large = world.journaled.keep({ key: 'a', value: new Uint8Array(900_001), headers: {} },
    { withinMs: 20 });
  await large.then(() => ok(false), (error: unknown) => {
    ok(error instanceof TopicUnavailable && error.code === 'refused');
    match(error.message, /a record of 900002 bytes; 900000 may be/);
  });
  world.topic.append = () => Promise.reject(new TopicUnavailable('refused', 'no'));
  const kept = world.keep('b', 20);
  await world.pass(20);
  equal(endOf(kept), 'no');
  equal(world.journaled.waiting().records, 0);
});

test('a record in the journal that the topic refuses holds up nothing, and is told', async () => {
  const world = await started();
  world.topic.mood = 'away';
  for (const key of ['a', 'bad', 'c']) world.keep(key, 20);
  await world.pass(500);
  const append = world.topic.append.bind(world.topic);
  world.topic.append = (record) => (record.key === 'bad'
    ? Promise.reject(new TopicUnavailable('refused', 'too large')) : append(record));
  world.topic.mood = 'well';
  await world.pass(5_000);
  deepEqual((await world.inTopic()).map(({ key }) => key).toSorted(), ['a', 'c']);
  equal(world.journaled.waiting().records, 1);
  deepEqual(world.told, ['journal: a record stays there, for the topic refuses it: too large']);
  world.topic.append = append;
  await world.pass(61_000);
  equal(world.journaled.waiting().records, 0, 'it is offered again');
});

test('where neither the topic nor the disk takes it, it is rejected and not answered', async () => {
  const world = await started();
  world.topic.mood = 'away';
  world.disk.capacityBytes = world.disk.usedBytes;
  const kept = world.keep('a', 20);
  await world.pass(50);
  ok(kept.end instanceof JournalUnavailable && kept.end.code === 'full', endOf(kept));
  world.disk.heal();
  await world.pass(300);
  const again = world.keep('a', 20);
  await world.pass(50);
  equal(endOf(again), 'journal');
});

test('a journal that cannot be read does not keep payments from a topic that is well again', async () => {
  const world = await started();
  world.topic.mood = 'away';
  for (let index = 0; index < 20; index++) world.keep(`key_${index}`, 20);
  await world.pass(100);
  world.disk.failNext('read', 'io', 1_000);
  world.topic.mood = 'well';
  await world.pass(3_000);
  const kept = world.keep('later', 20);
  await world.pass(50);
  equal(endOf(kept), 'topic');
  match(world.told.join(), /nothing of it is shipped now: read journal/);
  world.disk.heal();
  await world.drain();
  equal((await world.inTopic()).length, 21);
});

test('a payment is found in the journal by its key as long as the topic has it not', async () => {
  const world = await started();
  world.topic.mood = 'away';
  world.keep('a', 20);
  await world.pass(100);
  const found = await world.journaled.find('a');
  equal(found === undefined ? undefined : textOf(found), '0');
  equal(await world.journaled.find('b'), undefined);
});

test('after a close in the middle the next process ships what is left', async () => {
  const world = await started();
  world.topic.mood = 'away';
  for (let index = 0; index < 50; index++) world.keep(`key_${index}`, 20);
  await world.pass(100);
  await world.stop();
  await world.start();
  equal(world.journaled.waiting().records, 50);
  await world.drain();
  deepEqual((await world.inTopic()).map(textOf).toSorted(), world.books.map(({ text }) => text).toSorted());
});

const MOODS: readonly TopicMood[] = ['well', 'well', 'slow', 'silent', 'away', 'flaky'];
const SEED_COUNT = scaled(20);
/** Of one crash: what was out from the journal, and from payments that did not wait for it. */
const DOUBLES_MAX = 2 * APPENDS_AT_ONCE_MAX;

describe('whatever topic, disk and process do, what was answered is in the topic', () => {
  const seen = { journal: 0, topic: 0, rejected: 0, crashes: 0, doubles: 0, late: 0, shipped: 0 };
  for (let seed = 1; seed <= SEED_COUNT; seed++) {
    test(`seed ${seed}`, async () => {
      const random = seededRandom(seed);
      const world = new JournaledWorld(random, random() < 0.5 ? 2_000 : 60_000);
      await world.start();
      let crashes = 0;
      for (let step = 0; step < 60; step++) {
        if (random() < 0.2) world.topic.mood = MOODS[Math.floor(random() * MOODS.length)] ?? 'well';
        if (seed % 2 === 0) trouble(world.disk, random);
        for (let count = Math.floor(random() * 30); count > 0; count--) {
          world.keep(`key_${Math.floor(random() * 200)}`, Math.floor(random() * 40));
          if (random() < 0.5) await world.pass(Math.floor(random() * 4));
        }
        await world.pass(Math.floor(random() * 300));
        world.disk.heal();
        if (random() < 0.08) {
          crashes += 1;
          seen.shipped += world.journaled.shipped;
          world.crash(random() < 0.5);
          if (random() < 0.5) world.topic.mood = 'well';
          await world.start();
        }
      }
      await world.drain();
      seen.crashes += crashes;
      seen.late += world.topic.lateTexts.size;
      for (const { end } of world.books) {
        if (end instanceof Error) seen.rejected += 1;
        else if (end !== undefined) seen[end === 'journal' ? end : 'topic'] += 1;
      }
      const doubles = judged((await world.inTopic()).map(textOf), world);
      seen.doubles += doubles;
      // A disk in trouble does not learn what is done.
      ok(seed % 2 === 0 || doubles <= crashes * DOUBLES_MAX, `${doubles} second copies, ${crashes} crashes`);
    });
  }
  after(() => {
    for (const [what, count] of Object.entries(seen)) ok(count > SEED_COUNT / 4, `${count} ${what} in all`);
  });
});

function trouble(disk: MemoryDisk, random: () => number): void {
  const dice = random();
  if (dice < 0.05) disk.capacityBytes = disk.usedBytes + Math.floor(random() * 2_000);
  else if (dice < 0.15) disk.failNext(random() < 0.5 ? 'write' : 'fdatasync', 'io', 2);
}

/**
 * Answered is there; more than once only where an append that was rejected came to be there, or where the
 * process ended in between. Returns how many those are.
 */
function judged(read: readonly string[], world: JournaledWorld): number {
  const copies = Map.groupBy(read, (text) => text);
  let doubles = 0;
  for (const kept of world.books) {
    const count = copies.get(kept.text)?.length ?? 0;
    const isAnswered = kept.end !== undefined && !(kept.end instanceof Error);
    if (isAnswered) ok(count >= 1, `record ${kept.text} was answered (${endOf(kept)}), and is not there`);
    if (kept.life === world.life && kept.end === undefined) ok(false, `record ${kept.text} has no end`);
    if (count <= 1 || world.topic.lateTexts.has(kept.text)) continue;
    ok(kept.life < world.life, `record ${kept.text} is there ${count} times, and nothing excuses it`);
    doubles += count - 1;
  }
  return doubles;
}
