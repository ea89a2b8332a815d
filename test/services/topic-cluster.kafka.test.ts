// Three brokers: one may be lost without a word; with one left, nothing counts as written, and that is said.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkTopic, createTopic, type WantedTopic } from '#adapters/kafka/check-topic.ts';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { TopicUnavailable, type TopicPlace } from '#ports/topic.ts';
import { KafkaCluster } from './kafka-cluster.ts';

const WANTED: WantedTopic = {
  name: 'decisions', partitionCount: 6, replicas: 3, inSyncMin: 2, retentionMs: 'for ever',
};
const KEYS = 31;
const APPENDS = 2_000;

test('F22 leaders that die and come back lose, double and reorder nothing; too few are told', async (t) => {
  const cluster = await KafkaCluster.make();
  t.after(() => cluster.remove());
  const connection = { brokers: cluster.bootstrap, clientId: 'assay', requestMsMax: 3_000 };
  await createTopic(connection, WANTED);
  deepEqual(await checkTopic(connection, WANTED), []);
  const open = (appendMsMax: number) => KafkaTopic.open({ connection, topic: WANTED.name, appendMsMax });
  const topic = await open(120_000);
  t.after(() => topic.close());
  const followed = new Set<string>();
  const stop = new AbortController();
  const following = (async () => {
    for await (const { value } of topic.follow([], stop.signal)) followed.add(Buffer.from(value).toString());
  })();

  const [first, second, third] = cluster.brokers;
  const ends: Promise<TopicPlace>[] = [];
  for (let index = 0; index < APPENDS; index++) {
    ends.push(topic.append({ key: `key_${index % KEYS}`, value: Buffer.from(`${index}`), headers: {} }));
    if (index % 4 === 3) await sleep(1);
    if (index === 500) await first!.kill();
    if (index === 1_000) await first!.start();
    // It has what it missed, and leads again only then: two of three must have a record at any time.
    if (index === 1_500) await second!.kill();
  }
  const places = await Promise.all(ends);
  await second!.start();

  const read = new Map<string, string>();
  const byKey = new Map<string, number[]>();
  for await (const { key, value, place } of topic.read([])) {
    const text = Buffer.from(value).toString();
    read.set(`${place.partition}:${place.offset}`, text);
    byKey.set(key, [...byKey.get(key) ?? [], Number(text)]);
  }
  equal(read.size, APPENDS);
  for (const [index, { partition, offset }] of places.entries()) {
    equal(read.get(`${partition}:${offset}`), `${index}`);
  }
  for (const numbers of byKey.values()) deepEqual(numbers, numbers.toSorted((left, right) => left - right));
  for (const startedAt = performance.now(); followed.size < APPENDS; await sleep(20)) {
    ok(performance.now() - startedAt < 60_000, `the follower has ${followed.size} of ${APPENDS}`);
  }
  stop.abort();
  await following;

  const quick = await open(3_000);
  t.after(() => quick.close());
  await Promise.all([second!.kill(), third!.kill()]);
  const failure: unknown = await quick.append({ key: 'a', value: Buffer.from('x'), headers: {} })
    .then(() => undefined, (error: unknown) => error);
  ok(failure instanceof TopicUnavailable && failure.code === 'late', `${String(failure)}`);
});
