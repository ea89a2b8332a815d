import type { LogBlocks } from '#domain/history.ts';
import { float64s } from './growing-array.ts';

const RING_BLOCKS_MIN = 4;

/**
 * The versions of the blocks of one long log. It belongs to the log while that is long, and is no part of the
 * saved state: readers keep what they made of a block, with the version it had.
 */
export class EntityBlocks implements LogBlocks {
  readonly events: number;
  first = 0;
  versions: Float64Array = float64s(RING_BLOCKS_MIN);
  readonly #shift: number;
  #version = 0;

  constructor(events: number, count: number) {
    this.events = events;
    this.#shift = Math.log2(events);
    if (!Number.isInteger(this.#shift)) throw new RangeError(`a block of ${events} events: no power of two`);
    this.change(0, count);
  }

  /** The oldest event left. */
  leave(): void {
    this.first++;
    if (this.first === this.versions.length * this.events) this.first = 0;
  }

  /** Events from `index` on, counted from the oldest, are others than they were, or stand elsewhere. */
  change(index: number, count: number): void {
    this.#version++;
    this.#makeRoom(count);
    const { versions } = this;
    const last = (this.first + count - 1) >>> this.#shift;
    for (let block = (this.first + index) >>> this.#shift; block <= last; block++) {
      versions[block < versions.length ? block : block - versions.length] = this.#version;
    }
  }

  /** A ring of another length: all blocks begin anew. */
  #makeRoom(count: number): void {
    const needed = Math.ceil(((this.first & (this.events - 1)) + count) / this.events);
    if (needed <= this.versions.length) return;
    this.versions = float64s(Math.ceil(needed * 1.25)).fill(this.#version);
  }
}
