/**
 * Appends to a topic: what piles up while a request is out goes with the next one, and one request at a time
 * is out to each broker, with the partitions that it leads. Four at a time were slower and lost order
 * (measured with the client this stands on). Exactly once for each append, across every failure, while this
 * writer lives.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '#domain/limits.ts';
import { partitionOfKey } from '#ports/key-partition.ts';
import { TopicUnavailable, type TopicFault, type TopicPlace, type TopicRecord } from '#ports/topic.ts';
import { PartitionQueue, type BatchAnswer, type PendingAppend } from './partition-queue.ts';
import { encodeRecord, type PartitionBatch } from './record-batch.ts';
import { troubleOf } from './trouble.ts';

/** What the writer asks of the brokers. */
export interface ProducerWire {
  /** An id that nobody else writes under. */
  newAuthor(): Promise<bigint>;
  /** The node that leads each partition, now; -1 where none does. */
  leaders(): Promise<readonly number[]>;
  /** Rejects when nothing is known of any of them; a partition may be missing from the answer. */
  send(node: number, batches: readonly PartitionBatch[]): Promise<ReadonlyMap<number, BatchAnswer>>;
}

export interface WriterOptions {
  /** Of one append, from the call to its end. */
  readonly appendMsMax: number;
  /** The first pause after something went wrong; it doubles up to ten times that. */
  readonly retryMs: number;
  readonly queueRecordsMax: number;
  readonly queueBytesMax: number;
  readonly now: () => number;
}

const PAUSE_GROWTH_MAX = 10;
const BATCH = { records: LIMITS.topicBatchRecordsMax, bytes: LIMITS.topicBatchBytesMax };

export class TopicWriter {
  readonly #topic: string;
  readonly #wire: ProducerWire;
  readonly #options: WriterOptions;
  readonly #queues: readonly PartitionQueue[];
  readonly #busy = new Set<number>();
  readonly #closing = new AbortController();
  #leaders: readonly number[];
  #first = 0;
  #records = 0;
  #bytes = 0;
  #isSending = false;
  #isRecovering = false;
  #pauseMs: number;

  private constructor(
    topic: string, wire: ProducerWire, options: WriterOptions, leaders: readonly number[], author: bigint,
  ) {
    this.#topic = topic;
    this.#wire = wire;
    this.#options = options;
    this.#leaders = leaders;
    this.#pauseMs = options.retryMs;
    this.#queues = leaders.map((_, partition) => new PartitionQueue(partition, author, BATCH));
  }

  static async open(topic: string, wire: ProducerWire, options: WriterOptions): Promise<TopicWriter> {
    const leaders = await wire.leaders();
    return new TopicWriter(topic, wire, options, leaders, await wire.newAuthor());
  }

  get partitionCount(): number {
    return this.#queues.length;
  }

  /** See Topic. */
  async append(record: TopicRecord): Promise<TopicPlace> {
    if (this.#closing.signal.aborted) throw this.#fault('unreachable', 'it is closed');
    const encoded = encodeRecord(record);
    const { byteCount } = encoded;
    if (byteCount > LIMITS.topicRecordBytesMax) {
      throw this.#fault('refused', `a record of ${byteCount} bytes; ${LIMITS.topicRecordBytesMax} may be`);
    }
    const { queueRecordsMax, queueBytesMax, appendMsMax } = this.#options;
    if (this.#records >= queueRecordsMax || this.#bytes + byteCount > queueBytesMax) {
      throw this.#fault('full', `${this.#records} records of ${this.#bytes} bytes wait already`);
    }
    const queue = this.#queues[partitionOfKey(record.key, this.#queues.length)]!;
    this.#records += 1;
    this.#bytes += byteCount;
    return new Promise((resolve, reject) => {
      const fail = (fault: TopicFault, message: string): void => {
        clearTimeout(timer);
        reject(this.#fault(fault, message));
      };
      const settle = (place: TopicPlace): void => {
        clearTimeout(timer);
        resolve(place);
      };
      const append: PendingAppend = { encoded, settle, fail };
      const timer = setTimeout(() => { this.#late(queue, append); }, appendMsMax);
      queue.push(append);
      if (queue.state === 'free' && !this.#busy.has(this.#leaders[queue.partition]!)) this.#sendSoon();
    });
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    for (const queue of this.#queues) {
      for (const append of queue.drain()) append.fail('unreachable', 'it was closed meanwhile');
    }
  }

  #late(queue: PartitionQueue, append: PendingAppend): void {
    const wasSent = !queue.withdraw(append);
    if (!wasSent) this.#release([append]);
    const what = wasSent ? 'no answer' : 'it could not be sent';
    const why = queue.lastTrouble === '' ? '' : ` (${queue.lastTrouble})`;
    append.fail('late', `${what} within ${this.#options.appendMsMax} ms${why}`);
  }

  #release(appends: readonly PendingAppend[]): void {
    this.#records -= appends.length;
    for (const { encoded } of appends) this.#bytes -= encoded.byteCount;
  }

  /** After what runs now: calls that come together go together. */
  #sendSoon(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    queueMicrotask(() => {
      this.#isSending = false;
      this.#sendAll();
    });
  }

  #sendAll(): void {
    if (this.#closing.signal.aborted) return;
    const chosen = new Map<number, { bytes: number; queues: PartitionQueue[] }>();
    const count = this.#queues.length;
    for (let turn = 0; turn < count; turn++) {
      const queue = this.#queues[(this.#first + turn) % count]!;
      if (queue.state !== 'free' || queue.isEmpty) continue;
      const node = this.#leaders[queue.partition]!;
      if (node < 0) this.#hold(queue, `partition ${queue.partition} has no leader`);
      else if (!this.#busy.has(node)) {
        const group = chosen.get(node) ?? { bytes: 0, queues: [] };
        chosen.set(node, group);
        group.bytes += queue.batch(this.#options.now()).length;
        if (group.queues.length === 0 || group.bytes <= LIMITS.topicRequestBytesMax) group.queues.push(queue);
      }
    }
    this.#first = (this.#first + 1) % count;
    for (const [node, { queues }] of chosen) void this.#send(node, queues);
  }

  async #send(node: number, queues: readonly PartitionQueue[]): Promise<void> {
    this.#busy.add(node);
    for (const queue of queues) queue.state = 'out';
    const answers = await this.#answers(node, queues);
    this.#busy.delete(node);
    for (const queue of queues) {
      queue.state = 'free';
      const answer = answers(queue.partition);
      this.#release(queue.answered(answer));
      if (answer.kind === 'written') this.#pauseMs = this.#options.retryMs;
      else if (answer.trouble.mayPass || queue.needsAuthor) this.#hold(queue, answer.trouble.text);
    }
    this.#sendAll();
  }

  async #answers(
    node: number, queues: readonly PartitionQueue[],
  ): Promise<(partition: number) => BatchAnswer> {
    try {
      const nowMs = this.#options.now();
      const batches = queues.map((queue) => ({ partition: queue.partition, bytes: queue.batch(nowMs) }));
      const answers = await this.#wire.send(node, batches);
      return (partition) => answers.get(partition) ?? unknown('the broker says nothing of this partition');
    } catch (error) {
      const { text } = troubleOf(error);
      return () => unknown(text);
    }
  }

  #hold(queue: PartitionQueue, why: string): void {
    queue.state = 'held';
    queue.lastTrouble = why;
    if (!this.#isRecovering) void this.#recover();
  }

  /** Looks again, after a pause, who leads what; then what was held goes on. */
  async #recover(): Promise<void> {
    this.#isRecovering = true;
    const { signal } = this.#closing;
    for (let isLost = true; isLost && !signal.aborted;) {
      await sleep(this.#pauseMs, undefined, { signal }).catch(() => {});
      this.#pauseMs = Math.min(this.#pauseMs * 2, this.#options.retryMs * PAUSE_GROWTH_MAX);
      isLost = !(await this.#isFound());
    }
    this.#isRecovering = false;
    if (signal.aborted) return;
    for (const queue of this.#queues) if (queue.state === 'held') queue.state = 'free';
    this.#sendAll();
  }

  async #isFound(): Promise<boolean> {
    const held = this.#queues.filter(({ state }) => state === 'held');
    try {
      const leaders = await this.#wire.leaders();
      if (leaders.length < this.#queues.length) return false;
      this.#leaders = leaders;
      const restless = held.filter(({ needsAuthor }) => needsAuthor);
      if (restless.length > 0) {
        const author = await this.#wire.newAuthor();
        for (const queue of restless) queue.restart(author);
      }
      return true;
    } catch (error) {
      const { text } = troubleOf(error);
      for (const queue of held) queue.lastTrouble = text;
      return false;
    }
  }

  #fault(fault: TopicFault, message: string): TopicUnavailable {
    return new TopicUnavailable(fault, `append to topic ${this.#topic}: ${message}`);
  }
}

/** Whether it was written is not known, so it is to be sent again. */
const unknown = (text: string): BatchAnswer =>
  ({ kind: 'trouble', trouble: { fault: 'unreachable', id: '', text, mayPass: true } });
