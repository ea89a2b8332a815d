import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryDecisionIndex } from '#adapters/memory/decision-index.ts';
import { entryId } from '#fleet/identity.ts';
import type { IndexedRecord } from '#ports/decision-index.ts';
import type { Topic, TopicPlace } from '#ports/topic.ts';
import { reconcile, type Reconciliation } from '#projections/reconcile.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { scaled } from '../test-scale.ts';
import { folded, newTopic, NOW_MS, projected, write } from './projection-world.ts';

/** An index in which somebody has had his hands. */
class TouchedIndex extends MemoryDecisionIndex {
  readonly #changed = new Map<string, IndexedRecord | undefined>();
  readonly #added: IndexedRecord[] = [];

  change(id: string, to: IndexedRecord | undefined): void {
    this.#changed.set(id, to);
  }

  add(record: IndexedRecord): void {
    this.#added.push(record);
  }

  override async find(id: string): Promise<IndexedRecord | undefined> {
    return this.#changed.has(id) ? this.#changed.get(id) : super.find(id);
  }

  override async between(
    ...[partition, from, before, limit]: Parameters<MemoryDecisionIndex['between']>
  ): Promise<readonly IndexedRecord[]> {
    const plain = await super.between(partition, 0, 1e9, 1e9);
    const all = [...plain.flatMap((record) =>
      (this.#changed.has(record.id) ? this.#changed.get(record.id) ?? [] : record)), ...this.#added];
    return all
      .filter(({ place }) => place.partition === partition && place.offset >= from && place.offset < before)
      .toSorted((one, other) => one.place.offset - other.place.offset).slice(0, limit);
  }

  override async places(ids: readonly string[]): Promise<ReadonlyMap<string, readonly TopicPlace[]>> {
    const places = new Map(await super.places(ids));
    for (const [id, to] of this.#changed) {
      if (!ids.includes(id)) continue;
      if (to === undefined) places.delete(id);
      else places.set(id, [to.place]);
    }
    for (const { id, place } of this.#added) places.set(id, [...places.get(id) ?? [], place]);
    return places;
  }
}

const told = ({ counts, examples }: Reconciliation): unknown => [
  counts, examples.map(({ kind, place, what }) => [kind, place.partition, place.offset, what]),
];

async function sampleWorld(seed: number, count = 60): Promise<{
  topic: Topic; index: TouchedIndex; firsts: readonly IndexedRecord[]; random: SeededRandom;
}> {
  const [topic, index, random] = [newTopic(), new TouchedIndex(), new SeededRandom(seed)];
  await write(topic, random, count);
  await projected(topic, index);
  return { topic, index, random, firsts: [...(await folded(topic)).firsts.values()] };
}

describe('the topic and its index', () => {
  test('are one, save for the copies that differ', async () => {
    for (let seed = 1; seed <= scaled(10); seed++) {
      const { topic, index, firsts } = await sampleWorld(seed, seed * 90);
      const { differences } = await folded(topic);
      const found = await reconcile({ topic, index });
      equal(found.records, seed * 90);
      equal(found.copies, seed * 90 - firsts.length);
      const count = differences.length;
      deepEqual(found.counts, count === 0 ? {} : { copy_differs: count }, `seed ${seed}`);
    }
  });

  test('one changed byte and one lost row are found, wherever they are', async () => {
    for (let seed = 1; seed <= scaled(40); seed++) {
      const { topic, index, firsts, random } = await sampleWorld(seed);
      const picked = [random.between(0, 19), random.between(20, firsts.length - 1)];
      const [one, two] = picked.map((i) => firsts[i]!);
      const flipped = Buffer.from(one!.value);
      flipped[random.between(0, flipped.length - 1)]! ^= 1 << random.between(0, 7);
      index.change(one!.id, { ...one!, value: flipped });
      index.change(two!.id, undefined);
      let lost = 0;
      for await (const { key } of topic.read([])) lost += key === two!.key ? 1 : 0;
      const { counts: { copy_differs: _, ...counts }, examples } = await reconcile({ topic, index });
      deepEqual(counts, { different: 1, missing: lost }, `seed ${seed}`);
      const placeOf = (wanted: string): unknown => examples.find(({ kind }) => kind === wanted)?.place;
      deepEqual([placeOf('different'), placeOf('missing')], [one!.place, two!.place], `seed ${seed}`);
    }
  });

  const makeRecord = (key: string, partition: number, offset: number): IndexedRecord => ({
    id: entryId(key), key, value: Buffer.from('x'), headers: {}, place: { partition, offset },
    writtenAtMs: NOW_MS,
  });

  test('a row of nothing, a row twice, a row of a later copy', async () => {
    const [topic, index] = [newTopic(), new TouchedIndex()];
    const { partition } = await topic.append({ key: 'k', value: Buffer.from('x'), headers: {} });
    for (let i = 0; i < 2; i++) await topic.append({ key: 'k', value: Buffer.from('x'), headers: {} });
    await projected(topic, index);
    index.add(makeRecord('k', partition, 2));
    deepEqual(told(await reconcile({ topic, index })),
      [{ extra: 1 }, [['extra', partition, 2, 'its key is in the index already']]]);
    const other = new TouchedIndex();
    await projected(topic, other);
    other.change(entryId('k'), makeRecord('k', partition, 1));
    deepEqual(told(await reconcile({ topic, index: other })),
      [{ not_first: 1 }, [['not_first', partition, 0, `the index has ${partition}:1`]]]);
    const third = new TouchedIndex();
    await projected(topic, third);
    third.add(makeRecord('nobody', partition, 3));
    const before = [10, 10, 10];
    deepEqual(told(await reconcile({ topic, index: third, before })),
      [{ extra: 1 }, [['extra', partition, 3, 'the topic has nothing there']]]);
  });

  test('a range is a range, and what is expired is not missing', async () => {
    const { topic, index } = await sampleWorld(3, 300);
    const ends = await topic.ends();
    const from = ends.map((end) => Math.floor(end / 3));
    const before = ends.map((end) => Math.floor(end / 2));
    const wanted = before.reduce((sum, end, i) => sum + end - from[i]!, 0);
    equal((await reconcile({ topic, index, from, before })).records, wanted);
    await index.expire(NOW_MS + 1);
    const { records, expired, counts } = await reconcile({ topic, index });
    deepEqual([records, expired, counts], [300, 300, {}]);
  });
});
