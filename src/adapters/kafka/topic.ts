/** A topic of Kafka. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '#domain/limits.ts';
import {
  TopicUnavailable, type Following, type Topic, type TopicPlace, type TopicRecord, type WrittenRecord,
} from '#ports/topic.ts';
import { askedOfKafka, KafkaClient, type KafkaConnection } from './kafka-client.ts';
import { producerWire } from './producer-wire.ts';
import {
  EARLIEST, LATEST, listOffsets, mustBeThere, TopicReader, type ReaderOptions,
} from './topic-reader.ts';
import { TopicWriter, type WriterOptions } from './topic-writer.ts';
import { troubleOf, unavailable } from './trouble.ts';

export interface KafkaTopicOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** What the fleet agreed upon; another number in Kafka is refused, for keys would stand elsewhere. */
  readonly partitionCount?: number;
  /** Until it is ready; default 10,000. */
  readonly openMsMax?: number;
  /** Of one append, from the call to its end; default 5,000. */
  readonly appendMsMax?: number;
  readonly queueRecordsMax?: number;
  readonly queueBytesMax?: number;
  /** Of one answer of one broker to a reader; default 4 MiB. */
  readonly fetchBytesMax?: number;
}

const OPEN_MS_MAX = 10_000;
const APPEND_MS_MAX = 5_000;
const RETRY_MS = 25;
const FETCH_BYTES_MAX = 4_194_304;
const FETCH_WAIT_MS_MAX = 500;
const AT_ONCE = (): number => 0;

export class KafkaTopic implements Topic {
  readonly name: string;
  readonly partitionCount: number;
  readonly #connection: KafkaConnection;
  readonly #client: KafkaClient;
  readonly #writer: TopicWriter;
  readonly #reading: Omit<ReaderOptions, 'gatherMs'>;
  readonly #closing = new AbortController();

  private constructor(
    { connection, topic, fetchBytesMax = FETCH_BYTES_MAX }: KafkaTopicOptions,
    client: KafkaClient, writer: TopicWriter,
  ) {
    this.name = topic;
    this.#connection = connection;
    this.#client = client;
    this.#writer = writer;
    this.partitionCount = writer.partitionCount;
    this.#reading = {
      fetchBytesMax, partitionBytesMax: fetchBytesMax, waitMsMax: FETCH_WAIT_MS_MAX, retryMs: RETRY_MS,
      silenceMsMax: client.requestMsMax * 2,
    };
  }

  /**
   * Ready to append at once: it knows who leads, has connections to them, and a producer id. Rejects with
   * TopicUnavailable: at once where no retry helps (a wrong password, a certificate that is not trusted),
   * else when its time is up.
   */
  static async open(options: KafkaTopicOptions): Promise<KafkaTopic> {
    const { connection, topic, openMsMax = OPEN_MS_MAX } = options;
    const client = new KafkaClient(connection);
    const startedAtMs = performance.now();
    try {
      for (;;) {
        try {
          return await KafkaTopic.#warm(options, client);
        } catch (error) {
          const trouble = troubleOf(error);
          const isOver = performance.now() - startedAtMs + RETRY_MS > openMsMax;
          if (!trouble.mayPass || isOver) throw unavailable(trouble, `topic ${topic} cannot be opened`);
          await sleep(RETRY_MS * 4);
        }
      }
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  static async #warm(options: KafkaTopicOptions, client: KafkaClient): Promise<KafkaTopic> {
    const { topic, partitionCount } = options;
    const writing: WriterOptions = {
      appendMsMax: options.appendMsMax ?? APPEND_MS_MAX,
      retryMs: RETRY_MS,
      queueRecordsMax: options.queueRecordsMax ?? LIMITS.topicQueueRecordsMax,
      queueBytesMax: options.queueBytesMax ?? LIMITS.topicQueueBytesMax,
      now: Date.now,
    };
    const writer = await TopicWriter.open(topic, producerWire(client, topic), writing);
    if (partitionCount !== undefined && writer.partitionCount !== partitionCount) {
      throw new TopicUnavailable('refused', `it has ${writer.partitionCount} partitions instead of `
        + `${partitionCount}: make a topic with ${partitionCount}, for keys have their place by that number`);
    }
    await listOffsets(client, topic, LATEST);
    return new KafkaTopic(options, client, writer);
  }

  append(record: TopicRecord): Promise<TopicPlace> {
    return this.#writer.append(record);
  }

  starts(): Promise<readonly number[]> {
    return askedOfKafka(`topic ${this.name}`, listOffsets(this.#client, this.name, EARLIEST));
  }

  ends(): Promise<readonly number[]> {
    return askedOfKafka(`topic ${this.name}`, listOffsets(this.#client, this.name, LATEST));
  }

  async *read(from: readonly number[]): AsyncIterable<WrittenRecord> {
    const [starts, ends] = await Promise.all([this.starts(), this.ends()]);
    const offsets = mustBeThere(this.name, from, starts, ends);
    const until = new Map(ends.entries());
    yield* this.#reader(offsets, until, this.#closing.signal);
    if (this.#closing.signal.aborted) {
      throw new TopicUnavailable('unreachable', `topic ${this.name} is closed`);
    }
  }

  async *follow(
    from: readonly number[], signal: AbortSignal, { gatherMs = AT_ONCE }: Following = {},
  ): AsyncIterable<WrittenRecord> {
    const stop = new AbortController();
    const end = (): void => { stop.abort(); };
    const signals = [signal, this.#closing.signal];
    if (signals.some(({ aborted }) => aborted)) return;
    for (const one of signals) one.addEventListener('abort', end);
    try {
      const offsets = await this.#found(from, stop.signal);
      if (offsets !== undefined) yield* this.#reader(offsets, undefined, stop.signal, gatherMs);
    } finally {
      for (const one of signals) one.removeEventListener('abort', end);
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#writer.close();
    await this.#client.close();
  }

  /** Where a follower starts; undefined when it was ended while it waited for the topic. */
  async #found(
    from: readonly number[], signal: AbortSignal,
  ): Promise<ReadonlyMap<number, number> | undefined> {
    while (!signal.aborted) {
      try {
        const [starts, ends] = await Promise.all([this.starts(), this.ends()]);
        return mustBeThere(this.name, from, starts, ends);
      } catch (error) {
        if (signal.aborted) break;
        if (!troubleOf(error).mayPass) throw error;
        await sleep(RETRY_MS * 4, undefined, { signal }).catch(() => {});
      }
    }
    return undefined;
  }

  /** On connections of its own: a fetch that waits for records would hold up whoever stands behind it. */
  async *#reader(
    from: ReadonlyMap<number, number>, until: ReadonlyMap<number, number> | undefined, signal: AbortSignal,
    gatherMs = AT_ONCE,
  ): AsyncIterable<WrittenRecord> {
    const client = new KafkaClient(this.#connection);
    try {
      const reading = { ...this.#reading, gatherMs };
      yield* new TopicReader(client, this.name, reading, from, until, signal).records();
    } finally {
      await client.close();
    }
  }
}
