import { float64s } from './growing-array.ts';

const RECORD_COUNT_MAX = 2 ** 31;

/**
 * Blocks of records, each of `width` numbers, in large arrays outside V8's heap. An arena grows by another
 * slab and copies nothing. Records are numbered through all slabs; no block crosses from one into the next.
 */
export class SlabArena {
  readonly slabs: Float64Array[] = [];
  readonly width: number;
  /** Of record `n`: its slab is `n >>> shift`, and it begins there at `(n & mask) * width`. */
  readonly shift: number;
  readonly mask: number;
  #used: number;
  /** The block of a length that was freed last, plus one; each has the one before in its first number. */
  readonly #freed = new Map<number, number>();

  /** A slab holds 2^shift records. */
  constructor(width: number, shift: number) {
    this.width = width;
    this.shift = shift;
    this.mask = 2 ** shift - 1;
    this.#used = 2 ** shift;
  }

  get bytes(): number {
    return this.slabs.length * 2 ** this.shift * this.width * Float64Array.BYTES_PER_ELEMENT;
  }

  /** The first record of a block of `length` records, which hold anything. */
  take(length: number): number {
    const freed = this.#freed.get(length) ?? 0;
    if (freed > 0) {
      const start = freed - 1;
      this.#freed.set(length, this.slabs[start >>> this.shift]![(start & this.mask) * this.width]!);
      return start;
    }
    if (this.#used + length > 2 ** this.shift) this.#addSlab(length);
    const start = (this.slabs.length - 1) * 2 ** this.shift + this.#used;
    this.#used += length;
    return start;
  }

  free(start: number, length: number): void {
    this.slabs[start >>> this.shift]![(start & this.mask) * this.width] = this.#freed.get(length) ?? 0;
    this.#freed.set(length, start + 1);
  }

  #addSlab(length: number): void {
    const records = 2 ** this.shift;
    if (length > records) throw new RangeError(`a block of ${length} records, in slabs of ${records}`);
    if ((this.slabs.length + 1) * records > RECORD_COUNT_MAX) {
      throw new RangeError(`more than ${RECORD_COUNT_MAX} records in one arena`);
    }
    this.slabs.push(float64s(records * this.width));
    this.#used = 0;
  }
}
