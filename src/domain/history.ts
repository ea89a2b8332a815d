import type { Tiles } from './tile.ts';

/**
 * What the window store shows of the past: columns of event values by row, and for one entity the rows of its
 * events.
 *
 * Pages hold PAGE_ROWS rows; `numbers[slot][row >>> PAGE_SHIFT][row & PAGE_MASK]`. The outer arrays are the
 * same objects for the life of the store, so generated code may capture them; inner pages it may not: a page
 * that had nothing but missing values is shared until the first value comes.
 */
export const PAGE_SHIFT = 12;
export const PAGE_ROWS = 1 << PAGE_SHIFT;
export const PAGE_MASK = PAGE_ROWS - 1;

export interface Columns {
  /** By number slot; NaN is missing. Slots of fields without history have an empty page list. */
  readonly numbers: readonly Float64Array[][];
  /** By text slot; a code into `texts`, 0 is missing. */
  readonly codes: readonly Uint32Array[][];
  /** Code to text; entry 0 is undefined. Grows in place. */
  readonly texts: (string | undefined)[];
  /** Arrival position by row, the tie-break of equal t. */
  readonly positions: Float64Array[];
}

/** The exact part of one entity's log: rows sorted by (t, position), oldest first, in `rows[from .. to)`. */
export interface EntityLog {
  readonly rows: Uint32Array;
  /** t of each row, at the same index: most windows end before anything else of a row is read. */
  readonly times: Float64Array;
  readonly from: number;
  readonly to: number;
  /** Set where the entity had more events than are kept one by one: the oldest are summed up in tiles. */
  readonly tiled?: TiledPast | undefined;
  /** Set where the log is long: what was made of whole blocks of it may be kept, until it is stale. */
  readonly blocks?: LogBlocks | undefined;
}

/**
 * A long log in blocks of `events` (a power of two) events each, in the order of the log. Blocks stand in a
 * ring of `length` places, which begins at `start` of an array of versions: the event at `from` has place
 * `first` in the ring, counted in events, the next one `first + 1`, and so on around. Taking the oldest event
 * off moves no other; one that comes or goes further on moves those before it or those after it.
 *
 * Many logs of one indexed field share `versions`, which is the `slab`th such array of the field: a reader
 * may keep what it made of a block in an array of the same shape.
 *
 * INVARIANT: whatever changes which events stand in a block, or a status or label of one of them, changes the
 * block's version, and no version comes again in its place, whichever log has the place by then. No version
 * is 0. What leaves at the old end changes none: a block whose first place is before `first` is no longer
 * whole.
 */
export interface LogBlocks {
  readonly events: number;
  readonly first: number;
  readonly versions: Float64Array;
  readonly slab: number;
  readonly start: number;
  readonly length: number;
}

/**
 * The events that left an entity's log. None of them is in `rows`, and `rows` and they are all there were.
 * Like the log it is valid until the next append.
 */
export interface TiledPast {
  /** t of the newest event that left: windows that begin at or after it do not miss any. */
  readonly lastMs: number;
  /** Tiles of a feature by the fingerprint of its plan, oldest first; one unknown tile where it has none. */
  tiles(fingerprint: string): Tiles;
}
