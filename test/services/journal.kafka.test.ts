// A node's journaled topic over a real broker that is killed, hangs and comes back; and the node too.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalJournal } from '#adapters/journal/local-journal.ts';
import { createTopic } from '#adapters/kafka/check-topic.ts';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { Breaker } from '#fleet/breaker.ts';
import { JournaledTopic } from '#fleet/journaled-topic.ts';
import { KeepingChild } from '../fleet/killed-child.ts';
import { numbered, numberOf, TERMS } from '../fleet/numbered-records.ts';
import { KafkaServer } from './kafka-server.ts';

const clock = { now: () => Date.now(), sleep: (ms: number) => sleep(ms) };
const EVERY_MS = 3;

interface World {
  readonly server: KafkaServer;
  readonly topic: KafkaTopic;
  readonly folder: string;
  readonly open: () => Promise<JournaledTopic>;
}

async function world(t: TestContext): Promise<World> {
  const server = await KafkaServer.make();
  t.after(() => server.remove());
  const folder = await mkdtemp(join(tmpdir(), 'assay-journal-kafka-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const connection = { brokers: [server.address], clientId: 'assay', requestMsMax: 2_000 };
  await createTopic(connection, {
    name: 'decisions', partitionCount: 3, replicas: 1, inSyncMin: 1, retentionMs: 'for ever',
  });
  // Long: where the broker comes back, what was out is not shipped again.
  const topic = await KafkaTopic.open({ connection, topic: 'decisions', appendMsMax: 60_000 });
  t.after(() => topic.close());
  const open = async (): Promise<JournaledTopic> => {
    const journal = await LocalJournal.open(nodeDisk, { folder, clock });
    const breaker = new Breaker({ terms: TERMS, now: () => performance.now(), random: Math.random });
    return JournaledTopic.open({ topic, journal, breaker, clock, lateMs: 100 });
  };
  return { server, topic, folder, open };
}

/** How often each number is in the topic. */
async function counted(topic: KafkaTopic): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>();
  for await (const record of topic.read([])) {
    const number = numberOf(record);
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  return counts;
}

async function drained(journaled: JournaledTopic): Promise<void> {
  for (const startedAt = performance.now(); journaled.waiting().records > 0; await sleep(50)) {
    const { records } = journaled.waiting();
    ok(performance.now() - startedAt < 60_000, `${records} records wait`);
  }
}

for (const [what, fail, mend] of [
  ['killed', 'kill', 'start'], ['stuck', 'pause', 'continue'],
] as const) {
  test(`F50 a broker ${what} for 4 s amid payments: each is answered, and is there once`, async (t) => {
    const { server, topic, open } = await world(t);
    const journaled = await open();
    const ends: Promise<'topic' | 'journal'>[] = [];
    const tookMs: number[] = [];
    for (let number = 0; number < 2_500; number++) {
      const startedAt = performance.now();
      ends.push(journaled.keep(numbered(number), { withinMs: 30 }).then((end) => {
        tookMs.push(performance.now() - startedAt);
        return end === 'journal' ? end : 'topic';
      }));
      if (number === 500) await server[fail]();
      if (number === 1_700) await server[mend]();
      await sleep(EVERY_MS);
    }
    const by = Map.groupBy(await Promise.all(ends), (end) => end);
    tookMs.sort((one, other) => one - other);
    const at = (share: number): string => tookMs[Math.floor(tookMs.length * share)]!.toFixed(1);
    t.diagnostic(`topic ${by.get('topic')?.length}, journal ${by.get('journal')?.length}; `
      + `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, p99.9 ${at(0.999)} ms; shipped ${journaled.shipped}`);
    ok((by.get('journal')?.length ?? 0) > 100 && (by.get('topic')?.length ?? 0) > 500);
    await drained(journaled);
    const counts = await counted(topic);
    deepEqual(ends.map((_, number) => counts.get(number) ?? 0), ends.map(() => 1));
    equal(await journaled.keep(numbered(5_000), { withinMs: 5_000 }).then((end) => end !== 'journal'), true);
    await journaled.close();
  });
}

test('F46 a node killed while the broker is away: the next one ships what it answered', async (t) => {
  const { server, topic, folder, open } = await world(t);
  const first = new KeepingChild(folder, 0, server.address);
  t.after(() => first.kill());
  await first.hasAnswered(200);
  await server.kill();
  await first.hasAnswered(first.answered.length + 400);
  await first.kill();
  await server.start();
  // Killed again amid the shipping.
  const second = new KeepingChild(folder, 1_000_000, server.address);
  t.after(() => second.kill());
  await second.hasAnswered(1);
  await sleep(100);
  await second.kill();
  const journaled = await open();
  const left = journaled.waiting().records;
  await drained(journaled);
  await journaled.close();
  const counts = await counted(topic);
  const answered = [...first.answered, ...second.answered];
  deepEqual(answered.filter((number) => !counts.has(number)), [], 'answered, and not there');
  const doubles = [...counts.values()].filter((count) => count > 1).length;
  t.diagnostic(`${answered.length} answered; ${left} left for the third; ${doubles} there twice`);
  // What was out when a node was killed, each time.
  ok(doubles <= 2 * 128, `${doubles} are there twice`);
});
