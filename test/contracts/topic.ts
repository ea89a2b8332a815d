/** The contract of the port Topic: stories that every adapter passes. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { partitionOfKey } from '#ports/key-partition.ts';
import type { Topic, TopicPlace, TopicRecord, WrittenRecord } from '#ports/topic.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { scaled } from '../test-scale.ts';

export interface TopicWorld {
  /** A topic that nobody has written to, with a name of its own. */
  make(partitionCount: number): Promise<Topic>;
  /** The same topic, as another node sees it. */
  again(topic: Topic): Promise<Topic>;
}

const PARTITIONS = 3;

const makeRecord = (key: string, text: string, headers: TopicRecord['headers'] = {}): TopicRecord =>
  ({ key, value: Buffer.from(text), headers });

/** Key and text. */
const told = ({ key, value }: TopicRecord): string => `${key}=${Buffer.from(value).toString()}`;

async function collected(
  records: AsyncIterable<WrittenRecord>, count = Infinity,
): Promise<WrittenRecord[]> {
  const all: WrittenRecord[] = [];
  for await (const record of records) if (all.push(record) >= count) break;
  return all;
}

/** A record as plain values that can be compared. */
function plain({ key, value, headers, place }: TopicRecord & { place: TopicPlace }): unknown {
  const names = Object.keys(headers).sort();
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return { key, value: hex(value), headers: names.map((name) => [name, hex(headers[name]!)]), place };
}

const byPlace = (left: { place: TopicPlace }, right: { place: TopicPlace }): number =>
  left.place.partition - right.place.partition || left.place.offset - right.place.offset;

export function topicContract(name: string, world: () => TopicWorld): void {
  const story: Story = (what, tell) => {
    test(`${name}: ${what}`, async () => {
      const topic = await world().make(PARTITIONS);
      try {
        await tell(topic);
      } finally {
        await topic.close();
      }
    });
  };
  writing(story);
  reading(story, world);
  following(story, world);
  generated(story, world);
}

type Story = (what: string, tell: (topic: Topic) => Promise<void>) => void;

function writing(story: Story): void {
  story('a record stands where the append said, byte for byte', async (topic) => {
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const records: TopicRecord[] = [
      { key: 'card_1', value: every,
        headers: { type: Buffer.from('decision'), raw: every, none: new Uint8Array() } },
      { key: '', value: new Uint8Array(), headers: {} },
      { key: 'ключ 💳', value: Buffer.from('{}'), headers: { 'Ü': Buffer.from('ö') } },
    ];
    const places: TopicPlace[] = [];
    for (const record of records) places.push(await topic.append(record));
    const read = await collected(topic.read([]));
    deepEqual(read.sort(byPlace).map(plain), records
      .map((record, index) => ({ ...record, place: places[index]! })).sort(byPlace).map(plain));
  });

  story('the partition of a record follows from its key', async (topic) => {
    for (const key of ['a', 'b', 'c', 'd', 'e', '']) {
      equal((await topic.append(makeRecord(key, 'x'))).partition, partitionOfKey(key, PARTITIONS), key);
    }
  });

  story('records of one key stand in the order of the calls, however many are out', async (topic) => {
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const texts = Array.from({ length: 700 }, (_, index) => `${index}`);
    await Promise.all(texts.map((text, index) => topic.append(makeRecord(keys[index % keys.length]!, text))));
    const read = await collected(topic.read([]));
    for (const [index, key] of keys.entries()) {
      const ofKey = read.filter((record) => record.key === key);
      deepEqual(ofKey.map(({ value }) => Buffer.from(value).toString()),
        texts.filter((text) => Number(text) % keys.length === index), key);
    }
  });

  story('a record carries when the topic took it', async (topic) => {
    const before = Date.now();
    await topic.append(makeRecord('a', 'x'));
    const after = Date.now();
    const [record] = await collected(topic.read([]));
    ok(record !== undefined && record.writtenAtMs >= before - 1_000 && record.writtenAtMs <= after + 1_000);
  });

  story('after the close nothing is taken', async (topic) => {
    await topic.append(makeRecord('a', 'x'));
    await topic.close();
    await rejects(topic.append(makeRecord('a', 'y')), { code: 'unreachable' });
    await rejects(topic.ends(), { code: 'unreachable' });
    await rejects(collected(topic.read([])), { code: 'unreachable' });
    await topic.close();
  });
}

function reading(story: Story, world: () => TopicWorld): void {
  story('an empty topic has starts and ends of 0, and nothing to read', async (topic) => {
    deepEqual(await topic.starts(), [0, 0, 0]);
    deepEqual(await topic.ends(), [0, 0, 0]);
    deepEqual(await collected(topic.read([])), []);
    deepEqual(await collected(topic.read([0, 0, 0])), []);
  });

  story('the ends are where the next record will stand', async (topic) => {
    for (let count = 0; count < 20; count++) {
      const key = `key_${count}`;
      const partition = partitionOfKey(key, PARTITIONS);
      const end = (await topic.ends())[partition];
      deepEqual(await topic.append(makeRecord(key, 'x')), { partition, offset: end });
    }
  });

  story('reading starts at the offsets and stops at the ends of when it started', async (topic) => {
    for (let count = 0; count < 30; count++) await topic.append(makeRecord(`key_${count}`, `${count}`));
    const ends = await topic.ends();
    const from = ends.map((end) => Math.floor(end / 2));
    const read: WrittenRecord[] = [];
    for await (const record of topic.read(from)) {
      read.push(record);
      if (read.length === 1) await topic.append(makeRecord('key_1', 'later'));
    }
    deepEqual(read.map(({ place }) => place).sort((left, right) =>
      left.partition - right.partition || left.offset - right.offset),
    from.flatMap((start, partition) => Array.from({ length: ends[partition]! - start },
      (_, index) => ({ partition, offset: start + index }))));
    deepEqual(await collected(topic.read(await topic.ends())), []);
  });

  story('an offset where nothing can stand is refused, not moved', async (topic) => {
    await topic.append(makeRecord('a', 'x'));
    const ends = await topic.ends();
    const signal = new AbortController().signal;
    await rejects(collected(topic.read(ends.map((end) => end + 1))), { code: 'refused' });
    await rejects(collected(topic.follow(ends.map((end) => end + 1), signal)), { code: 'refused' });
    await rejects(collected(topic.read([-1])), { code: 'refused' });
  });

  story('another node reads the same', async (topic) => {
    const other = await world().again(topic);
    const places = await Promise.all(['a', 'b', 'c'].map((key) => topic.append(makeRecord(key, key))));
    deepEqual((await other.append(makeRecord('a', 'second'))).partition, places[0]!.partition);
    deepEqual((await collected(topic.read([]))).map(plain), (await collected(other.read([]))).map(plain));
    if (other !== topic) await other.close();
  });
}

function following(story: Story, world: () => TopicWorld): void {
  story('who follows gets what is there and then what comes, until the signal', async (topic) => {
    const stop = new AbortController();
    await topic.append(makeRecord('a', '1'));
    const seen: string[] = [];
    for await (const record of topic.follow([], stop.signal)) {
      seen.push(told(record));
      if (seen.length < 4) await topic.append(makeRecord('a', `${seen.length + 1}`));
      else stop.abort();
    }
    deepEqual(seen, ['a=1', 'a=2', 'a=3', 'a=4']);
  });

  story('who can wait for more to come together misses nothing, and ends at once', async (topic) => {
    const stop = new AbortController();
    const seen: string[] = [];
    for (let i = 0; i < 3; i++) await topic.append(makeRecord('a', `${i}`));
    const appending = (async () => {
      for (let i = 3; i < 9; i++) await topic.append(makeRecord('a', `${i}`));
    })();
    for await (const record of topic.follow([], stop.signal, { gatherMs: () => 40 })) {
      seen.push(told(record));
      // The end comes while the topic is not to be asked yet.
      if (seen.length === 9) setTimeout(() => { stop.abort(); }, 5);
    }
    await appending;
    deepEqual(seen, Array.from({ length: 9 }, (_, i) => `a=${i}`));
  });

  story('a signal ends a follower that waits or is about to start, and a close ends all', async (topic) => {
    const stop = new AbortController();
    const waiting = collected(topic.follow([], stop.signal));
    setTimeout(() => { stop.abort(); }, 30);
    deepEqual(await waiting, []);
    deepEqual(await collected(topic.follow([], stop.signal)), []);
    const open = collected(topic.follow([], new AbortController().signal));
    setTimeout(() => { void topic.close(); }, 30);
    deepEqual(await open, []);
  });

  story('a slow follower misses nothing, and one that leaves holds nothing up', async (topic) => {
    const other = await world().again(topic);
    const signal = new AbortController().signal;
    const count = 60;
    const slow = (async () => {
      const seen: string[] = [];
      for await (const record of other.follow([], signal)) {
        seen.push(told(record));
        if (seen.length % 20 === 1) await new Promise((wake) => { setTimeout(wake, 5); });
        if (seen.length === count) return seen;
      }
      return seen;
    })();
    const leaver = collected(topic.follow([], signal), 1);
    for (let index = 0; index < count; index++) await topic.append(makeRecord('one key', `${index}`));
    equal((await leaver).length, 1);
    deepEqual(await slow, Array.from({ length: count }, (_, index) => `one key=${index}`));
    if (other !== topic) await other.close();
  });
}

function generated(story: Story, world: () => TopicWorld): void {
  story('whatever is written by two nodes is read as the naive books have it', async (topic) => {
    const other = await world().again(topic);
    const random = new SeededRandom(4_711);
    for (let round = 0; round < scaled(6); round++) {
      const from = await topic.ends();
      const books: { place: TopicPlace; record: TopicRecord }[] = [];
      await Promise.all(Array.from({ length: random.between(1, 80) }, async () => {
        const record = randomRecord(random);
        const place = await (random.chance(0.5) ? topic : other).append(record);
        books.push({ place, record });
      }));
      const read = await collected(topic.read(from));
      deepEqual(read.sort(byPlace).map(plain), books
        .map(({ place, record }) => ({ ...record, place })).sort(byPlace).map(plain));
    }
    if (other !== topic) await other.close();
  });
}

function randomRecord(random: SeededRandom): TopicRecord {
  const bytes = (most: number): Uint8Array =>
    Uint8Array.from({ length: random.between(0, most) }, () => random.between(0, 255));
  const headers = Array.from({ length: random.between(0, 3) }, (_, index) =>
    [`h${index}`, bytes(40)] as const);
  return {
    key: `key_${random.between(0, 20)}`,
    value: bytes(random.chance(0.05) ? 20_000 : 600),
    headers: Object.fromEntries(headers),
  };
}
