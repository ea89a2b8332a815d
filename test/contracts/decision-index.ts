/** The contract of the port DecisionIndex: stories that every adapter passes, and a seeded comparison. */
import { createHash } from 'node:crypto';
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryDecisionIndex } from '#adapters/memory/decision-index.ts';
import {
  DecisionIndexUnavailable, DIFFERENCES_KEPT_MAX, type DecisionIndex, type IndexBatch, type IndexedRecord,
} from '#ports/decision-index.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { scaled } from '../test-scale.ts';

export interface IndexWorld {
  /** An index that nobody has written to. */
  readonly index: DecisionIndex;
  dispose(): Promise<void>;
}

const idOf = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 32);
const NOW_MS = Date.UTC(2026, 0, 15, 12);
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);
type More = Partial<Omit<IndexedRecord, 'key' | 'id'>>;

function made(key: string, offset: number, text: string, more: More = {}): IndexedRecord {
  return {
    id: idOf(key), key, value: Buffer.from(text), headers: { kind: Buffer.from('decision') },
    place: { partition: 0, offset }, writtenAtMs: NOW_MS, ...more,
  };
}

const batch = (
  from: readonly number[], reached: readonly number[], ...records: IndexedRecord[]
): IndexBatch => ({ from, reached, records });

/** As plain values that can be compared. */
function plain(record: IndexedRecord | undefined): unknown {
  if (record === undefined) return undefined;
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const headers = Object.keys(record.headers).toSorted().map((name) => [name, hex(record.headers[name]!)]);
  const { id, key, place, writtenAtMs } = record;
  return { id, key, place, writtenAtMs, value: hex(record.value), headers };
}

export function decisionIndexContract(name: string, make: () => Promise<IndexWorld>): void {
  const story: Story = (what, tell) => {
    test(`${name}: ${what}`, async () => {
      const world = await make();
      try {
        await tell(world.index);
      } finally {
        await world.dispose();
      }
    });
  };
  finding(story);
  copying(story);
  forgetting(story);
  generated(story);
}

type Story = (what: string, tell: (index: DecisionIndex) => Promise<void>) => void;

function finding(story: Story): void {
  story('a record is found by its id, byte for byte, and nothing else is', async (index) => {
    const all = { raw: EVERY_BYTE, none: new Uint8Array(), 'Ü': Buffer.from('ö') };
    const records = [
      made('acme\0tx\0p1', 0, '{"id":1}'),
      made('ключ 💳\0tx\0"{a,b}"', 7, '', { value: EVERY_BYTE, headers: all }),
      made('', 8, '', { place: { partition: 3, offset: 8 }, headers: {} }),
    ];
    deepEqual(await index.project(batch([], [9, 0, 0, 9], ...records)),
      { kind: 'projected', added: 3, copies: 0, differing: 0, expired: 0 });
    for (const record of records) deepEqual(plain(await index.find(record.id)), plain(record));
    equal(await index.find(idOf('acme\0tx\0p2')), undefined);
  });

  story('partitions of which nothing is known are no fault, then and later', async (index) => {
    const inThird = (key: string, offset: number) =>
      made(key, offset, 'x', { place: { partition: 2, offset } });
    const first: number[] = [];
    first[2] = 4;
    await index.project(batch([], first, inThird('a', 3)));
    const known = [...await index.offsets()];
    const next = [...known];
    next[2] = 5;
    await index.project(batch(known, next, inThird('b', 4)));
    deepEqual([...(await index.offsets())].map((offset) => offset ?? 'unknown'), ['unknown', 'unknown', 5]);
  });

  story('what stands where is told in order, up to a limit', async (index) => {
    const records = [1, 2, 5, 9].map((offset) => made(`k${offset}`, offset, 'x'));
    const other = made('other', 2, 'x', { place: { partition: 1, offset: 2 } });
    await index.project(batch([], [10, 3], ...records, other));
    const offsets = async (...range: [number, number, number]): Promise<unknown> =>
      (await index.between(0, ...range)).map(({ place }) => place.offset);
    deepEqual(await offsets(0, 10, 100), [1, 2, 5, 9]);
    deepEqual(await offsets(2, 9, 100), [2, 5]);
    deepEqual(await offsets(0, 10, 3), [1, 2, 5]);
    deepEqual(await index.places([idOf('k5'), idOf('other'), idOf('nobody')]), new Map([
      [idOf('k5'), [{ partition: 0, offset: 5 }]], [idOf('other'), [{ partition: 1, offset: 2 }]],
    ]));
    deepEqual(await index.places([]), new Map());
  });

  story('records and offsets are there together, or neither', async (index) => {
    deepEqual(await index.offsets(), []);
    await index.project(batch([], [4, 2], made('a', 3, 'x')));
    deepEqual(await index.offsets(), [4, 2]);
    for (const from of [[], [4], [4, 1], [3, 2], [4, 2, 0]]) {
      deepEqual(await index.project(batch(from, [9, 9], made('b', 5, 'x'))), { kind: 'overtaken' });
    }
    equal(await index.find(idOf('b')), undefined);
    deepEqual(await index.offsets(), [4, 2]);
    await index.project(batch([4, 2], [6, 2], made('b', 5, 'x')));
    deepEqual([await index.offsets(), (await index.find(idOf('b')))?.place.offset], [[6, 2], 5]);
  });

  story('two that project the same are one that does', async (index) => {
    const work = batch([], [2], made('a', 0, 'x'), made('b', 1, 'x'));
    const answers = await Promise.all([index.project(work), index.project(work)]);
    deepEqual(answers.map(({ kind }) => kind).toSorted(), ['overtaken', 'projected']);
  });

  story('a partition of which nothing is known stays so', async (index) => {
    const reached: number[] = [];
    reached[2] = 5;
    await index.project(batch([], reached, made('a', 4, 'x', { place: { partition: 2, offset: 4 } })));
    const offsets = await index.offsets();
    deepEqual([offsets[0], offsets[1], offsets[2], offsets.length], [undefined, undefined, 5, 3]);
    equal((await index.project(batch(offsets, offsets))).kind, 'projected');
  });

  story('who is closed says so, and that it may be asked again', async (index) => {
    await index.close();
    await rejects(index.find(idOf('a')), DecisionIndexUnavailable);
    await rejects(index.project(batch([], [])), DecisionIndexUnavailable);
  });
}

function copying(story: Story): void {
  story('the first record of a key holds, in one batch and in the next', async (index) => {
    const kind = Buffer.from('decision');
    const again = (offset: number): IndexedRecord =>
      made('k', offset, 'first', { headers: { request: Buffer.from(`${offset}`), kind } });
    const counts = async (of: IndexBatch): Promise<unknown> => {
      const { kind: _, ...rest } = { differing: 0, ...await index.project(of) };
      return rest;
    };
    const none = { added: 0, copies: 0, differing: 0, expired: 0 };
    deepEqual(await counts(batch([], [2], again(0), again(1))), { ...none, added: 1, copies: 1 });
    deepEqual(await counts(batch([2], [3], again(2))), { ...none, copies: 1 });
    deepEqual(await index.differences(10), { count: 0, examples: [] });
    deepEqual(await counts(batch([3], [4], made('k', 3, 'second'))), { ...none, copies: 1, differing: 1 });
    const more = { headers: { kind: Buffer.from('event'), facts: Buffer.from('{}') } };
    deepEqual(await counts(batch([4], [6], made('k', 4, 'first', more), made('k', 5, 'first'))),
      { ...none, copies: 2, differing: 1 });
    deepEqual(plain(await index.find(idOf('k'))), plain(again(0)));
    const first = { partition: 0, offset: 0 };
    const found = (offset: number, ...parts: string[]): unknown =>
      ({ id: idOf('k'), first, copy: { partition: 0, offset }, parts });
    const told = { count: 2, examples: [found(3, 'answer'), found(4, 'facts', 'kind')] };
    deepEqual(await index.differences(10), told);
    deepEqual((await index.differences(1)).examples, [found(3, 'answer')]);
  });

  story('differences beyond those that are kept are counted', async (index) => {
    const count = DIFFERENCES_KEPT_MAX + 3;
    const copies = Array.from({ length: count }, (_, i) => made('k', i + 1, `${i}`));
    await index.project(batch([], [2], made('k', 0, 'x'), copies[0]!));
    await index.project(batch([2], [count + 1], ...copies.slice(1)));
    const { count: told, examples } = await index.differences(500);
    deepEqual([told, examples.length, examples.at(-1)?.copy.offset], [count, 500, 500]);
  });
}

function forgetting(story: Story): void {
  const at = (...date: [number, number, number]): { writtenAtMs: number } =>
    ({ writtenAtMs: Date.UTC(...date) });

  story('months before a time go, and none of it comes back', async (index) => {
    const november = made('a', 0, 'x', at(2025, 10, 30));
    const january = made('b', 1, 'x', at(2026, 0, 31));
    const february = made('c', 2, 'x', at(2026, 1, 1));
    await index.project(batch([], [3], november, january, february));
    equal(await index.keptFromMs(), 0);
    const keptFromMs = await index.expire(Date.UTC(2026, 1, 1));
    deepEqual([keptFromMs, await index.keptFromMs()], [Date.UTC(2026, 1, 1), Date.UTC(2026, 1, 1)]);
    const ids = [november, january, february].map(({ id }) => id);
    deepEqual([...(await index.places(ids)).keys()], [february.id]);
    equal(await index.expire(Date.UTC(2025, 0, 1)), keptFromMs, 'what is gone stays gone');
    const late = made('d', 3, 'x', at(2025, 11, 24));
    deepEqual(await index.project(batch([3], [5], late, made('e', 4, 'x', at(2026, 2, 3)))),
      { kind: 'projected', added: 1, copies: 0, differing: 0, expired: 1 });
    equal(await index.find(late.id), undefined);
  });

  story('a copy in another month is a copy', async (index) => {
    const first = made('k', 0, 'x', at(2026, 0, 31));
    await index.project(batch([], [2], first, made('k', 1, 'x', at(2026, 1, 1))));
    deepEqual(await index.project(batch([2], [3], made('k', 2, 'x', at(2026, 5, 1)))),
      { kind: 'projected', added: 0, copies: 1, differing: 0, expired: 0 });
    deepEqual(await index.places([first.id]), new Map([[first.id, [first.place]]]));
  });

  story('a record without a time, or with one of a wrong clock, is kept and found', async (index) => {
    const records = [-1, 0, 1e15].map((writtenAtMs, i) => made(`k${i}`, i, 'x', { writtenAtMs }));
    await index.project(batch([], [3], ...records));
    for (const { id, place } of records) deepEqual((await index.find(id))?.place, place);
  });
}

function generated(story: Story): void {
  story('as the one in memory, whatever comes in whatever batches', async (index) => {
    const random = new SeededRandom(7);
    const oracle = new MemoryDecisionIndex();
    let offsets: readonly number[] = [];
    for (let round = 0; round < scaled(40); round++) {
      const reached = [0, 1, 2].map((partition) => offsets[partition] ?? 0);
      const records = Array.from({ length: random.between(0, 12) }, () => {
        const partition = random.between(0, 2);
        const offset = reached[partition]! + random.between(0, 1);
        reached[partition] = offset + 1;
        const answer = random.chance(0.1) ? 'other' : 'x';
        const writtenAtMs = NOW_MS + round * 86_400_000;
        const key = `k${partition}-${random.between(0, 40)}`;
        return made(key, offset, answer, { place: { partition, offset }, writtenAtMs });
      });
      const from = random.chance(0.1) ? [1_000_000] : offsets;
      const [got, expected] = [
        await index.project(batch(from, reached, ...records)),
        await oracle.project(batch(from, reached, ...records)),
      ];
      deepEqual(got, expected, `round ${round}`);
      offsets = await index.offsets();
      deepEqual(offsets, await oracle.offsets());
      for (const { id } of records) deepEqual(plain(await index.find(id)), plain(await oracle.find(id)));
    }
    deepEqual(await index.differences(500), await oracle.differences(500));
    for (const partition of [0, 1, 2]) {
      const [got, expected] = [
        await index.between(partition, 0, 10_000, 500), await oracle.between(partition, 0, 10_000, 500),
      ];
      deepEqual(got.map(plain), expected.map(plain));
    }
  });
}
