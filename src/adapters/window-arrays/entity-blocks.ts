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
    this.#makeRoom(count);
    this.#renew(0, count);
  }

  /**
   * An event came in at `index`, counted from the oldest; they are `count` now. The fewer of the others give
   * way: those before it move one place down, or those after it one up.
   */
  enter(index: number, count: number): void {
    const isOld = index * 2 < count;
    if (isOld) this.first = (this.first === 0 ? this.versions.length * this.events : this.first) - 1;
    this.#makeRoom(count);
    if (isOld) this.#renew(0, index + 1);
    else this.#renew(index, count);
  }

  /** The event at `index` left; they were `count`. The fewer of the others close the gap. */
  leave(index: number, count: number): void {
    if (index * 2 >= count) {
      this.#renew(index, count);
      return;
    }
    this.first++;
    if (this.first === this.versions.length * this.events) this.first = 0;
    if (index > 0) this.#renew(0, index);
  }

  /** The event at `index` is no longer known as it was. */
  touch(index: number): void {
    this.#renew(index, index + 1);
  }

  /** Blocks of the events [from, to), counted from the oldest, are others than they were. */
  #renew(from: number, to: number): void {
    this.#version++;
    const { versions } = this;
    const last = (this.first + to - 1) >>> this.#shift;
    for (let block = (this.first + from) >>> this.#shift; block <= last; block++) {
      versions[block < versions.length ? block : block - versions.length] = this.#version;
    }
  }

  /** A ring of another length: all blocks begin anew. */
  #makeRoom(count: number): void {
    const needed = Math.ceil(((this.first & (this.events - 1)) + count) / this.events);
    if (needed <= this.versions.length) return;
    this.versions = float64s(Math.ceil(needed * 1.25)).fill(++this.#version);
  }
}
