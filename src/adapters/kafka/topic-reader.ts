/** Records of a topic from stated offsets on, with no group: who reads keeps its own place. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchV12, listOffsetsV7 } from '@platformatic/kafka';
import { TopicUnavailable, type WrittenRecord } from '#ports/topic.ts';
import type { KafkaClient } from './kafka-client.ts';
import { writtenRecords } from './written-records.ts';
import { troubleOf, troubleOfCode, unavailable, type Trouble } from './trouble.ts';

type FetchResponse = ReturnType<typeof fetchV12.parseResponse>;

export const EARLIEST = -2n;
export const LATEST = -1n;

export interface ReaderOptions {
  /** Of one partition in one answer; a single batch may be larger. */
  readonly partitionBytesMax: number;
  /**
   * Of one answer of one broker. Two of them are held at most: one that is read, and one that is on its way.
   */
  readonly fetchBytesMax: number;
  /** How long a broker waits for a record before it says that there is none. */
  readonly waitMsMax: number;
  readonly retryMs: number;
  /** A broker that had little is asked again so much later; see Following. */
  readonly gatherMs: () => number;
  /** A reading with an end gives up when nothing is heard for so long. */
  readonly silenceMsMax: number;
}

const RETRY_GROWTH_MAX = 20;
/** Who is so far behind does not wait for more. */
const GATHERED_RECORDS_MAX = 256;
const GATHER_LOOK_MS = 5;
const NOBODY: Trouble = { fault: 'unreachable', id: '', text: 'no broker leads it', mayPass: true };

/** Where partitions start or end, asked of those who lead them. Rejects with TopicUnavailable. */
export async function listOffsets(
  client: KafkaClient, topic: string, time: bigint,
): Promise<readonly number[]> {
  const leaders = await client.leaders(topic);
  const offsets = leaders.map(() => 0);
  const nodes = [...new Set(leaders)];
  await Promise.all(nodes.map(async (node) => {
    const partitions = leaders.flatMap((leader, partitionIndex) =>
      (leader === node ? [{ partitionIndex, currentLeaderEpoch: -1, timestamp: time }] : []));
    const { topics } = await client.on(node, (wire) =>
      listOffsetsV7.api.async(wire, -1, 0, [{ name: topic, partitions }]));
    const answers = topics.find(({ name }) => name === topic)?.partitions ?? [];
    for (const { partitionIndex, errorCode, offset } of answers) {
      const trouble = troubleOfCode(errorCode);
      if (trouble !== undefined) throw unavailable(trouble, `topic ${topic}, partition ${partitionIndex}`);
      offsets[partitionIndex] = Number(offset);
    }
  }));
  return offsets;
}

interface Fetched {
  readonly node: number;
  readonly answer: FetchResponse | Trouble;
}

/** Reads the partitions it is given, the next answer of each broker on its way while the last one is read. */
export class TopicReader {
  readonly #client: KafkaClient;
  readonly #topic: string;
  readonly #options: ReaderOptions;
  readonly #offsets: Map<number, number>;
  readonly #until: ReadonlyMap<number, number> | undefined;
  readonly #signal: AbortSignal;
  /** Brokers that were asked and whose answer is not read yet. */
  readonly #asked = new Set<number>();
  /** When each had little to say. */
  readonly #littleAtMs = new Map<number, number>();
  readonly #arrived: Fetched[] = [];
  #wake: () => void = () => {};
  #leaders: readonly number[] | undefined;
  #pauseMs: number;
  #heardAtMs = performance.now();

  /** `until`: where to stop; without it, only the signal ends it. */
  constructor(
    client: KafkaClient, topic: string, options: ReaderOptions, from: ReadonlyMap<number, number>,
    until: ReadonlyMap<number, number> | undefined, signal: AbortSignal,
  ) {
    this.#client = client;
    this.#topic = topic;
    this.#options = options;
    this.#offsets = new Map(from);
    this.#until = until;
    this.#signal = signal;
    this.#pauseMs = options.retryMs;
  }

  /** Rejects with TopicUnavailable where no retry helps, and, with an end, when nothing is heard for long. */
  async *records(): AsyncIterable<WrittenRecord> {
    const wake = (): void => { this.#wake(); };
    this.#signal.addEventListener('abort', wake);
    try {
      while (!this.#signal.aborted && this.#wanted().length > 0) {
        await this.#ask();
        const fetched = this.#arrived.shift();
        if (fetched !== undefined) {
          this.#asked.delete(fetched.node);
          yield* this.#taken(fetched);
        } else if (this.#asked.size > 0) await this.#next();
        else await this.#troubled(NOBODY, `topic ${this.#topic}`);
      }
    } finally {
      this.#signal.removeEventListener('abort', wake);
    }
  }

  /** Partitions that are not read to their end. */
  #wanted(): readonly number[] {
    const until = this.#until;
    return [...this.#offsets.keys()].filter((partition) =>
      until === undefined || this.#offsets.get(partition)! < (until.get(partition) ?? 0));
  }

  async #next(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#arrived.length > 0 || this.#signal.aborted) resolve();
    });
  }

  async #ask(): Promise<void> {
    if (this.#leaders === undefined) await this.#learn();
    const byNode = new Map<number, number[]>();
    for (const partition of this.#wanted()) {
      const node = this.#leaders?.[partition] ?? -1;
      if (node >= 0 && !this.#asked.has(node)) byNode.set(node, [...byNode.get(node) ?? [], partition]);
    }
    for (const [node, partitions] of byNode) {
      this.#asked.add(node);
      void this.#fetch(node, partitions).then((fetched) => {
        this.#arrived.push(fetched);
        this.#wake();
      });
    }
  }

  async #fetch(node: number, partitions: readonly number[]): Promise<Fetched> {
    const { partitionBytesMax, fetchBytesMax, waitMsMax } = this.#options;
    await this.#gather(node);
    if (this.#signal.aborted) return { node, answer: NOBODY };
    const asked = partitions.map((partition) => ({
      partition, currentLeaderEpoch: -1, fetchOffset: BigInt(this.#offsets.get(partition)!),
      lastFetchedEpoch: -1, partitionMaxBytes: partitionBytesMax,
    }));
    try {
      const topics = [{ topicId: this.#topic, partitions: asked }];
      const answer = await this.#client.on(node, (wire) =>
        fetchV12.api.async(wire, waitMsMax, 1, fetchBytesMax, 0, 0, -1, topics, [], ''));
      return { node, answer };
    } catch (error) {
      return { node, answer: troubleOf(error) };
    }
  }

  async #gather(node: number): Promise<void> {
    const fromMs = this.#littleAtMs.get(node) ?? -Infinity;
    for (;;) {
      const waitMs = fromMs + this.#options.gatherMs() - performance.now();
      if (!(waitMs > 0) || this.#signal.aborted) return;
      await sleep(Math.min(waitMs, GATHER_LOOK_MS), undefined, { signal: this.#signal }).catch(() => {});
    }
  }

  async *#taken({ node, answer }: Fetched): AsyncIterable<WrittenRecord> {
    if ('mayPass' in answer) {
      await this.#troubled(answer, `broker ${node}`);
      return;
    }
    const found = answer.responses.find(({ topicId }) => topicId === this.#topic)?.partitions ?? [];
    const parts: (readonly WrittenRecord[])[] = [];
    let trouble = troubleOfCode(answer.errorCode);
    for (const { partitionIndex, errorCode, records } of found) {
      trouble ??= this.#checked(partitionIndex, errorCode);
      const from = this.#offsets.get(partitionIndex);
      if (from === undefined || records === null || records === undefined) continue;
      const before = this.#until?.get(partitionIndex);
      const { next, written } = writtenRecords(partitionIndex, records, from, before);
      this.#offsets.set(partitionIndex, next);
      parts.push(written);
    }
    if (trouble === undefined) {
      this.#pauseMs = this.#options.retryMs;
      this.#heardAtMs = performance.now();
      const count = parts.reduce((sum, { length }) => sum + length, 0);
      if (count < GATHERED_RECORDS_MAX) this.#littleAtMs.set(node, this.#heardAtMs);
      else this.#littleAtMs.delete(node);
      // The next answer comes while this one is read.
      await this.#ask();
    }
    for (const part of parts) {
      for (const record of part) {
        if (this.#signal.aborted) return;
        yield record;
      }
    }
    if (trouble !== undefined) await this.#troubled(trouble, `topic ${this.#topic}`);
  }

  #checked(partition: number, code: number): Trouble | undefined {
    const trouble = troubleOfCode(code);
    if (trouble?.mayPass !== false) return trouble;
    const at = `partition ${partition}, offset ${this.#offsets.get(partition)}`;
    throw unavailable(trouble, `topic ${this.#topic}, ${at}`);
  }

  /** Waits, and looks again who leads what. */
  async #troubled(trouble: Trouble, what: string): Promise<void> {
    if (this.#signal.aborted) return;
    const isTooLong = this.#until !== undefined
      && performance.now() - this.#heardAtMs > this.#options.silenceMsMax;
    if (!trouble.mayPass || isTooLong) throw unavailable(trouble, what);
    await sleep(this.#pauseMs, undefined, { signal: this.#signal }).catch(() => {});
    this.#pauseMs = Math.min(this.#pauseMs * 2, this.#options.retryMs * RETRY_GROWTH_MAX);
    this.#leaders = undefined;
  }

  async #learn(): Promise<void> {
    try {
      this.#leaders = await this.#client.leaders(this.#topic);
    } catch (error) {
      await this.#troubled(troubleOf(error), `topic ${this.#topic}`);
    }
  }
}

/** Where to read from, for each partition; throws where nothing stands or can stand. */
export function mustBeThere(
  topic: string, from: readonly number[], starts: readonly number[], ends: readonly number[],
): ReadonlyMap<number, number> {
  return new Map(ends.map((end, partition) => {
    const start = starts[partition] ?? 0;
    const offset = from[partition] ?? start;
    if (offset >= start && offset <= end) return [partition, offset];
    throw new TopicUnavailable('refused', `topic ${topic}, partition ${partition}: `
      + `offset ${offset} was asked for, and it holds ${start} to ${end}`);
  }));
}
