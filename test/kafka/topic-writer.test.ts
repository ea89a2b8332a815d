// The writer against brokers that fail in every way Kafka does, judged by naive books.
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TopicWriter, type ProducerWire, type WriterOptions } from '#adapters/kafka/topic-writer.ts';
import { partitionOfKey } from '#ports/key-partition.ts';
import { TopicUnavailable, type TopicPlace, type TopicRecord } from '#ports/topic.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { scaled } from '../test-scale.ts';
import { FakeBrokers, type Fate } from './fake-brokers.ts';

const PARTITIONS = 4;
const OPTIONS: WriterOptions = {
  appendMsMax: 2_000, retryMs: 1, queueRecordsMax: 10_000, queueBytesMax: 1_000_000, now: Date.now,
};
const CALM: Fate = {
  lostRequest: 0, lostAnswer: 0, ghost: 0, moved: 0, notEnoughReplicas: 0, forgetful: 0,
};
const record = (key: string, text: string): TopicRecord => ({ key, value: Buffer.from(text), headers: {} });

interface Written {
  readonly key: string;
  readonly text: string;
  place: TopicPlace | undefined;
  fault: string;
}

async function world(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  // Who forgets an author takes its ghosts for new: Kafka does that as well, and so the two are apart.
  const isForgetful = random.chance(0.3);
  const fate: Fate = {
    lostRequest: random.fraction() * 0.2, lostAnswer: random.fraction() * 0.2, ghost: isForgetful ? 0 : 0.7,
    moved: random.fraction() * 0.1, notEnoughReplicas: random.fraction() * 0.1,
    forgetful: isForgetful ? 0.1 : 0,
  };
  const brokers = new FakeBrokers(PARTITIONS, random, fate);
  const appendMsMax = random.pick([20, 60, 3_000]);
  const writer = await opened(brokers, { ...OPTIONS, appendMsMax });
  const books: Written[] = [];
  const ends: Promise<void>[] = [];
  for (let index = 0; index < 250; index++) {
    const key = `key_${random.between(0, 9)}`;
    const text = random.chance(0.02) ? `poison ${index}` : `${index}`;
    const written: Written = { key, text, place: undefined, fault: '' };
    books.push(written);
    ends.push(writer.append(record(key, text)).then(
      (place) => { written.place = place; },
      (error: unknown) => { written.fault = error instanceof TopicUnavailable ? error.code : 'unknown'; }));
    if (random.chance(0.2)) await sleep(random.between(0, 3));
    if (index === 200) brokers.mend();
  }
  await Promise.all(ends);
  await sleep(20);
  judged(brokers, books, `seed ${seed}`);
  writer.close();
}

/** Opening is not retried by the writer. */
async function opened(brokers: ProducerWire, options: WriterOptions): Promise<TopicWriter> {
  for (;;) {
    const writer = await TopicWriter.open('decisions', brokers, options).catch(() => undefined);
    if (writer !== undefined) return writer;
  }
}

function judged(brokers: FakeBrokers, books: readonly Written[], seed: string): void {
  for (const { key, text, place, fault } of books) {
    const isPoison = text.startsWith('poison');
    equal(isPoison && place !== undefined, false, `${seed}: ${text} is refused`);
    if (place === undefined) {
      ok(fault === 'late' || (isPoison && fault === 'refused'), `${seed}: ${text} ended as ${fault}`);
      continue;
    }
    equal(place.partition, partitionOfKey(key, PARTITIONS), seed);
    const there = brokers.logs[place.partition]?.texts[place.offset];
    equal(there, text, `${seed}: ${text} stands where it was said`);
  }
  for (const { texts, keys } of brokers.logs) {
    equal(new Set(texts).size, texts.length, `${seed}: nothing is there twice`);
    for (const key of new Set(keys)) {
      const numbers = texts.filter((_, offset) => keys[offset] === key).map(Number);
      deepEqual(numbers, numbers.toSorted((left, right) => left - right), `${seed}: the order of ${key}`);
    }
  }
}

test('F21 each append is once in the topic, in order, where it was said, whatever is lost', async () => {
  await Promise.all(Array.from({ length: scaled(24) }, (_, seed) => world(seed + 1)));
});

test('what is called together goes in one request for each broker', async () => {
  const brokers = new FakeBrokers(PARTITIONS, new SeededRandom(1), CALM);
  const requests: number[] = [];
  const wire: ProducerWire = {
    newAuthor: () => brokers.newAuthor(), leaders: () => brokers.leaders(),
    send: (node, batches) => { requests.push(node); return brokers.send(node, batches); },
  };
  const writer = await TopicWriter.open('decisions', wire, OPTIONS);
  const calls = Array.from({ length: 500 }, (_, index) => writer.append(record(`k${index}`, `${index}`)));
  await Promise.all(calls);
  deepEqual(requests.toSorted((left, right) => left - right), [0, 1, 2]);
  writer.close();
});

test('one request at a time is out to a broker, and what piles up goes with the next', async () => {
  const brokers = new FakeBrokers(1, new SeededRandom(1), CALM);
  let out = 0;
  let most = 0;
  let sent = 0;
  const wire: ProducerWire = {
    newAuthor: () => brokers.newAuthor(), leaders: () => brokers.leaders(),
    send: async (node, batches) => {
      most = Math.max(most, ++out);
      sent += 1;
      const answers = await brokers.send(node, batches);
      out -= 1;
      return answers;
    },
  };
  const writer = await TopicWriter.open('decisions', wire, OPTIONS);
  const ends: Promise<TopicPlace>[] = [];
  for (let index = 0; index < 200; index++) {
    ends.push(writer.append(record('k', `${index}`)));
    if (index % 10 === 0) await sleep(1);
  }
  await Promise.all(ends);
  equal(most, 1);
  ok(sent < 100, `${sent} requests`);
  writer.close();
});

/** Hangs: nothing ever comes back. */
const silent: ProducerWire = {
  newAuthor: async () => 1n, leaders: async () => [0], send: () => new Promise(() => {}),
};

test('who waits longer than may be is told, and so is who was never sent', async () => {
  const writer = await TopicWriter.open('decisions', silent, { ...OPTIONS, appendMsMax: 20 });
  const first = writer.append(record('a', '1'));
  await sleep(5);
  const second = writer.append(record('a', '2'));
  await rejects(first, { code: 'late', message: /no answer within 20 ms/ });
  await rejects(second, { code: 'late', message: /could not be sent within 20 ms/ });
  writer.close();
});

test('why nothing is written is said: the last that a broker said', async () => {
  const wire: ProducerWire = { ...silent, send: async () => { throw new Error('connect ECONNREFUSED'); } };
  const writer = await TopicWriter.open('decisions', wire, { ...OPTIONS, appendMsMax: 30 });
  await rejects(writer.append(record('a', '1')), { code: 'late', message: /ECONNREFUSED/ });
  writer.close();
});

test('F26 the queue has an end, in records and in bytes, and what is full is told at once', async () => {
  const quick = { ...OPTIONS, appendMsMax: 30 };
  const few = await TopicWriter.open('decisions', silent, { ...quick, queueRecordsMax: 3 });
  const waiting = ['1', '2', '3'].map((text) => rejects(few.append(record('a', text)), { code: 'late' }));
  await rejects(few.append(record('a', '4')), { code: 'full' });
  await Promise.all(waiting);
  const small = await TopicWriter.open('decisions', silent, { ...quick, queueBytesMax: 1_000 });
  const held = rejects(small.append(record('a', 'x'.repeat(900))), { code: 'late' });
  await rejects(small.append(record('a', 'x'.repeat(200))), { code: 'full' });
  await held;
  few.close();
  small.close();
});

test('a record above the limit is refused before it is sent', async () => {
  const writer = await TopicWriter.open('decisions', silent, { ...OPTIONS, queueBytesMax: 1e9 });
  await rejects(writer.append(record('a', 'x'.repeat(900_001))), { code: 'refused' });
  writer.close();
});

test('a close ends all that waits', async () => {
  const writer = await TopicWriter.open('decisions', silent, OPTIONS);
  const ends = ['1', '2'].map((text) =>
    rejects(writer.append(record('a', text)), { code: 'unreachable', message: /it was closed meanwhile/ }));
  writer.close();
  await Promise.all(ends);
  await rejects(writer.append(record('a', '3')), { code: 'unreachable' });
});
