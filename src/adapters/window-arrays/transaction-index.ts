/**
 * Transaction id to row, for retained rows. It keeps a hash of 64 bits and no id: 16 bytes a transaction. Two
 * of n ids share a hash with probability n^2 / 2^65: for a hundred million retained transactions that is 0.03
 * %.
 */
import { PAGE_MASK, PAGE_SHIFT } from '#domain/history.ts';
import { int32s } from './growing-array.ts';
import { NO_ROW, type RowTable } from './row-table.ts';

export interface IdHash { high: number; low: number }

/** Two 32-bit lanes over tenant and id; never both zero. `into` is filled, so that nothing is allocated. */
export function hashId(tenant: string, id: string, into: IdHash): IdHash {
  let high = 0x243f6a88;
  let low = 0x85a308d3;
  const mix = (text: string): void => {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      high = Math.imul(high ^ unit, 0x9e3779b1);
      low = Math.imul(low ^ unit ^ (high >>> 15), 0x85ebca77);
    }
  };
  mix(tenant);
  high = Math.imul(high ^ 0x10000, 0x9e3779b1);
  mix(id);
  high = Math.imul(high ^ (high >>> 16) ^ low, 0x85ebca6b);
  low = Math.imul(low ^ (low >>> 13) ^ high, 0xc2b2ae35);
  into.high = (high ^ (high >>> 13)) >>> 0;
  into.low = ((low ^ (low >>> 16)) >>> 0) || 1;
  return into;
}

export class TransactionIndex {
  readonly #rows: RowTable;
  /** Open addressing, linear probing: row + 1, or 0. */
  #table = int32s(64);
  #count = 0;

  constructor(rows: RowTable) {
    this.#rows = rows;
  }

  get bytes(): number {
    return this.#table.byteLength;
  }

  /** The row of the transaction with this hash, or NO_ROW. */
  find({ high, low }: IdHash): number {
    const mask = this.#table.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const row = this.#table[slot]! - 1;
      if (row === NO_ROW) return NO_ROW;
      const page = this.#rows.pages[row >>> PAGE_SHIFT]!;
      if (page.idLow[row & PAGE_MASK] === low && page.idHigh[row & PAGE_MASK] === high) return row;
    }
  }

  add(row: number, { high, low }: IdHash): void {
    const page = this.#rows.pages[row >>> PAGE_SHIFT]!;
    page.idHigh[row & PAGE_MASK] = high;
    page.idLow[row & PAGE_MASK] = low;
    this.#count++;
    if (this.#count * 2 > this.#table.length) this.#rehash();
    this.#enter(this.#table, row);
  }

  /** Forgets a row; one that is no transaction was never in. */
  remove(row: number): void {
    if (this.#low(row) === 0) return;
    const table = this.#table;
    const mask = table.length - 1;
    let slot = this.#low(row) & mask;
    while (table[slot] !== row + 1) slot = (slot + 1) & mask;
    // What was pushed past the freed slot moves back, so that probing never meets a hole before its aim.
    for (let next = (slot + 1) & mask; table[next] !== 0; next = (next + 1) & mask) {
      const home = this.#low(table[next]! - 1) & mask;
      if (((next - home) & mask) < ((next - slot) & mask)) continue;
      table[slot] = table[next]!;
      slot = next;
    }
    table[slot] = 0;
    this.#count--;
  }

  #low(row: number): number {
    return this.#rows.pages[row >>> PAGE_SHIFT]!.idLow[row & PAGE_MASK]!;
  }

  #enter(table: Int32Array, row: number): void {
    const mask = table.length - 1;
    let slot = this.#low(row) & mask;
    while (table[slot] !== 0) slot = (slot + 1) & mask;
    table[slot] = row + 1;
  }

  #rehash(): void {
    const table = int32s(this.#table.length * 2);
    for (const entry of this.#table) if (entry !== 0) this.#enter(table, entry - 1);
    this.#table = table;
  }
}
