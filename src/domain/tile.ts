/**
 * What is left of events that an entity's log no longer keeps one by one: for one feature, figures over a
 * stretch of event time. Merging two neighbours gives what one tile over both would have been, so any two may
 * become one.
 */
export interface Tile {
  /** t of the oldest and of the newest event that may count. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Events that may count. */
  readonly events: number;
  /** Of those, events that have the value. */
  readonly valued: number;
  /** Sums of the values above and below zero; beyond 2^53 - 1 they are only known to be large. */
  readonly sumAbove: number;
  readonly sumBelow: number;
  readonly min: number;
  readonly max: number;
  /** Different values, up to TILE_VALUE_COUNT_MAX; undefined where the feature does not ask. */
  readonly values: readonly (number | string)[] | undefined;
  /** Events whose value found no place in `values`. */
  readonly unlisted: number;
  /** False where the events left before the feature was known: then only `events` and the times are right. */
  readonly known: boolean;
}

export const TILE_VALUE_COUNT_MAX = 64;

/** Who is told different values: numbers, or texts by their codes in the columns. */
export interface ValueListener {
  number(value: number): void;
  code(code: number): void;
}

/** Tiles in order of time. `at` may give the same object each time: it tells of the tile asked for last. */
export interface Tiles {
  readonly count: number;
  at(index: number): Tile;
  /** Tells the different values of a tile, in the order in which they came; none where it does not know. */
  tellValues(index: number, to: ValueListener): void;
}

/** A tile of which nothing is known but how many events it has, and when. */
export const unknownTile = (firstMs: number, lastMs: number, events: number): Tile => ({
  firstMs, lastMs, events, valued: events, sumAbove: 0, sumBelow: 0, min: Infinity, max: -Infinity,
  values: undefined, unlisted: events, known: false,
});
