/**
 * What became known of a transaction after it: statuses and labels, each with the time from which it is
 * known. A row has a chain of them, latest known first, so the first of its kind that is known at t is the
 * one that holds at t.
 */
import { PAGE_MASK, PAGE_SHIFT } from '#domain/history.ts';
import type { Dictionary } from './dictionary.ts';
import { float64s, int32s, uint32s, uint8s, withRoom } from './growing-array.ts';
import type { RowTable } from './row-table.ts';

export type ChangeKind = 'status' | 'label';

export interface Change {
  readonly what: ChangeKind;
  readonly value: string;
  readonly knownAtMs: number;
}

const NONE = -1;
const KIND = { status: 0, label: 1 } as const;
const CHANGE_BYTES = 8 + 4 + 1 + 4;

export class StatusChanges {
  readonly #rows: RowTable;
  readonly #dictionary: Dictionary;
  #knownAt = float64s(64);
  #codes = uint32s(64);
  #kinds = uint8s(64);
  #next = int32s(64);
  /** The entry freed last; each has the one before as its next. */
  #freed = NONE;
  #used = 0;
  /**
   * A bit for each row that has any: few have, and so small a map stays in the cache while a log is scanned.
   */
  #changed = uint32s(64);

  constructor(rows: RowTable, dictionary: Dictionary) {
    this.#rows = rows;
    this.#dictionary = dictionary;
  }

  get bytes(): number {
    return this.#next.length * CHANGE_BYTES + this.#changed.byteLength;
  }

  add(row: number, change: Change): void {
    const entry = this.#take();
    this.#changed = withRoom(this.#changed, (row >>> 5) + 1, uint32s);
    this.#changed[row >>> 5]! |= 1 << (row & 31);
    this.#knownAt[entry] = change.knownAtMs;
    this.#codes[entry] = this.#dictionary.take(change.value);
    this.#kinds[entry] = KIND[change.what];
    // Of two that are known from the same moment the later arrival holds: it goes before the other.
    let before = NONE;
    let after = this.#head(row);
    while (after !== NONE && this.#knownAt[after]! > change.knownAtMs) {
      before = after;
      after = this.#next[after]!;
    }
    this.#next[entry] = after;
    if (before === NONE) this.#setHead(row, entry);
    else this.#next[before] = entry;
  }

  /**
   * Code of the latest value known at tMs, or 0 where nothing was known but what the transaction said itself.
   */
  codeAt(row: number, what: ChangeKind, tMs: number): number {
    if (((this.#changed[row >>> 5]! >>> (row & 31)) & 1) === 0) return 0;
    const kind = KIND[what];
    for (let entry = this.#head(row); entry !== NONE; entry = this.#next[entry]!) {
      if (this.#kinds[entry] === kind && this.#knownAt[entry]! <= tMs) return this.#codes[entry]!;
    }
    return 0;
  }

  /** From when the latest change of a row is known, or -Infinity. */
  latestAtMs(row: number): number {
    if (((this.#changed[row >>> 5]! >>> (row & 31)) & 1) === 0) return -Infinity;
    const head = this.#head(row);
    return head === NONE ? -Infinity : this.#knownAt[head]!;
  }

  /** All changes of a row, in an order in which adding them again gives the same chain. */
  of(row: number): Change[] {
    const changes: Change[] = [];
    for (let entry = this.#head(row); entry !== NONE; entry = this.#next[entry]!) {
      changes.unshift({
        what: this.#kinds[entry] === KIND.status ? 'status' : 'label',
        value: this.#dictionary.texts[this.#codes[entry]!] ?? '',
        knownAtMs: this.#knownAt[entry]!,
      });
    }
    return changes;
  }

  release(row: number): void {
    if (this.#head(row) === NONE) return;
    this.#changed[row >>> 5]! &= ~(1 << (row & 31));
    for (let entry = this.#head(row), after = NONE; entry !== NONE; entry = after) {
      after = this.#next[entry]!;
      this.#dictionary.release(this.#codes[entry]!);
      this.#next[entry] = this.#freed;
      this.#freed = entry;
    }
    this.#setHead(row, NONE);
  }

  #take(): number {
    const entry = this.#freed;
    if (entry === NONE) {
      this.#makeRoom(this.#used + 1);
      return this.#used++;
    }
    this.#freed = this.#next[entry]!;
    return entry;
  }

  #head(row: number): number {
    return this.#rows.pages[row >>> PAGE_SHIFT]!.changes[row & PAGE_MASK]!;
  }

  #setHead(row: number, entry: number): void {
    this.#rows.pages[row >>> PAGE_SHIFT]!.changes[row & PAGE_MASK] = entry;
  }

  #makeRoom(length: number): void {
    if (length <= this.#next.length) return;
    this.#knownAt = withRoom(this.#knownAt, length, float64s);
    this.#codes = withRoom(this.#codes, length, uint32s);
    this.#kinds = withRoom(this.#kinds, length, uint8s);
    this.#next = withRoom(this.#next, length, int32s);
  }
}
