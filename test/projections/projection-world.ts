/** A topic with copies, some of which differ, and an index that fails as databases do, by one seed. */
import { deepEqual, equal } from 'node:assert/strict';
import { MemoryDecisionIndex } from '#adapters/memory/decision-index.ts';
import { MemoryTopic } from '#adapters/memory/topic.ts';
import { entryId } from '#fleet/identity.ts';
import {
  DecisionIndexUnavailable, differingParts,
  type CopyDifference, type DecisionIndex, type IndexBatch, type IndexedRecord, type Projected,
} from '#ports/decision-index.ts';
import type { Topic } from '#ports/topic.ts';
import { Projector } from '#projections/projector.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';

const PARTITION_COUNT = 3;
export const NOW_MS = Date.UTC(2026, 0, 15, 12);

/** Time passes at once, in turns of the loop. */
export const clock = {
  now: () => NOW_MS, sleep: () => new Promise<void>((resolve) => { setImmediate(resolve); }),
};

export const newTopic = (): MemoryTopic => new MemoryTopic('decisions', PARTITION_COUNT, clock.now);

/** Some records, one in five of a key that may be there already, and of those one in three another answer. */
export async function write(topic: Topic, random: SeededRandom, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const key = `acme\0tx\0p${random.chance(0.2) ? random.between(0, 9) : random.between(10, 1_000_000)}`;
    const answer = random.chance(0.3) ? `{"n":${random.between(0, 2)}}` : `{"key":"${entryId(key)}"}`;
    await topic.append({
      key, value: Buffer.from(answer),
      headers: { kind: Buffer.from('decision'), request: Buffer.from(`${i}`) },
    });
  }
}

/** What the index should say, counted naively: the first of each key, and the copies that differ from it. */
export async function folded(topic: Topic): Promise<{
  readonly firsts: ReadonlyMap<string, IndexedRecord>; readonly differences: readonly CopyDifference[];
}> {
  const firsts = new Map<string, IndexedRecord>();
  const differences: CopyDifference[] = [];
  for await (const record of topic.read([])) {
    const id = entryId(record.key);
    const first = firsts.get(id);
    if (first === undefined) firsts.set(id, { ...record, id });
    else {
      const parts = differingParts(first, record);
      if (parts.length > 0) differences.push({ id, first: first.place, copy: record.place, parts });
    }
  }
  return { firsts, differences };
}

/** Every row of the index, and every difference it tells of, is what the fold says. */
export async function isAsFolded(index: DecisionIndex, topic: Topic, what: string): Promise<void> {
  const { firsts, differences } = await folded(topic);
  const kept: unknown[] = [];
  for (let partition = 0; partition < PARTITION_COUNT; partition++) {
    for (let from = 0; ;) {
      const page = await index.between(partition, from, 1e9, 500);
      kept.push(...page);
      if (page.length === 0) break;
      from = page.at(-1)!.place.offset + 1;
    }
  }
  const byPlace = [...firsts.values()].toSorted((one, other) =>
    one.place.partition - other.place.partition || one.place.offset - other.place.offset);
  deepEqual(kept, byPlace, what);
  const told = await index.differences(500);
  equal(told.count, differences.length, what);
  // Partitions are projected side by side: their order among each other is nobody's.
  const inPlace = (all: typeof differences): unknown => all.toSorted((one, other) =>
    one.copy.partition - other.copy.partition || one.copy.offset - other.copy.offset);
  if (told.count <= 500) deepEqual(inPlace(told.examples), inPlace(differences), what);
}

/** Fails before it has done what is asked, or after: as a connection that is lost in a commit. */
export class FaultyIndex extends MemoryDecisionIndex {
  readonly #random: SeededRandom;
  readonly #faults: number;

  constructor(random: SeededRandom, faults: number) {
    super();
    this.#random = random;
    this.#faults = faults;
  }

  override async project(batch: IndexBatch): Promise<Projected> {
    this.#mayFail();
    await clock.sleep();
    const done = await super.project(batch);
    await clock.sleep();
    this.#mayFail();
    return done;
  }

  override async offsets(): Promise<readonly number[]> {
    this.#mayFail();
    return super.offsets();
  }

  #mayFail(): void {
    if (this.#random.chance(this.#faults)) throw new DecisionIndexUnavailable('the connection was lost');
  }
}

/** All that is in the topic now. */
export async function projected(topic: Topic, index: DecisionIndex): Promise<void> {
  const stopping = new AbortController();
  const projector = new Projector({ topic, index, clock });
  const running = projector.run(stopping.signal);
  while (await projector.lag() > 0) await clock.sleep();
  stopping.abort();
  await running;
}
