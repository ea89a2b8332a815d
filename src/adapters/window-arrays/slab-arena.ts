import { float64s } from './growing-array.ts';

const RECORD_COUNT_MAX = 2 ** 31;
const FIRST_RECORDS = 512;

/**
 * Blocks of records, each of `width` numbers, in large arrays outside V8's heap. An arena grows by another
 * slab and copies nothing; a slab has room for twice as many records as the one before, up to 2^shift, for a
 * small store is to stay small, and a large one to have few arrays. No block crosses from one into the next.
 */
export class SlabArena {
  readonly slabs: Float64Array[] = [];
  readonly width: number;
  /** Of record `n`: its slab is `n >>> shift`, and it begins there at `(n & mask) * width`. */
  readonly shift: number;
  readonly mask: number;
  /** Records of the latest slab: those that were given out, and all. */
  #used = 0;
  #room = 0;
  #bytes = 0;
  /** The block of a length that was freed last, plus one; each has the one before in its first number. */
  readonly #freed = new Map<number, number>();

  constructor(width: number, shift: number) {
    this.width = width;
    this.shift = shift;
    this.mask = 2 ** shift - 1;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The first record of a block of `length` records, which hold anything. */
  take(length: number): number {
    const freed = this.#freed.get(length) ?? 0;
    if (freed > 0) {
      const start = freed - 1;
      this.#freed.set(length, this.slabs[start >>> this.shift]![(start & this.mask) * this.width]!);
      return start;
    }
    if (this.#used + length > this.#room) this.#addSlab(length);
    const start = (this.slabs.length - 1) * 2 ** this.shift + this.#used;
    this.#used += length;
    return start;
  }

  free(start: number, length: number): void {
    this.slabs[start >>> this.shift]![(start & this.mask) * this.width] = this.#freed.get(length) ?? 0;
    this.#freed.set(length, start + 1);
  }

  #addSlab(length: number): void {
    const most = 2 ** this.shift;
    if (length > most) throw new RangeError(`a block of ${length} records, in slabs of ${most}`);
    if ((this.slabs.length + 1) * most > RECORD_COUNT_MAX) {
      throw new RangeError(`more than ${RECORD_COUNT_MAX} records in one arena`);
    }
    let room = Math.min(most, FIRST_RECORDS * 2 ** Math.min(this.slabs.length, this.shift));
    while (room < length) room *= 2;
    const slab = float64s(room * this.width);
    this.slabs.push(slab);
    this.#used = 0;
    this.#room = room;
    this.#bytes += slab.byteLength;
  }
}
