import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryDecisionIndex } from '#adapters/memory/decision-index.ts';
import type { DecisionIndex } from '#ports/decision-index.ts';
import { TopicUnavailable } from '#ports/topic.ts';
import { Projector, type ProjectorParts } from '#projections/projector.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { scaled } from '../test-scale.ts';
import { clock, FaultyIndex, isAsFolded, newTopic, NOW_MS, write } from './projection-world.ts';

type Started = Pick<ProjectorParts, 'topic' | 'index'> & Partial<ProjectorParts>;

/** A projector that runs until it is ended. */
function started(parts: Started): { projector: Projector; end: () => Promise<void> } {
  const projector = new Projector({ clock, ...parts });
  const stopping = new AbortController();
  const running = projector.run(stopping.signal);
  return {
    projector,
    end: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function untilDone({ projector, end }: ReturnType<typeof started>): Promise<void> {
  while (await projector.lag() > 0) await clock.sleep();
  await end();
}

describe('the projector', () => {
  test('ended at any point and started again, over a database that fails, it makes one index', async () => {
    for (let seed = 1; seed <= scaled(60); seed++) {
      const random = new SeededRandom(seed);
      const topic = newTopic();
      const index = new FaultyIndex(random, random.chance(0.3) ? 0 : 0.25);
      const bounds = { recordsMax: random.between(1, 20), bytesMax: random.between(100, 4_000) };
      for (let life = 0; life < 6; life++) {
        await write(topic, random, random.between(0, 30));
        const running = started({ topic, index, bounds });
        for (let turns = random.between(0, 12); turns > 0; turns--) await clock.sleep();
        await running.end();
      }
      await untilDone(started({ topic, index, bounds }));
      await isAsFolded(index, topic, `seed ${seed}`);
    }
  });

  test('two at once are as good as one', async () => {
    for (let seed = 1; seed <= scaled(20); seed++) {
      const random = new SeededRandom(seed);
      const [topic, index] = [newTopic(), new FaultyIndex(random, 0.05)];
      const both = [1, 2].map(() => started({ topic, index, bounds: { recordsMax: 7 } }));
      await write(topic, random, 100);
      await Promise.all(both.map(untilDone));
      await isAsFolded(index, topic, `seed ${seed}`);
    }
  });

  test('what comes while it runs is projected, and its lag is what is not there yet', async () => {
    const [topic, index] = [newTopic(), new MemoryDecisionIndex()];
    const random = new SeededRandom(1);
    await write(topic, random, 20);
    equal(await new Projector({ topic, index, clock }).lag(), 20);
    const running = started({ topic, index });
    while (await running.projector.lag() > 0) await clock.sleep();
    await write(topic, random, 5);
    await untilDone(running);
    await isAsFolded(index, topic, 'after both');
  });

  test('batches keep to their bounds in records and bytes; a larger record is alone', async () => {
    const topic = newTopic();
    for (const [i, size] of [10, 10, 10, 5_000, 10, 600, 600].entries()) {
      await topic.append({ key: `k${i}`, value: Buffer.alloc(size), headers: {} });
    }
    class Counting extends MemoryDecisionIndex {
      readonly sizes: (readonly number[])[] = [];
      override project(batch: Parameters<DecisionIndex['project']>[0]): ReturnType<DecisionIndex['project']> {
        this.sizes.push(batch.records.map(({ value }) => value.length));
        return super.project(batch);
      }
    }
    const index = new Counting();
    // The wait never ends: only the bounds do.
    const still = { now: clock.now, sleep: () => new Promise<void>(() => {}) };
    const running = started({ topic, index, clock: still, bounds: { recordsMax: 2, bytesMax: 1_000 } });
    while (index.sizes.flat().length < 6) await clock.sleep();
    await running.end();
    for (const sizes of index.sizes) {
      ok(sizes.length <= 2 && (sizes.length === 1 || sizes.reduce((a, b) => a + b) <= 1_000), sizes.join());
    }
    ok(index.sizes.some((sizes) => sizes.length === 2));
  });

  test('it waits longer each time for a database that is away, and says so once', async () => {
    const [topic, index] = [newTopic(), new FaultyIndex(new SeededRandom(1), 1)];
    const waits: number[] = [];
    const told: string[] = [];
    const counting = {
      now: () => NOW_MS,
      sleep: (ms: number) => {
        waits.push(ms);
        return clock.sleep();
      },
    };
    const running = started({ topic, index, clock: counting, tell: (what) => told.push(what) });
    while (waits.length < 8) await clock.sleep();
    await running.end();
    deepEqual(waits.slice(0, 8), [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    deepEqual(told, ['projection: waits: the connection was lost']);
  });

  test('where the topic has no more what the index lacks, it ends and says so', async () => {
    const [topic, index] = [newTopic(), new MemoryDecisionIndex()];
    await index.project({ from: [], reached: [7, 0, 0], records: [] });
    const projector = new Projector({ topic, index, clock });
    await rejects(projector.run(new AbortController().signal), (why) => {
      ok(why instanceof TopicUnavailable);
      equal(why.code, 'refused');
      return true;
    });
  });

  test('copies that differ are told by number', async () => {
    const [topic, index] = [newTopic(), new MemoryDecisionIndex()];
    for (const text of ['a', 'b', 'a', 'c']) {
      await topic.append({ key: 'k', value: Buffer.from(text), headers: {} });
    }
    const told: string[] = [];
    await untilDone(started({ topic, index, tell: (what) => told.push(what) }));
    deepEqual(told, ['projection: 2 copies differ from the first of their key']);
  });
});
