/** The index of one process: for tests, and the oracle of the others. */
import {
  DecisionIndexUnavailable, DIFFERENCES_KEPT_MAX, differingParts, sameOffsets,
  type CopyDifference, type DecisionIndex, type IndexBatch, type IndexedRecord, type Projected,
} from '#ports/decision-index.ts';
import type { TopicPlace } from '#ports/topic.ts';

export class MemoryDecisionIndex implements DecisionIndex {
  readonly #records = new Map<string, IndexedRecord>();
  readonly #differences: CopyDifference[] = [];
  #offsets: readonly number[] = [];
  #differing = 0;
  #keptFromMs = 0;
  #isOpen = true;

  async find(id: string): Promise<IndexedRecord | undefined> {
    this.#mustBeOpen();
    return this.#records.get(id);
  }

  async project({ from, reached, records }: IndexBatch): Promise<Projected> {
    this.#mustBeOpen();
    if (!sameOffsets(from, this.#offsets)) return { kind: 'overtaken' };
    const counts = { added: 0, copies: 0, differing: 0, expired: 0 };
    for (const record of records) {
      const first = this.#records.get(record.id);
      if (Math.max(0, record.writtenAtMs) < this.#keptFromMs) counts.expired += 1;
      else if (first === undefined) {
        this.#records.set(record.id, record);
        counts.added += 1;
      } else {
        counts.copies += 1;
        counts.differing += this.#compare(first, record);
      }
    }
    this.#offsets = reached;
    return { kind: 'projected', ...counts };
  }

  async offsets(): Promise<readonly number[]> {
    this.#mustBeOpen();
    return this.#offsets;
  }

  async expire(beforeMs: number): Promise<number> {
    this.#mustBeOpen();
    this.#keptFromMs = Math.max(this.#keptFromMs, beforeMs);
    for (const [id, { writtenAtMs }] of this.#records) {
      if (writtenAtMs < this.#keptFromMs) this.#records.delete(id);
    }
    return this.#keptFromMs;
  }

  async keptFromMs(): Promise<number> {
    this.#mustBeOpen();
    return this.#keptFromMs;
  }

  async differences(limit: number): Promise<{ count: number; examples: readonly CopyDifference[] }> {
    this.#mustBeOpen();
    return { count: this.#differing, examples: this.#differences.slice(0, limit) };
  }

  async between(
    partition: number, from: number, before: number, limit: number,
  ): Promise<readonly IndexedRecord[]> {
    this.#mustBeOpen();
    return [...this.#records.values()]
      .filter(({ place }) => place.partition === partition && place.offset >= from && place.offset < before)
      .toSorted((one, other) => one.place.offset - other.place.offset).slice(0, limit);
  }

  async places(ids: readonly string[]): Promise<ReadonlyMap<string, readonly TopicPlace[]>> {
    this.#mustBeOpen();
    return new Map(ids.flatMap((id) => {
      const record = this.#records.get(id);
      return record === undefined ? [] : [[id, [record.place]]];
    }));
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  #compare(first: IndexedRecord, copy: IndexedRecord): number {
    const parts = differingParts(first, copy);
    if (parts.length === 0) return 0;
    this.#differing += 1;
    if (this.#differences.length < DIFFERENCES_KEPT_MAX) {
      this.#differences.push({ id: first.id, first: first.place, copy: copy.place, parts });
    }
    return 1;
  }

  #mustBeOpen(): void {
    if (!this.#isOpen) throw new DecisionIndexUnavailable('the index of decisions is closed');
  }
}
