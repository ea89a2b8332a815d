import { deepEqual, equal, ok } from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalJournal } from '#adapters/journal/local-journal.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { MemoryTopic } from '#adapters/memory/topic.ts';
import { Breaker } from '#fleet/breaker.ts';
import { JournaledTopic } from '#fleet/journaled-topic.ts';
import { seededRandom } from '../../bench/random.ts';
import { scaled } from '../test-scale.ts';
import { KeepingChild } from './killed-child.ts';
import { numbered, numberOf, TERMS } from './numbered-records.ts';

const KILLS = scaled(8);
const ALIVE_MS_MAX = 250;

test(`a node killed ${KILLS} times with records in its journal loses none that it answered`, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-journal-kill-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const random = seededRandom(5);
  const answered: number[] = [];
  for (let life = 0; life < KILLS; life++) {
    const child = new KeepingChild(folder, life * 1_000_000);
    // One in five is killed within its open.
    if (random() < 0.8) await child.hasAnswered(1);
    await sleep(random() * ALIVE_MS_MAX);
    await child.kill();
    answered.push(...child.answered);
  }
  ok(answered.length > KILLS, `${answered.length} were answered`);
  const clock = { now: () => Date.now(), sleep: (ms: number) => sleep(ms) };
  const topic = new MemoryTopic('decisions', 1, () => Date.now());
  const journal = await LocalJournal.open(nodeDisk, { folder, clock });
  const left = journal.waiting.records;
  ok(left >= answered.length, `${left} of ${answered.length} are there`);
  const breaker = new Breaker({ terms: TERMS, now: () => performance.now(), random });
  const journaled = JournaledTopic.open({ topic, journal, breaker, clock, lateMs: 1_000 });
  while (journaled.waiting().records > 0) await sleep(20);
  await journaled.close();
  const shipped: number[] = [];
  for await (const record of topic.read([])) {
    const number = numberOf(record);
    deepEqual(Buffer.from(record.headers['facts']!), numbered(number).headers['facts']);
    shipped.push(number);
  }
  equal(shipped.length, left, 'each once');
  deepEqual(shipped, shipped.toSorted((one, other) => one - other), 'in the order in which they came');
  const there = new Set(shipped);
  deepEqual(answered.filter((number) => !there.has(number)), [], 'answered, and not there');
});
