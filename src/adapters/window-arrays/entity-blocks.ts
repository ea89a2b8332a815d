import type { LogBlocks } from '#domain/history.ts';
import { uint16s, uint32s, withRoom } from './growing-array.ts';
import { SlabArena } from './slab-arena.ts';

const RING_BLOCKS_MIN = 4;
const SLAB_SHIFT_MIN = 14;

/** The shortest ring for so many blocks. A doubling has four lengths, so that few places stay empty. */
function ringLength(blocks: number): number {
  const step = 2 ** (Math.floor(Math.log2(Math.max(blocks, RING_BLOCKS_MIN))) - 2);
  return Math.max(RING_BLOCKS_MIN, Math.ceil(blocks / step) * step);
}

/**
 * The versions of the blocks of all long logs of one indexed field, by the number that a log has here while
 * it is long. They are no part of the saved state: readers keep what they made of a block, with the version
 * it had.
 *
 * INVARIANT: versions are counted through all logs, so that a place that another log had before never has a
 * version again that it had.
 */
export class EntityBlocks {
  readonly #events: number;
  readonly #shift: number;
  readonly #rings: SlabArena;
  #version = 0;

  /** By the number of a long log: where its ring begins, how long it is, and where in it the log begins. */
  #starts = uint32s(64);
  #lengths = uint16s(64);
  #firsts = uint32s(64);
  #used = 0;
  /** The number given up last, plus one; each has the one before as its start. */
  #freed = 0;

  /** Of so many events each, in logs of at most `logEventsMax`. */
  constructor(events: number, logEventsMax: number) {
    this.#events = events;
    this.#shift = Math.log2(events);
    if (!Number.isInteger(this.#shift)) throw new RangeError(`a block of ${events} events: no power of two`);
    const longest = ringLength(Math.ceil(logEventsMax / events) + 1);
    this.#rings = new SlabArena(1, Math.max(SLAB_SHIFT_MIN, Math.ceil(Math.log2(longest))));
  }

  get bytes(): number {
    return this.#rings.bytes + this.#starts.length * 10;
  }

  /** A number for a log that became long. */
  open(count: number): number {
    const long = this.#freed === 0 ? this.#used++ : this.#freed - 1;
    if (this.#freed > 0) this.#freed = this.#starts[long]!;
    this.#starts = withRoom(this.#starts, long + 1, uint32s);
    this.#lengths = withRoom(this.#lengths, long + 1, uint16s);
    this.#firsts = withRoom(this.#firsts, long + 1, uint32s);
    this.#lengths[long] = 0;
    this.#firsts[long] = 0;
    this.#makeRoom(long, count);
    return long;
  }

  close(long: number): void {
    this.#rings.free(this.#starts[long]!, this.#lengths[long]!);
    this.#starts[long] = this.#freed;
    this.#freed = long + 1;
  }

  /** A view, until the log changes. */
  of(long: number): LogBlocks {
    const { shift, mask, slabs } = this.#rings;
    const start = this.#starts[long]!;
    const slab = start >>> shift;
    return {
      events: this.#events, first: this.#firsts[long]!, versions: slabs[slab]!, slab,
      start: start & mask, length: this.#lengths[long]!,
    };
  }

  /**
   * An event came in at `index`, counted from the oldest; they are `count` now. The fewer of the others give
   * way: those before it move one place down, or those after it one up.
   */
  enter(long: number, index: number, count: number): void {
    const isOld = index * 2 < count;
    if (isOld) {
      const first = this.#firsts[long]!;
      this.#firsts[long] = (first === 0 ? this.#lengths[long]! * this.#events : first) - 1;
    }
    this.#makeRoom(long, count);
    if (isOld) this.#renew(long, 0, index + 1);
    else this.#renew(long, index, count);
  }

  /** The event at `index` left; they were `count`. The fewer of the others close the gap. */
  leave(long: number, index: number, count: number): void {
    if (index * 2 >= count) {
      this.#renew(long, index, count);
      return;
    }
    const first = this.#firsts[long]! + 1;
    this.#firsts[long] = first === this.#lengths[long]! * this.#events ? 0 : first;
    if (index > 0) this.#renew(long, 0, index);
  }

  /** The event at `index` is no longer known as it was. */
  touch(long: number, index: number): void {
    this.#renew(long, index, index + 1);
  }

  /** Blocks of the events [from, to), counted from the oldest, are others than they were. */
  #renew(long: number, from: number, to: number): void {
    this.#version++;
    const first = this.#firsts[long]!;
    const length = this.#lengths[long]!;
    const { shift, mask, slabs } = this.#rings;
    const start = this.#starts[long]!;
    const versions = slabs[start >>> shift]!;
    const last = (first + to - 1) >>> this.#shift;
    for (let block = (first + from) >>> this.#shift; block <= last; block++) {
      versions[(start & mask) + (block < length ? block : block - length)] = this.#version;
    }
  }

  /** A ring of another length: all blocks begin anew. */
  #makeRoom(long: number, count: number): void {
    const needed = Math.ceil(((this.#firsts[long]! & (this.#events - 1)) + count) / this.#events);
    const length = this.#lengths[long]!;
    if (needed <= length) return;
    const wider = ringLength(needed);
    if (length > 0) this.#rings.free(this.#starts[long]!, length);
    const start = this.#rings.take(wider);
    const { shift, mask, slabs } = this.#rings;
    slabs[start >>> shift]!.fill(++this.#version, start & mask, (start & mask) + wider);
    this.#starts[long] = start;
    this.#lengths[long] = wider;
  }
}
