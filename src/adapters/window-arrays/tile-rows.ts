/**
 * Tiles as rows of numbers in slabs: whatever became hot, V8's heap has none of it. The different values of a
 * tile are numbers, or codes of texts to which the tile refers, in a block of their own that grows with them.
 */
import { TILE_VALUE_COUNT_MAX, type Tile, type ValueListener } from '#domain/tile.ts';
import type { Dictionary } from './dictionary.ts';
import { SlabArena } from './slab-arena.ts';

// What a row holds, in this order.
const FIRST = 0;
const LAST = 1;
const EVENTS = 2;
const VALUED = 3;
const ABOVE = 4;
const BELOW = 5;
const MIN = 6;
const MAX = 7;
const UNLISTED = 8;
const FLAGS = 9;
/** Where the values begin in their arena, while there are any. */
const VALUES = 10;
const VALUE_COUNT = 11;
const WIDTH = 12;

const KNOWN = 1;
const KEEPS_VALUES = 2;
/** Values of one feature are of one type: all numbers, or all texts. */
const HAS_TEXTS = 4;

const ROWS_SHIFT = 14;
const VALUES_SHIFT = 16;
const VALUE_BLOCK_MIN = 4;

/** Room for so many values: it follows from their number, so it is not written down. */
const roomFor = (count: number): number =>
  (count <= VALUE_BLOCK_MIN ? VALUE_BLOCK_MIN : 2 ** (32 - Math.clz32(count - 1)));

export class TileRows {
  readonly rows = new SlabArena(WIDTH, ROWS_SHIFT);
  readonly #values = new SlabArena(1, VALUES_SHIFT);
  readonly #dictionary: Dictionary;

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
  }

  get bytes(): number {
    return this.rows.bytes + this.#values.bytes;
  }

  firstMs(row: number): number {
    return this.#slab(row)[this.#place(row) + FIRST]!;
  }

  lastMs(row: number): number {
    return this.#slab(row)[this.#place(row) + LAST]!;
  }

  /** Begins a tile without events. */
  clear(row: number, keepsValues: boolean): void {
    const slab = this.#slab(row);
    const at = this.#place(row);
    slab.fill(0, at, at + WIDTH);
    slab[at + FIRST] = slab[at + MIN] = Infinity;
    slab[at + LAST] = slab[at + MAX] = -Infinity;
    slab[at + FLAGS] = keepsValues ? KNOWN | KEEPS_VALUES : KNOWN;
  }

  /** Takes one event in; a missing value is NaN or undefined. */
  add(row: number, tMs: number, value: number | string | undefined): void {
    const slab = this.#slab(row);
    const at = this.#place(row);
    slab[at + FIRST] = Math.min(slab[at + FIRST]!, tMs);
    slab[at + LAST] = Math.max(slab[at + LAST]!, tMs);
    slab[at + EVENTS]!++;
    if (value === undefined || Number.isNaN(value)) return;
    slab[at + VALUED]!++;
    if (typeof value === 'number') {
      slab[at + (value > 0 ? ABOVE : BELOW)]! += value;
      slab[at + MIN] = Math.min(slab[at + MIN]!, value);
      slab[at + MAX] = Math.max(slab[at + MAX]!, value);
    }
    if ((slab[at + FLAGS]! & KEEPS_VALUES) !== 0) this.#list(slab, at, value);
  }

  /** The older of two neighbours becomes part of the newer, and holds nothing any more. */
  merge(older: number, newer: number): void {
    const from = this.#slab(older);
    const a = this.#place(older);
    const to = this.#slab(newer);
    const b = this.#place(newer);
    to[b + FIRST] = Math.min(from[a + FIRST]!, to[b + FIRST]!);
    to[b + LAST] = Math.max(from[a + LAST]!, to[b + LAST]!);
    for (const sum of [EVENTS, VALUED, ABOVE, BELOW, UNLISTED]) to[b + sum]! += from[a + sum]!;
    to[b + MIN] = Math.min(from[a + MIN]!, to[b + MIN]!);
    to[b + MAX] = Math.max(from[a + MAX]!, to[b + MAX]!);
    if ((from[a + FLAGS]! & to[b + FLAGS]! & KEEPS_VALUES) === 0) {
      this.release(newer);
      to[b + FLAGS]! &= ~KEEPS_VALUES;
    } else {
      for (const value of this.values(older) ?? []) this.#list(to, b, value);
    }
    if ((from[a + FLAGS]! & KNOWN) === 0) to[b + FLAGS]! &= ~KNOWN;
    this.release(older);
  }

  /** The tile stands in another row; the one it stood in holds nothing any more. */
  move(from: number, to: number): void {
    const at = this.#place(from);
    this.#slab(to).set(this.#slab(from).subarray(at, at + WIDTH), this.#place(to));
  }

  /** Gives up the values of a tile. */
  release(row: number): void {
    const slab = this.#slab(row);
    const at = this.#place(row);
    const count = slab[at + VALUE_COUNT]!;
    if (count === 0) return;
    const start = slab[at + VALUES]!;
    if ((slab[at + FLAGS]! & HAS_TEXTS) !== 0) {
      for (let i = 0; i < count; i++) this.#dictionary.release(this.#value(start + i));
    }
    this.#values.free(start, roomFor(count));
    slab[at + VALUE_COUNT] = 0;
  }

  load(row: number, tile: Tile): void {
    this.clear(row, tile.values !== undefined);
    const slab = this.#slab(row);
    const at = this.#place(row);
    for (const value of tile.values ?? []) this.#list(slab, at, value);
    slab.set([tile.firstMs, tile.lastMs, tile.events, tile.valued, tile.sumAbove, tile.sumBelow, tile.min,
      tile.max, tile.unlisted], at);
    if (!tile.known) slab[at + FLAGS]! &= ~KNOWN;
  }

  /** The values of a tile, in the order in which they came. */
  tellValues(row: number, to: ValueListener): void {
    const slab = this.#slab(row);
    const at = this.#place(row);
    const count = slab[at + VALUE_COUNT]!;
    const start = slab[at + VALUES]!;
    const block = this.#values.slabs[start >>> VALUES_SHIFT]!;
    const first = start & this.#values.mask;
    const hasTexts = (slab[at + FLAGS]! & HAS_TEXTS) !== 0;
    for (let i = first; i < first + count; i++) {
      if (hasTexts) to.code(block[i]!);
      else to.number(block[i]!);
    }
  }

  /** Undefined where the feature does not ask for them. */
  values(row: number): readonly (number | string)[] | undefined {
    if ((this.#slab(row)[this.#place(row) + FLAGS]! & KEEPS_VALUES) === 0) return undefined;
    const { texts } = this.#dictionary;
    const found: (number | string)[] = [];
    this.tellValues(row, {
      number: (value) => { found.push(value); },
      code: (code) => { found.push(texts[code] ?? ''); },
    });
    return found;
  }

  #slab(row: number): Float64Array {
    return this.rows.slabs[row >>> ROWS_SHIFT]!;
  }

  #place(row: number): number {
    return (row & this.rows.mask) * WIDTH;
  }

  #value(place: number): number {
    return this.#values.slabs[place >>> VALUES_SHIFT]![place & this.#values.mask]!;
  }

  #list(slab: Float64Array, at: number, value: number | string): void {
    const isText = typeof value === 'string';
    // A text without a code stands in no tile. Of the two zeros there is one.
    const known = isText ? this.#dictionary.codeOf(value) : value + 0;
    const count = slab[at + VALUE_COUNT]!;
    const start = slab[at + VALUES]!;
    const block = count === 0 ? undefined : this.#values.slabs[start >>> VALUES_SHIFT];
    for (let i = start & this.#values.mask, end = i + count; i < end; i++) if (block?.[i] === known) return;
    if (count >= TILE_VALUE_COUNT_MAX) {
      slab[at + UNLISTED]!++;
      return;
    }
    const place = this.#makeRoom(slab, at, count) + count;
    this.#values.slabs[place >>> VALUES_SHIFT]![place & this.#values.mask] =
      isText ? this.#dictionary.take(value) : known;
    if (isText) slab[at + FLAGS]! |= HAS_TEXTS;
    slab[at + VALUE_COUNT] = count + 1;
  }

  /** Where the values begin that have room for one more. */
  #makeRoom(slab: Float64Array, at: number, count: number): number {
    const start = slab[at + VALUES]!;
    if (count > 0 && count < roomFor(count)) return start;
    const wider = this.#values.take(roomFor(count + 1));
    slab[at + VALUES] = wider;
    if (count === 0) return wider;
    const from = start & this.#values.mask;
    this.#values.slabs[wider >>> VALUES_SHIFT]!.set(
      this.#values.slabs[start >>> VALUES_SHIFT]!.subarray(from, from + count), wider & this.#values.mask);
    this.#values.free(start, roomFor(count));
    return wider;
  }
}

/** Reads the rows of tiles one after the other, without an object for each. */
export class TileCursor implements Tile {
  readonly #rows: TileRows;
  #row = 0;
  #slab: Float64Array = NO_ROWS;
  #at = 0;

  constructor(rows: TileRows) {
    this.#rows = rows;
  }

  move(row: number): this {
    const { slabs, shift, mask, width } = this.#rows.rows;
    this.#row = row;
    this.#slab = slabs[row >>> shift]!;
    this.#at = (row & mask) * width;
    return this;
  }

  get firstMs(): number { return this.#slab[this.#at + FIRST]!; }
  get lastMs(): number { return this.#slab[this.#at + LAST]!; }
  get events(): number { return this.#slab[this.#at + EVENTS]!; }
  get valued(): number { return this.#slab[this.#at + VALUED]!; }
  get sumAbove(): number { return this.#slab[this.#at + ABOVE]!; }
  get sumBelow(): number { return this.#slab[this.#at + BELOW]!; }
  get min(): number { return this.#slab[this.#at + MIN]!; }
  get max(): number { return this.#slab[this.#at + MAX]!; }
  get values(): readonly (number | string)[] | undefined { return this.#rows.values(this.#row); }
  get unlisted(): number { return this.#slab[this.#at + UNLISTED]!; }
  get known(): boolean { return (this.#slab[this.#at + FLAGS]! & KNOWN) !== 0; }

  /** A copy that stays, its members in the order in which a saved state has them. */
  get copy(): Tile {
    const { firstMs, lastMs, events, valued, sumAbove, sumBelow, min, max, values, unlisted, known } = this;
    return { firstMs, lastMs, events, valued, sumAbove, sumBelow, min, max, values, unlisted, known };
  }
}

const NO_ROWS = new Float64Array(WIDTH);
