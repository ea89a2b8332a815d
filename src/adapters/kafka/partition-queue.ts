/**
 * What one partition is yet to be given. The first of it is a batch with a number; until its fate is known it
 * is sent again as it is, so that the broker knows it again, and nothing overtakes it.
 */
import type { TopicFault, TopicPlace } from '#ports/topic.ts';
import {
  batchBytes, encodeBatch, type BatchAuthor, type EncodedRecord,
} from './record-batch.ts';
import type { Trouble } from './trouble.ts';

/** One append that waits for its end. */
export interface PendingAppend {
  readonly encoded: EncodedRecord;
  readonly settle: (place: TopicPlace) => void;
  readonly fail: (fault: TopicFault, message: string) => void;
}

export interface BatchLimits {
  readonly records: number;
  readonly bytes: number;
}

/** What a broker says of a batch: where its first record stands, or what is wrong. */
export type BatchAnswer =
  | { readonly kind: 'written'; readonly baseOffset: number }
  | { readonly kind: 'trouble'; readonly trouble: Trouble };

/** The broker's books of this author and ours differ: its numbers must start again, under a new epoch. */
const LOST_COUNT: ReadonlySet<string> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
]);
const EPOCH_MAX = 32_767;

export class PartitionQueue {
  readonly partition: number;
  readonly #limits: BatchLimits;
  #waiting: PendingAppend[] = [];
  #batch: { readonly appends: readonly PendingAppend[]; bytes: Buffer | undefined } | undefined;
  #author: BatchAuthor;
  /** `out`: its batch is on its way. `held`: to be sent again, but not yet. */
  state: 'free' | 'out' | 'held' = 'free';
  /** Its numbers can go on only under another producer id. */
  needsAuthor = false;
  /** What went wrong last, for those who wait no longer; empty when nothing did. */
  lastTrouble = '';

  constructor(partition: number, producerId: bigint, limits: BatchLimits) {
    this.partition = partition;
    this.#limits = limits;
    this.#author = { producerId, epoch: 0, sequence: 0 };
  }

  get isEmpty(): boolean {
    return this.#batch === undefined && this.#waiting.length === 0;
  }

  push(append: PendingAppend): void {
    this.#waiting.push(append);
  }

  /** Takes it back if it was not sent yet. All wait equally long, so it is the first. */
  withdraw(append: PendingAppend): boolean {
    const index = this.#waiting.indexOf(append);
    if (index < 0) return false;
    if (index === 0) this.#waiting.shift();
    else this.#waiting.splice(index, 1);
    return true;
  }

  /** The batch that is first now, always the same until its end. */
  batch(nowMs: number): Buffer {
    this.#batch ??= { appends: this.#waiting.splice(0, this.#fitting()), bytes: undefined };
    this.#batch.bytes ??= encodeBatch(this.#batch.appends.map(({ encoded }) => encoded), this.#author, nowMs);
    return this.#batch.bytes;
  }

  /** Returns the appends that have come to an end. What is left is to be sent again. */
  answered(answer: BatchAnswer): readonly PendingAppend[] {
    const appends = this.#batch?.appends ?? [];
    if (answer.kind === 'written') {
      this.#count(appends.length);
      for (const [index, append] of appends.entries()) {
        append.settle({ partition: this.partition, offset: answer.baseOffset + index });
      }
      return appends;
    }
    const { id, text, mayPass } = answer.trouble;
    this.lastTrouble = text;
    if (mayPass) return [];
    if (id === 'DUPLICATE_SEQUENCE_NUMBER') {
      this.#count(appends.length);
      for (const append of appends) append.fail('late', 'it is written, and where was not learned in time');
      return appends;
    }
    // Lost at the first number: not even a new epoch was understood.
    if (LOST_COUNT.has(id) && this.#author.sequence === 0) this.needsAuthor = true;
    this.#countAgain();
    if (LOST_COUNT.has(id)) return [];
    // One that cannot be written must not take others with it: by halves it is found, and the order stays.
    if (appends.length > 1) return this.#halve(appends);
    this.#batch = undefined;
    for (const append of appends) append.fail('refused', text);
    return appends;
  }

  restart(producerId: bigint): void {
    this.needsAuthor = false;
    this.#author = { producerId, epoch: 0, sequence: 0 };
    if (this.#batch !== undefined) this.#batch.bytes = undefined;
  }

  /** All that has not come to an end, and it is gone from here. */
  drain(): readonly PendingAppend[] {
    const all = [...this.#batch?.appends ?? [], ...this.#waiting];
    this.#batch = undefined;
    this.#waiting = [];
    return all;
  }

  #fitting(): number {
    let bytes = 0;
    let count = 0;
    for (const { encoded } of this.#waiting) {
      bytes += batchBytes([encoded]);
      if (count > 0 && (count >= this.#limits.records || bytes > this.#limits.bytes)) break;
      count += 1;
    }
    return count;
  }

  #count(records: number): void {
    const { producerId, epoch, sequence } = this.#author;
    this.#author = { producerId, epoch, sequence: (sequence + records) % 2 ** 31 };
    this.#batch = undefined;
    this.lastTrouble = '';
  }

  /** A higher epoch also shuts out whatever of the lower is still under way. */
  #countAgain(): void {
    const { producerId, epoch } = this.#author;
    if (epoch >= EPOCH_MAX) this.needsAuthor = true;
    this.#author = { producerId, epoch: Math.min(epoch + 1, EPOCH_MAX), sequence: 0 };
    if (this.#batch !== undefined) this.#batch.bytes = undefined;
  }

  #halve(appends: readonly PendingAppend[]): readonly PendingAppend[] {
    const middle = appends.length >> 1;
    this.#waiting.unshift(...appends.slice(middle));
    this.#batch = { appends: appends.slice(0, middle), bytes: undefined };
    return [];
  }
}
