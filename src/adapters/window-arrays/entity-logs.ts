/**
 * One log per entity: the rows of its events by t, those of one t in the order in which they were put in,
 * and their t, in a block of an arena. An entity is a tenant, an indexed field and a value, each a small
 * number. Most entities have a handful of events, so a log costs no object: its header is a line of some
 * typed arrays, its rows a block of 2, 4, ... 8,192 entries.
 */
import type { LogBlocks } from '#domain/history.ts';
import { EntityBlocks } from './entity-blocks.ts';
import { float64s, int32s, uint16s, uint32s, uint8s, withRoom } from './growing-array.ts';

const ARENA_SHIFT = 16;
const ARENA_ENTRIES = 1 << ARENA_SHIFT;
const ARENA_MASK = ARENA_ENTRIES - 1;
const BLOCK_CLASS_MIN = 1;
const BLOCK_ENTRIES_MAX = 8_192;
const BLOCK_CLASS_MAX = Math.log2(BLOCK_ENTRIES_MAX);

export const NO_ENTITY = -1;

/** When a log has blocks, and how large they are: see `LogBlocks`. */
export interface BlockOptions {
  readonly scannedEventsMax: number;
  /** A power of two. */
  readonly blockEventsMax: number;
}

export class EntityLogs {
  readonly #options: BlockOptions;
  /** By field, of long logs alone. */
  readonly #entityBlocks: (EntityBlocks | undefined)[] = [];
  readonly #arenas: Uint32Array[] = [];
  /** t of each row, at the same place. */
  readonly #times: Float64Array[] = [];
  #arenaUsed = ARENA_ENTRIES;
  /**
   * By class, the block freed last: its start in the arenas laid end to end, plus one. Each has the one
   * before as its first row.
   */
  readonly #freeBlocks = uint32s(BLOCK_CLASS_MAX + 1);

  /** Open addressing, linear probing: entity + 1, or 0. The length is a power of two. */
  #table = int32s(64);
  #tenants = uint32s(64);
  #fields = uint8s(64);
  #codes = uint32s(64);
  #blocks = uint32s(64);
  #classes = uint8s(64);
  #froms = uint16s(64);
  #counts = uint16s(64);
  /** The number of a long log in the blocks of its field, plus one. */
  #longs = uint32s(64);
  /** The entity freed last, plus one; each has the one before as its block, and no events. */
  #freed = 0;
  #freedCount = 0;
  #used = 0;

  constructor(options: BlockOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#used - this.#freedCount;
  }

  get bytes(): number {
    const blocks = this.#entityBlocks.reduce((sum, one) => sum + (one?.bytes ?? 0), 0);
    return this.#arenas.length * ARENA_ENTRIES * 12 + this.#table.byteLength + this.#tenants.length * 22
      + blocks;
  }

  count(entity: number): number {
    return this.#counts[entity]!;
  }

  /** The array that holds the entity's rows, and where they stand in it. */
  arena(entity: number): Uint32Array {
    return this.#arenas[this.#blocks[entity]! >>> ARENA_SHIFT]!;
  }

  times(entity: number): Float64Array {
    return this.#times[this.#blocks[entity]! >>> ARENA_SHIFT]!;
  }

  from(entity: number): number {
    return (this.#blocks[entity]! & ARENA_MASK) + this.#froms[entity]!;
  }

  blocks(entity: number): LogBlocks | undefined {
    if (this.#counts[entity]! <= this.#options.scannedEventsMax) return undefined;
    return this.#blocksOf(entity).of(this.#longs[entity]! - 1);
  }

  /** Those of the entity's field. */
  #blocksOf(entity: number): EntityBlocks {
    return this.#entityBlocks[this.#fields[entity]!] ??=
      new EntityBlocks(this.#options.blockEventsMax, BLOCK_ENTRIES_MAX);
  }

  /** A status or label of the row changed. */
  touch(entity: number, row: number, t: number): void {
    const long = this.#longs[entity]! - 1;
    if (long >= 0) this.#blocksOf(entity).touch(long, this.#placeOf(entity, row, t) - this.from(entity));
  }

  oldest(entity: number): number {
    return this.arena(entity)[this.from(entity)]!;
  }

  oldestTime(entity: number): number {
    return this.times(entity)[this.from(entity)]!;
  }

  find(tenant: number, field: number, code: number): number {
    const mask = this.#table.length - 1;
    for (let slot = hash(tenant, field, code) & mask; ; slot = (slot + 1) & mask) {
      const entity = this.#table[slot]! - 1;
      if (entity === NO_ENTITY) return NO_ENTITY;
      if (this.#codes[entity] === code && this.#fields[entity] === field
        && this.#tenants[entity] === tenant) {
        return entity;
      }
    }
  }

  /** The entity, with an empty log if it is new. An empty log is to be filled or removed at once. */
  open(tenant: number, field: number, code: number): number {
    const known = this.find(tenant, field, code);
    if (known !== NO_ENTITY) return known;
    const entity = this.#takeEntity();
    this.#tenants[entity] = tenant;
    this.#fields[entity] = field;
    this.#codes[entity] = code;
    this.#classes[entity] = BLOCK_CLASS_MIN;
    this.#blocks[entity] = this.#takeBlock(BLOCK_CLASS_MIN);
    this.#froms[entity] = 0;
    this.#counts[entity] = 0;
    if (this.size * 2 > this.#table.length) this.#rehash(this.#table.length * 2);
    else this.#enter(entity);
    return entity;
  }

  /** Puts a row behind all that are not later than t: most come last. */
  insert(entity: number, row: number, t: number): void {
    const count = this.#counts[entity]!;
    if (this.#froms[entity]! + count === 1 << this.#classes[entity]!) this.#makeSpace(entity);
    const arena = this.arena(entity);
    const times = this.times(entity);
    const from = this.from(entity);
    const to = from + count;
    const at = count === 0 || t >= times[to - 1]! ? to : this.#behind(entity, t);
    if (at < to) {
      arena.copyWithin(at + 1, at, to);
      times.copyWithin(at + 1, at, to);
    }
    arena[at] = row;
    times[at] = t;
    this.#counts[entity] = count + 1;
    const long = this.#longs[entity]! - 1;
    if (long >= 0) this.#blocksOf(entity).enter(long, at - from, count + 1);
    else if (count + 1 > this.#options.scannedEventsMax) {
      this.#longs[entity] = this.#blocksOf(entity).open(count + 1) + 1;
    }
  }

  /** Takes a row with this t out; the entity is gone with its last row. Returns false then. */
  remove(entity: number, row: number, t: number): boolean {
    const count = this.#counts[entity]!;
    const arena = this.arena(entity);
    const from = this.from(entity);
    const long = this.#longs[entity]! - 1;
    if (arena[from] === row) {
      this.#froms[entity]! += 1;
      if (long >= 0) this.#blocksOf(entity).leave(long, 0, count);
    } else {
      const at = this.#placeOf(entity, row, t);
      if (long >= 0) this.#blocksOf(entity).leave(long, at - from, count);
      arena.copyWithin(at, at + 1, from + count);
      this.times(entity).copyWithin(at, at + 1, from + count);
    }
    this.#counts[entity] = count - 1;
    if (count === 1) {
      this.#drop(entity);
      return false;
    }
    // A log that became long has blocks until it is half as long: it may swing about the limit.
    if ((count - 1) * 2 < this.#options.scannedEventsMax) this.#closeBlocks(entity);
    const size = this.#classes[entity]!;
    if (size > 3 && (count - 1) * 4 <= 1 << size) this.#move(entity, size - 1);
    return true;
  }

  /** Behind all that are not later than t. */
  #behind(entity: number, t: number): number {
    const times = this.times(entity);
    let low = this.from(entity);
    let high = low + this.#counts[entity]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (times[middle]! > t) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #placeOf(entity: number, row: number, t: number): number {
    const arena = this.arena(entity);
    let at = this.#behind(entity, t) - 1;
    while (arena[at] !== row) at--;
    return at;
  }

  /**
   * Room for one more at the end: by moving up where a quarter of the block is free before it, else in a
   * larger one.
   */
  #makeSpace(entity: number): void {
    const size = this.#classes[entity]!;
    const from = this.#froms[entity]!;
    if (from > 0 && (from >= 1 << (size - 2) || size === BLOCK_CLASS_MAX)) {
      const start = this.#blocks[entity]! & ARENA_MASK;
      const end = start + from + this.#counts[entity]!;
      this.arena(entity).copyWithin(start, start + from, end);
      this.times(entity).copyWithin(start, start + from, end);
      this.#froms[entity] = 0;
    } else {
      this.#move(entity, size + 1);
    }
  }

  #move(entity: number, size: number): void {
    const from = this.from(entity);
    const to = from + this.#counts[entity]!;
    const rows = this.arena(entity).subarray(from, to);
    const times = this.times(entity).subarray(from, to);
    const old = this.#blocks[entity]!;
    this.#blocks[entity] = this.#takeBlock(size);
    const start = this.#blocks[entity]! & ARENA_MASK;
    this.arena(entity).set(rows, start);
    this.times(entity).set(times, start);
    this.#freeBlock(old, this.#classes[entity]!);
    this.#classes[entity] = size;
    this.#froms[entity] = 0;
  }

  #takeBlock(size: number): number {
    const freed = this.#freeBlocks[size]! - 1;
    if (freed >= 0) {
      this.#freeBlocks[size] = this.#arenas[freed >>> ARENA_SHIFT]![freed & ARENA_MASK]!;
      return freed;
    }
    if (this.#arenaUsed + (1 << size) > ARENA_ENTRIES) {
      this.#arenas.push(uint32s(ARENA_ENTRIES));
      this.#times.push(float64s(ARENA_ENTRIES));
      this.#arenaUsed = 0;
    }
    const start = (this.#arenas.length - 1) * ARENA_ENTRIES + this.#arenaUsed;
    this.#arenaUsed += 1 << size;
    return start;
  }

  #freeBlock(start: number, size: number): void {
    this.#arenas[start >>> ARENA_SHIFT]![start & ARENA_MASK] = this.#freeBlocks[size]!;
    this.#freeBlocks[size] = start + 1;
  }

  #closeBlocks(entity: number): void {
    if (this.#longs[entity] === 0) return;
    this.#blocksOf(entity).close(this.#longs[entity]! - 1);
    this.#longs[entity] = 0;
  }

  #drop(entity: number): void {
    this.#closeBlocks(entity);
    this.#freeBlock(this.#blocks[entity]!, this.#classes[entity]!);
    const table = this.#table;
    const mask = table.length - 1;
    let slot = this.#home(entity);
    while (table[slot] !== entity + 1) slot = (slot + 1) & mask;
    // What was pushed past the freed slot moves back, so that probing never meets a hole before its aim.
    for (let next = (slot + 1) & mask; table[next] !== 0; next = (next + 1) & mask) {
      const home = this.#home(table[next]! - 1);
      if (((next - home) & mask) < ((next - slot) & mask)) continue;
      table[slot] = table[next]!;
      slot = next;
    }
    table[slot] = 0;
    this.#blocks[entity] = this.#freed;
    this.#freed = entity + 1;
    this.#freedCount++;
  }

  #takeEntity(): number {
    if (this.#freed === 0) {
      this.#makeRoom(this.#used + 1);
      return this.#used++;
    }
    const entity = this.#freed - 1;
    this.#freed = this.#blocks[entity]!;
    this.#freedCount--;
    return entity;
  }

  #home(entity: number): number {
    const home = hash(this.#tenants[entity]!, this.#fields[entity]!, this.#codes[entity]!);
    return home & (this.#table.length - 1);
  }

  #enter(entity: number): void {
    const mask = this.#table.length - 1;
    let slot = this.#home(entity);
    while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
    this.#table[slot] = entity + 1;
  }

  /** The table grows when there are more entities than ever, so none of them is free. */
  #rehash(length: number): void {
    this.#table = int32s(length);
    for (let entity = 0; entity < this.#used; entity++) this.#enter(entity);
  }

  #makeRoom(length: number): void {
    if (length <= this.#tenants.length) return;
    this.#tenants = withRoom(this.#tenants, length, uint32s);
    this.#fields = withRoom(this.#fields, length, uint8s);
    this.#codes = withRoom(this.#codes, length, uint32s);
    this.#blocks = withRoom(this.#blocks, length, uint32s);
    this.#classes = withRoom(this.#classes, length, uint8s);
    this.#froms = withRoom(this.#froms, length, uint16s);
    this.#counts = withRoom(this.#counts, length, uint16s);
    this.#longs = withRoom(this.#longs, length, uint32s);
  }
}

function hash(tenant: number, field: number, code: number): number {
  let mixed = Math.imul(code, 0x9e3779b1) ^ Math.imul(tenant * 16 + field, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3ce5);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
