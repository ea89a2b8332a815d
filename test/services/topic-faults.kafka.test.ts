// What becomes of appends and followers when a real broker is killed, hangs, or is not there.
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTopic } from '#adapters/kafka/check-topic.ts';
import { KafkaTopic, type KafkaTopicOptions } from '#adapters/kafka/topic.ts';
import { TopicUnavailable, type TopicPlace, type TopicRecord, type WrittenRecord } from '#ports/topic.ts';
import { scaled } from '../test-scale.ts';
import { freePort } from './free-port.ts';
import { KafkaServer } from './kafka-server.ts';

const PARTITIONS = 3;
const APPENDS = 5_000;
const record = (key: string, text: string): TopicRecord => ({ key, value: Buffer.from(text), headers: {} });
const told = ({ value }: TopicRecord): string => Buffer.from(value).toString();

interface World {
  readonly server: KafkaServer;
  readonly open: (more?: Partial<KafkaTopicOptions>) => Promise<KafkaTopic>;
}

async function world(t: TestContext): Promise<World> {
  const server = await KafkaServer.make();
  t.after(() => server.remove());
  const connection = { brokers: [`127.0.0.1:${server.port}`], clientId: 'assay', requestMsMax: 2_000 };
  const topic = 'decisions';
  await createTopic(connection, {
    name: topic, partitionCount: PARTITIONS, replicas: 1, inSyncMin: 1, retentionMs: 'for ever',
  });
  const open = async (more: Partial<KafkaTopicOptions> = {}): Promise<KafkaTopic> => {
    const opened = await KafkaTopic.open({ connection, topic, ...more });
    t.after(() => opened.close());
    return opened;
  };
  return { server, open };
}

interface Written {
  readonly key: string;
  readonly text: string;
  place?: TopicPlace;
  fault?: string;
}

function append(topic: KafkaTopic, books: Written[], key: string, text: string): Promise<void> {
  const written: Written = { key, text };
  books.push(written);
  return topic.append(record(key, text)).then(
    (place) => { written.place = place; },
    (error: unknown) => { written.fault = error instanceof TopicUnavailable ? error.code : 'unknown'; });
}

async function collected(topic: KafkaTopic): Promise<readonly WrittenRecord[]> {
  const all: WrittenRecord[] = [];
  for await (const one of topic.read([])) all.push(one);
  return all;
}

/** Every settled append is where it said, nothing is twice, and each key is in the order of the calls. */
function judged(books: readonly Written[], read: readonly WrittenRecord[]): void {
  const texts = new Map(read.map((one) => [`${one.place.partition}:${one.place.offset}`, told(one)]));
  for (const { text, place } of books) {
    if (place !== undefined) equal(texts.get(`${place.partition}:${place.offset}`), text);
  }
  equal(new Set(read.map(told)).size, read.length);
  for (const key of new Set(books.map((one) => one.key))) {
    const numbers = read.filter((one) => one.key === key).map((one) => Number(told(one)));
    deepEqual(numbers, numbers.toSorted((left, right) => left - right), key);
  }
}

test('F21 a broker that is killed amid 5,000 appends and comes back loses and doubles none', async (t) => {
  const { server, open } = await world(t);
  for (let round = 0; round < scaled(1); round++) {
    const topic = await open({ appendMsMax: 60_000 });
    const from = await topic.ends();
    const followed: string[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const one of topic.follow(from, stop.signal)) followed.push(told(one));
    })();
    const books: Written[] = [];
    const ends: Promise<void>[] = [];
    for (let index = 0; index < APPENDS; index++) {
      ends.push(append(topic, books, `key_${index % 37}`, `${round * APPENDS + index}`));
      if (index % 10 === 9) await sleep(1);
      if (index === APPENDS / 2) await server.kill();
      if (index === APPENDS - 1) await server.start();
    }
    await Promise.all(ends);
    deepEqual(books.filter(({ fault }) => fault !== undefined), [], 'nothing was late within a minute');
    const read = (await collected(topic)).filter(({ place }) => place.offset >= from[place.partition]!);
    judged(books, read);
    equal(read.length, APPENDS);
    for (const startedAt = performance.now(); followed.length < APPENDS;) {
      ok(performance.now() - startedAt < 30_000, `the follower has ${followed.length} of ${APPENDS}`);
      await sleep(20);
    }
    stop.abort();
    await following;
    deepEqual(followed.toSorted(), read.map(told).toSorted());
    await topic.close();
  }
});

test('while the broker is away appends end late, and what comes afterwards keeps the order', async (t) => {
  const { server, open } = await world(t);
  const topic = await open({ appendMsMax: 500 });
  const books: Written[] = [];
  await append(topic, books, 'key', '0');
  await server.kill();
  const away = Array.from({ length: 20 }, (_, index) => append(topic, books, 'key', `${index + 1}`));
  await Promise.all(away);
  equal(books.slice(1).every(({ fault }) => fault === 'late'), true);
  await server.start();
  for (let index = 21; index < 40; index++) {
    await append(topic, books, 'key', `${index}`);
    await sleep(50);
  }
  ok(books.at(-1)?.place !== undefined, 'it writes again');
  judged(books, await collected(topic));
});

test('a broker that hangs makes appends late in their time, and they come to be there once', async (t) => {
  const { server, open } = await world(t);
  const topic = await open({ appendMsMax: 400 });
  const books: Written[] = [];
  await append(topic, books, 'key', '0');
  server.pause();
  const startedAt = performance.now();
  await Promise.all([append(topic, books, 'key', '1'), append(topic, books, 'other', '2')]);
  const tookMs = performance.now() - startedAt;
  deepEqual(books.map(({ fault }) => fault), [undefined, 'late', 'late']);
  ok(tookMs < 2_000, `${tookMs} ms`);
  // Longer than one request may take, so that it is sent again.
  await sleep(3_000);
  server.continue();
  for (let index = 3; index < 20 || books.at(-1)?.place === undefined; index++) {
    ok(index < 200, 'it writes again');
    await append(topic, books, 'key', `${index}`);
    await sleep(50);
  }
  const read = await collected(topic);
  judged(books, read);
  ok(read.some((one) => told(one) === '1'), 'what was out was written after all');
});

test('F25 who opens a topic while nobody is there is told in time, and finds it afterwards', async (t) => {
  const { server, open } = await world(t);
  await server.kill();
  await rejects(open({ openMsMax: 700 }), { code: 'unreachable', message: /decisions.*ECONNREFUSED/ });
  const opening = open({ openMsMax: 60_000 });
  await server.start();
  const topic = await opening;
  deepEqual((await topic.append(record('a', 'x'))).offset, 0);
  await rejects(KafkaTopic.open({
    connection: { brokers: [`127.0.0.1:${await freePort()}`], clientId: 'assay' }, topic: 'x', openMsMax: 300,
  }), { code: 'unreachable' });
});

test('F26 a queue that is full says so while the broker hangs', async (t) => {
  const { server, open } = await world(t);
  const topic = await open({ appendMsMax: 1_000, queueRecordsMax: 100 });
  server.pause();
  const books: Written[] = [];
  await Promise.all(Array.from({ length: 150 }, (_, index) => append(topic, books, 'key', `${index}`)));
  equal(books.filter(({ fault }) => fault === 'full').length, 50);
  equal(books.filter(({ fault }) => fault === 'late').length, 100);
  server.continue();
});
