/** The contract of the port TopicGroup: stories that every adapter passes. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClaimedRecord, PartitionClaim, TopicGroup } from '#ports/topic-group.ts';
import type { Topic, TopicPlace } from '#ports/topic.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { scaled } from '../test-scale.ts';

export interface GroupWorld {
  readonly make: (partitionCount: number) => Promise<Topic>;
  /** A member of the one group of that topic. */
  readonly member: (topic: Topic, name: string) => TopicGroup;
}

const PARTITIONS = 4;
const WAIT_MS_MAX = 30_000;

async function write(topic: Topic, count: number): Promise<readonly TopicPlace[]> {
  return Promise.all(Array.from({ length: count }, (_, index) =>
    topic.append({ key: `key_${index}`, value: Buffer.from(`${index}`), headers: {} })));
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const startedAt = performance.now(); !isSo();) {
    ok(performance.now() - startedAt < WAIT_MS_MAX, what);
    await sleep(5);
  }
}

const placed = ({ place }: { readonly place: TopicPlace }): string => `${place.partition}:${place.offset}`;

/** A process that takes what it is given, and committed it unless it is told otherwise. */
class Worker {
  readonly member: TopicGroup;
  readonly seen: ClaimedRecord[] = [];
  readonly #stop = new AbortController();
  readonly #work: (claimed: ClaimedRecord) => Promise<unknown>;
  /** With what went wrong, if anything did. */
  readonly ended: Promise<unknown>;
  failure: Error | undefined;

  constructor(member: TopicGroup, work?: (claimed: ClaimedRecord) => Promise<unknown>) {
    this.member = member;
    this.#work = work ?? (({ record, claim }) => claim.commit(record.place.offset + 1));
    this.ended = this.#run().then(() => undefined, (error: unknown) => {
      this.failure = error instanceof Error ? error : new Error('no error was thrown');
      return error;
    });
  }

  /** Offsets that it was given, by partition. */
  offsets(partition: number): readonly number[] {
    return this.seen.map(({ record }) => record.place)
      .filter((place) => place.partition === partition).map(({ offset }) => offset);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.ended;
    await this.member.close();
  }

  async #run(): Promise<void> {
    for await (const claimed of this.member.consume(this.#stop.signal)) {
      this.seen.push(claimed);
      await this.#work(claimed);
    }
  }
}

type Tell = (topic: Topic, world: GroupWorld, start: Start) => Promise<void>;
type Start = (name: string, work?: (claimed: ClaimedRecord) => Promise<unknown>) => Worker;

export function topicGroupContract(name: string, world: () => GroupWorld): void {
  const story = (what: string, tell: Tell): void => {
    test(`${name}: ${what}`, async () => {
      const topic = await world().make(PARTITIONS);
      const workers: Worker[] = [];
      const start: Start = (member, work) => {
        const worker = new Worker(world().member(topic, member), work);
        workers.push(worker);
        return worker;
      };
      try {
        await tell(topic, world(), start);
      } finally {
        await Promise.all(workers.map((worker) => worker.stop()));
        await topic.close();
      }
    });
  };
  alone(story);
  elsewhere(story);
  together(story);
  generated(story);
}

type Story = (what: string, tell: Tell) => void;

function alone(story: Story): void {
  story('one member gets all, each partition in its order, and then what comes', async (topic, _, start) => {
    const first = await write(topic, 40);
    const worker = start('a');
    await until('all of the first', () => worker.seen.length >= 40);
    const places = [...first, ...await write(topic, 40)];
    await until('all of the second', () => worker.seen.length >= 80);
    deepEqual(worker.seen.map(({ record }) => placed(record)).sort(),
      places.map((place) => placed({ place })).sort());
    for (let partition = 0; partition < PARTITIONS; partition++) {
      deepEqual(worker.offsets(partition), [...worker.offsets(partition).keys()]);
    }
  });

  story('what is committed does not come again, and what is not does', async (topic, _, start) => {
    await write(topic, 60);
    const half = (await topic.ends()).map((end) => Math.floor(end / 2));
    const first = start('a', async ({ record, claim }) => {
      const { partition, offset } = record.place;
      if (offset < half[partition]!) equal(await claim.commit(offset + 1), true);
    });
    await until('all', () => first.seen.length >= 60);
    await first.stop();
    const second = start('a');
    deepEqual(await second.member.committed(), half);
    await until('the rest', () => second.seen.length >= 60 - half.reduce((sum, one) => sum + one, 0));
    await sleep(50);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      deepEqual(second.offsets(partition), first.offsets(partition).slice(half[partition]));
    }
  });

  story('a member that leaves its loop holds no claim', async (topic, { member }) => {
    await write(topic, 4);
    const one = member(topic, 'a');
    let claim: PartitionClaim | undefined;
    for await (const claimed of one.consume(new AbortController().signal)) {
      claim = claimed.claim;
      break;
    }
    equal(claim?.lost.aborted, true);
    equal(await claim?.commit(1), false);
    await one.close();
  });
}

function elsewhere(story: Story): void {
  story('what is committed where nothing can stand is refused, not moved', async (topic, _, start) => {
    await write(topic, 8);
    const first = start('a', ({ record, claim }) => claim.commit(record.place.offset + 1_000));
    await until('one', () => first.seen.length > 0);
    await first.stop();
    const second = start('a');
    await rejects(async () => { throw await second.ended; }, { code: 'refused', message: /was asked for/ });
  });
}

function together(story: Story): void {
  story('two members share the partitions, and each record goes to one', async (topic, _, start) => {
    const [one, two] = [start('a'), start('b')];
    const owners = (worker: Worker, from: number): ReadonlySet<number> =>
      new Set(worker.seen.slice(from).map(({ claim }) => claim.partition));
    await until('both have some', () => {
      void write(topic, 8);
      return one.seen.length > 0 && two.seen.length > 0;
    });
    await sleep(200);
    const [before, also] = [one.seen.length, two.seen.length];
    await write(topic, 80);
    await until('all of it', () => one.seen.length - before + two.seen.length - also >= 80);
    equal(owners(one, before).size, 2);
    equal(owners(two, also).size, 2);
    deepEqual(owners(one, before).intersection(owners(two, also)), new Set());
  });

  story('who is gone is followed by another, behind what was committed', async (topic, _, start) => {
    await write(topic, 40);
    const one = start('a');
    await until('all', () => one.seen.length >= 40);
    await one.stop();
    const two = start('b');
    const places = await write(topic, 40);
    await until('the rest', () => two.seen.length >= 40);
    deepEqual(two.seen.map(({ record }) => placed(record)).sort(),
      places.map((place) => placed({ place })).sort());
  });

  story('a partition that went to another cannot be committed any more', async (topic, _, start) => {
    await write(topic, 40);
    let release = (): void => {};
    const held = new Promise<void>((resolve) => { release = resolve; });
    const committed: boolean[] = [];
    // It hangs at its first record, until another has taken over.
    const one = start('a', async ({ record, claim }) => {
      if (one.seen.length > 1) return;
      await held;
      committed.push(await claim.commit(record.place.offset + 1));
    });
    await until('one', () => one.seen.length > 0);
    const [first] = one.seen;
    const two = start('b');
    await until('lost', () => first!.claim.lost.aborted);
    await until('the other has some', () => two.seen.length > 0);
    release();
    await until('it was tried', () => committed.length > 0);
    deepEqual(committed, [false]);
  });

  story('another of the same name takes the place of the first, which is told', async (topic, _, start) => {
    await write(topic, 8);
    const former = start('a', async () => {});
    await until('all', () => former.seen.length >= 8);
    const latter = start('a');
    await until('all', () => latter.seen.length >= 8);
    await rejects(async () => { throw await former.ended; }, { code: 'refused', message: /as a/ });
    equal(former.seen[0]!.claim.lost.aborted, true);
  });
}

function generated(story: Story): void {
  story('whoever comes and goes, nothing is left out, and no commit goes back', async (topic, _, start) => {
    const random = new SeededRandom(99);
    const committed = Array.from({ length: PARTITIONS }, () => 0);
    const done = new Set<string>();
    const work = async ({ record, claim }: ClaimedRecord): Promise<void> => {
      const { partition, offset } = record.place;
      ok(offset >= committed[partition]!, `${partition}:${offset} was committed as done`);
      ok(offset === 0 || done.has(`${partition}:${offset - 1}`), `${partition}:${offset} comes in its order`);
      done.add(placed(record));
      if (random.chance(0.5) && await claim.commit(offset + 1)) {
        ok(offset + 1 > committed[partition]!);
        committed[partition] = offset + 1;
      }
    };
    const workers = new Map<string, Worker>();
    const all: Worker[] = [];
    let written = 0;
    for (let round = 0; round < scaled(5); round++) {
      const name = random.pick(['a', 'b', 'c']);
      const present = workers.get(name);
      if (present === undefined) {
        workers.set(name, start(name, work));
        all.push(workers.get(name)!);
      } else {
        await present.stop();
        workers.delete(name);
      }
      const count = random.between(1, 30);
      await write(topic, count);
      written += count;
      await sleep(random.between(0, 100));
    }
    all.push(start('z', work));
    await until('all', () => {
      for (const { failure } of all) if (failure !== undefined) throw failure;
      return done.size === written;
    });
  });
}
