/** A topic of one process: for tests, and the oracle of the others. */
import { partitionOfKey } from '#ports/key-partition.ts';
import {
  TopicUnavailable, type Topic, type TopicPlace, type TopicRecord, type WrittenRecord,
} from '#ports/topic.ts';

export class MemoryTopic implements Topic {
  readonly name: string;
  readonly partitionCount: number;
  readonly #partitions: WrittenRecord[][];
  readonly #now: () => number;
  readonly #waiting = new Set<() => void>();
  #isOpen = true;

  constructor(name: string, partitionCount: number, now: () => number) {
    this.name = name;
    this.partitionCount = partitionCount;
    this.#now = now;
    this.#partitions = Array.from({ length: partitionCount }, () => []);
  }

  async append({ key, value, headers }: TopicRecord): Promise<TopicPlace> {
    this.#mustBeOpen();
    const partition = partitionOfKey(key, this.partitionCount);
    const records = this.#partitions[partition]!;
    const place = { partition, offset: records.length };
    // Its own bytes: what the caller does with its buffer later is not in the topic.
    const copies = Object.entries(headers).map(([name, bytes]) => [name, bytes.slice()] as const);
    records.push({
      key, value: value.slice(), headers: Object.fromEntries(copies), place, writtenAtMs: this.#now(),
    });
    this.#wake();
    return place;
  }

  async starts(): Promise<readonly number[]> {
    this.#mustBeOpen();
    return this.#partitions.map(() => 0);
  }

  async ends(): Promise<readonly number[]> {
    this.#mustBeOpen();
    return this.#ends();
  }

  async *read(from: readonly number[]): AsyncIterable<WrittenRecord> {
    this.#mustBeOpen();
    this.#mustBeThere(from);
    yield* this.#between(from, this.#ends());
  }

  async *follow(from: readonly number[], signal: AbortSignal): AsyncIterable<WrittenRecord> {
    this.#mustBeOpen();
    this.#mustBeThere(from);
    let offsets = from;
    while (!signal.aborted && this.#isOpen) {
      const ends = this.#ends();
      for (const record of this.#between(offsets, ends)) {
        yield record;
        if (signal.aborted || !this.#isOpen) return;
      }
      offsets = ends;
      if (this.#ends().every((end, partition) => end === ends[partition])) await this.#next(signal);
    }
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    this.#wake();
  }

  *#between(from: readonly number[], ends: readonly number[]): Iterable<WrittenRecord> {
    for (const [partition, records] of this.#partitions.entries()) {
      for (let offset = from[partition] ?? 0; offset < ends[partition]!; offset++) yield records[offset]!;
    }
  }

  #ends(): readonly number[] {
    return this.#partitions.map(({ length }) => length);
  }

  #mustBeOpen(): void {
    if (!this.#isOpen) throw new TopicUnavailable('unreachable', `topic ${this.name} is closed`);
  }

  #mustBeThere(from: readonly number[]): void {
    for (const [partition, end] of this.#ends().entries()) {
      const offset = from[partition] ?? 0;
      if (offset >= 0 && offset <= end) continue;
      throw new TopicUnavailable('refused', `topic ${this.name}, partition ${partition}: `
        + `offset ${offset} was asked for, and it holds 0 to ${end}`);
    }
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Until something is written, the topic is closed, or the signal comes. */
  async #next(signal: AbortSignal): Promise<void> {
    if (signal.aborted || !this.#isOpen) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}
