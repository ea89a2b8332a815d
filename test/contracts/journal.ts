/** The contract of the port Journal: stories that every adapter passes. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { Journal, JournalEntry } from '#ports/journal.ts';
import type { TopicRecord } from '#ports/topic.ts';

/** A place for one journal. `open` after `close` finds what was there. */
export interface JournalWorld {
  nowMs: number;
  open(bytesMax?: number): Promise<Journal>;
}

export const MOST = { records: 1_000, bytes: 100_000_000 } as const;

export const topicRecordOf = (key: string, text = key): TopicRecord =>
  ({ key, value: Buffer.from(text), headers: { kind: Buffer.from('decision'), none: new Uint8Array() } });

/** Key and value. */
export const told = ({ key, value }: TopicRecord): string => `${key}=${Buffer.from(value).toString()}`;

export const nobody = (): boolean => false;

async function waiting(journal: Journal): Promise<readonly string[]> {
  return (await journal.oldest(MOST, nobody)).map(({ record }) => told(record));
}

const placesOf = (entries: readonly JournalEntry[]): JournalEntry['place'][] =>
  entries.map(({ place }) => place);

export function journalContract(name: string, make: () => Promise<JournalWorld>): void {
  const story: Story = (what, tell) => {
    test(`${name}: ${what}`, async () => {
      const world = await make();
      const opened: Journal[] = [];
      const open = async (bytesMax?: number): Promise<Journal> => {
        const journal = await world.open(bytesMax);
        opened.push(journal);
        return journal;
      };
      try {
        await tell({ world, open });
      } finally {
        for (const journal of opened) await journal.close();
      }
    });
  };
  keeping(story);
  ending(story);
  limits(story);
}

type Story = (what: string, tell: (told: {
  readonly world: JournalWorld; readonly open: (bytesMax?: number) => Promise<Journal>;
}) => Promise<void>) => void;

function keeping(story: Story): void {
  story('a record is given back byte for byte, also to the next process', async ({ open }) => {
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const records: TopicRecord[] = [
      { key: 'acme\0tx\0tx_1', value: every, headers: { facts: every, none: new Uint8Array() } },
      { key: '', value: new Uint8Array(), headers: {} },
      { key: 'ключ 💳', value: Buffer.from('{}'), headers: { 'Ü': Buffer.from('ö') } },
      { key: '\ud800', value: Buffer.from('half a pair'), headers: {} },
    ];
    const plain = ({ key, value, headers }: TopicRecord): unknown =>
      [key, [...value], Object.entries(headers).map(([header, bytes]) => [header, [...bytes]])];
    const journal = await open();
    for (const record of records) await journal.append(record);
    const entries = await journal.oldest(MOST, nobody);
    deepEqual(entries.map(({ record }) => plain(record)), records.map(plain));
    await journal.close();
    const later = await (await open()).oldest(MOST, nobody);
    deepEqual(later.map(({ record }) => plain(record)), records.map(plain));
  });

  story('records wait in the order in which they came, however many come at once', async ({ open }) => {
    const journal = await open();
    const keys = Array.from({ length: 500 }, (_, index) => `key_${index % 50}`);
    await Promise.all(keys.map((key, index) => journal.append(topicRecordOf(key, `${index}`))));
    equal(journal.waiting.records, 500);
    deepEqual(await waiting(journal), keys.map((key, index) => `${key}=${index}`));
  });

  story('as many are given as are asked for, without those that are left out', async ({ open }) => {
    const journal = await open();
    for (const key of ['a', 'b', 'c', 'a', 'd']) await journal.append(topicRecordOf(key));
    const keys = async (records: number, bytes: number, leftOut: string): Promise<string> =>
      (await journal.oldest({ records, bytes }, (key) => leftOut.includes(key)))
        .map(({ record }) => record.key).join('');
    equal(await keys(3, MOST.bytes, ''), 'abc');
    equal(await keys(3, MOST.bytes, 'a'), 'bcd');
    equal(await keys(3, 1, ''), 'a', 'one at least');
    equal(await keys(3, MOST.bytes, 'abcd'), '');
  });

  story('it says how many wait and since when', async ({ world, open }) => {
    const journal = await open();
    deepEqual(journal.waiting, { records: 0, oldestAtMs: undefined });
    const startMs = world.nowMs;
    const places = [];
    for (const key of ['a', 'b', 'c']) {
      places.push(await journal.append(topicRecordOf(key)));
      world.nowMs += 1_000;
    }
    deepEqual(journal.waiting, { records: 3, oldestAtMs: startMs });
    await journal.done([places[1]!]);
    deepEqual(journal.waiting, { records: 2, oldestAtMs: startMs });
    await journal.done([places[0]!]);
    deepEqual(journal.waiting, { records: 1, oldestAtMs: startMs + 2_000 });
    await journal.close();
    deepEqual((await open()).waiting, { records: 1, oldestAtMs: startMs + 2_000 });
  });

  story('of two records of a key the first is found, done or not, also later', async ({ open }) => {
    const journal = await open();
    const first = await journal.append(topicRecordOf('a', 'first'));
    await journal.append(topicRecordOf('a', 'second'));
    equal(told(await journal.find('a') ?? topicRecordOf('none')), 'a=first');
    equal(await journal.find('b'), undefined);
    await journal.done([first]);
    await journal.close();
    const later = await open();
    equal(told(await later.find('a') ?? topicRecordOf('none')), 'a=first');
    deepEqual(await waiting(later), ['a=second']);
  });
}

function ending(story: Story): void {
  story('what is done does not come back, to nobody', async ({ open }) => {
    const journal = await open();
    for (let index = 0; index < 40; index++) await journal.append(topicRecordOf(`${index}`));
    const entries = await journal.oldest(MOST, nobody);
    await journal.done(placesOf(entries.filter((_, index) => index % 3 !== 0)));
    const left = Array.from({ length: 14 }, (_, index) => `${3 * index}=${3 * index}`);
    deepEqual(await waiting(journal), left);
    await journal.close();
    const later = await open();
    deepEqual(await waiting(later), left);
    await later.done(placesOf(await later.oldest(MOST, nobody)));
    await later.close();
    deepEqual(await waiting(await open()), []);
  });

  story('done twice, or what never was, is nothing new', async ({ open }) => {
    const journal = await open();
    const place = await journal.append(topicRecordOf('a'));
    await journal.append(topicRecordOf('b'));
    await Promise.all([journal.done([place]), journal.done([place, place]), journal.done([])]);
    await journal.done([{ part: 1_000, position: 1 }, { part: place.part, position: 1_000 }]);
    deepEqual(await waiting(journal), ['b=b']);
    await journal.append(topicRecordOf('c'));
    deepEqual(await waiting(journal), ['b=b', 'c=c']);
  });

  story('after the close nothing is taken', async ({ open }) => {
    const journal = await open();
    await journal.close();
    await rejects(journal.append(topicRecordOf('a')), { code: 'closed' });
    await journal.done([{ part: 1, position: 2 }]);
    await journal.close();
  });

  story('two processes do not share it', async ({ open }) => {
    await open();
    await rejects(open(), { code: 'locked' });
  });
}

function limits(story: Story): void {
  story('beyond its limit it takes nothing, and says how much it holds', async ({ open }) => {
    const journal = await open(60_000);
    const large = 'x'.repeat(1_000);
    let taken = 0;
    await rejects(async () => {
      for (;; taken++) await journal.append(topicRecordOf(`${taken}`, large));
    }, { code: 'full', message: /holds \d+ bytes \(\d+ records wait for the topic\), and 60000 may be/ });
    equal(journal.waiting.records, taken);
    const entries = await journal.oldest(MOST, nobody);
    equal(entries.length, taken, 'what it took is there');
    await journal.done(placesOf(entries.slice(0, taken / 2)));
    await journal.append(topicRecordOf('again', large));
    await journal.close();
    equal((await open(60_000)).waiting.records, taken - Math.floor(taken / 2) + 1);
  });

  story('what is done makes room for ever', async ({ open }) => {
    const journal = await open(60_000);
    for (let index = 0; index < 400; index++) {
      const place = await journal.append(topicRecordOf(`${index}`, 'y'.repeat(2_000)));
      await journal.done([place]);
    }
    equal(journal.waiting.records, 0);
    await journal.append(topicRecordOf('last'));
    await journal.close();
    deepEqual(await waiting(await open(60_000)), ['last=last']);
  });
}
