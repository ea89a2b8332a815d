import { LIMITS } from '#domain/limits.ts';
import type { Tile, Tiles, ValueListener } from '#domain/tile.ts';
import type { TilePlan } from '#ports/window-store.ts';
import { int32s } from './growing-array.ts';
import { TileCursor, type TileRows } from './tile-rows.ts';

// What stands for the list of one hot entity, in this order.
/** Rows of the list's block plus one; 1: it is empty and has no block; 0: nothing is known of the entity. */
const ROOM = 0;
/** The first row of the block. */
const BLOCK = 1;
/** Rows from the start of the block to the oldest tile: the block is a ring. */
const OLDEST = 2;
const COUNT = 3;
const HEADER = 4;

const PAGE_SHIFT = 10;
const PAGE_HEADERS = 1 << PAGE_SHIFT;
const ROOM_MIN = 4;

const NO_HEADER: Int32Array = int32s(HEADER);

/** What has left the log of an entity, for those of which nothing better is known. */
export interface Left { readonly firstMs: number; readonly lastMs: number; readonly events: number }

/** The tiles of one feature: for each hot entity of a field, by its number, a list by time. */
export class TileLists {
  readonly #rows: TileRows;
  readonly #pages: Int32Array[] = [];
  readonly #brief: TileList;

  constructor(rows: TileRows) {
    this.#rows = rows;
    this.#brief = new TileList(rows);
  }

  get bytes(): number {
    return this.#pages.length * PAGE_HEADERS * HEADER * Int32Array.BYTES_PER_ELEMENT;
  }

  of(hot: number): TileList {
    return this.#show(hot, new TileList(this.#rows));
  }

  /** The same view each time: for who is done with it at once. */
  briefly(hot: number): TileList {
    return this.#show(hot, this.#brief);
  }

  dropAll(): void {
    for (let hot = 0; hot < this.#pages.length * PAGE_HEADERS; hot++) this.briefly(hot).drop();
  }

  #show(hot: number, list: TileList): TileList {
    while (this.#pages.length <= hot >>> PAGE_SHIFT) this.#pages.push(int32s(PAGE_HEADERS * HEADER));
    return list.show(this.#pages[hot >>> PAGE_SHIFT]!, (hot & (PAGE_HEADERS - 1)) * HEADER);
  }
}

/** A view of the list of one entity. */
export class TileList implements Tiles {
  readonly #rows: TileRows;
  readonly #cursor: TileCursor;
  #header = NO_HEADER;
  #at = 0;

  constructor(rows: TileRows) {
    this.#rows = rows;
    this.#cursor = new TileCursor(rows);
  }

  show(header: Int32Array, at: number): this {
    this.#header = header;
    this.#at = at;
    return this;
  }

  /** False where nothing is known of the entity: its events left before the feature was. */
  get isKnown(): boolean {
    return this.#header[this.#at + ROOM]! > 0;
  }

  get count(): number {
    return this.#header[this.#at + COUNT]!;
  }

  at(index: number): Tile {
    return this.#cursor.move(this.#row(index));
  }

  tellValues(index: number, to: ValueListener): void {
    this.#rows.tellValues(this.#row(index), to);
  }

  get copies(): readonly Tile[] {
    return Array.from({ length: this.count }, (_, index) => this.#cursor.move(this.#row(index)).copy);
  }

  /** Now the entity is known, and has no tile. */
  open(): void {
    this.#header[this.#at + ROOM] = 1;
  }

  drop(): void {
    if (!this.isKnown) return;
    for (let i = 0; i < this.count; i++) this.#rows.release(this.#row(i));
    this.#header[this.#at + COUNT] = 0;
    this.#resize(0);
    this.#header[this.#at + ROOM] = 0;
  }

  /** Puts a tile behind the others. */
  push(tile: Tile): void {
    this.#rows.load(this.#insert(this.count), tile);
  }

  /** Takes in an event that the plan admits. */
  add(plan: TilePlan, tMs: number, value: number | string | undefined): void {
    this.#rows.add(this.#rowFor(tMs, plan), tMs, value);
  }

  /** Drops the tiles that have no event after a time. */
  dropUpTo(ms: number): void {
    while (this.count > 0 && this.#rows.lastMs(this.#row(0)) <= ms) this.#dropOldest();
  }

  get #room(): number {
    return this.#header[this.#at + ROOM]! - 1;
  }

  #row(index: number): number {
    return this.#header[this.#at + BLOCK]!
      + ((this.#header[this.#at + OLDEST]! + index) & (this.#room - 1));
  }

  /** The row of the tile an event belongs to. Tiles are in order of time and share no hop. */
  #rowFor(tMs: number, { hopMs, withValues }: TilePlan): number {
    const rows = this.#rows;
    const hop = Math.floor(tMs / hopMs);
    let at = this.count - 1;
    while (at >= 0 && Math.floor(rows.firstMs(this.#row(at)) / hopMs) > hop) at--;
    if (at >= 0 && Math.floor(rows.lastMs(this.#row(at)) / hopMs) >= hop) return this.#row(at);
    if (this.count >= LIMITS.tilesPerFeatureMax) {
      // The two oldest become one. Where the new tile would be one of them, the other takes its event.
      if (at < 1) return this.#row(0);
      rows.merge(this.#row(0), this.#row(1));
      this.#dropOldest();
      at--;
    }
    const row = this.#insert(at + 1);
    rows.clear(row, withValues);
    return row;
  }

  /** A row for a tile at `index`; those behind it stand one further. */
  #insert(index: number): number {
    const count = this.count;
    if (count === this.#room) this.#resize(Math.max(ROOM_MIN, count * 2));
    for (let i = count; i > index; i--) this.#rows.move(this.#row(i - 1), this.#row(i));
    this.#header[this.#at + COUNT] = count + 1;
    return this.#row(index);
  }

  #dropOldest(): void {
    this.#rows.release(this.#row(0));
    this.#header[this.#at + OLDEST] = (this.#header[this.#at + OLDEST]! + 1) & (this.#room - 1);
    const count = --this.#header[this.#at + COUNT]!;
    if (count === 0) this.#resize(0);
    else if (count * 4 <= this.#room && this.#room > ROOM_MIN) this.#resize(this.#room / 2);
  }

  #resize(room: number): void {
    const { rows } = this.#rows;
    const block = room === 0 ? 0 : rows.take(room);
    for (let i = 0; i < this.count; i++) this.#rows.move(this.#row(i), block + i);
    if (this.#room > 0) rows.free(this.#header[this.#at + BLOCK]!, this.#room);
    this.#header[this.#at + ROOM] = room + 1;
    this.#header[this.#at + BLOCK] = block;
    this.#header[this.#at + OLDEST] = 0;
  }
}
