/**
 * What is left of events that an entity's log no longer keeps one by one: for one feature, figures over a
 * stretch of event time. Merging two neighbours gives what one tile over both would have been, so any two may
 * become one.
 */
export interface Tile {
  /** t of the oldest and of the newest event that may count. */
  firstMs: number;
  lastMs: number;
  /** Events that may count. */
  events: number;
  /** Of those, events that have the value. */
  valued: number;
  /** Sums of the values above and below zero; beyond 2^53 - 1 they are only known to be large. */
  sumAbove: number;
  sumBelow: number;
  min: number;
  max: number;
  /** Different values, up to TILE_VALUE_COUNT_MAX; undefined where the feature does not ask. */
  values: Set<number | string> | undefined;
  /** Events whose value found no place in `values`. */
  unlisted: number;
  /** False where the events left before the feature was known: then only `events` and the times are right. */
  readonly known: boolean;
}

const TILE_VALUE_COUNT_MAX = 64;

export const emptyTile = (withValues: boolean): Tile => ({
  firstMs: Infinity, lastMs: -Infinity, events: 0, valued: 0, sumAbove: 0, sumBelow: 0,
  min: Infinity, max: -Infinity, values: withValues ? new Set() : undefined, unlisted: 0, known: true,
});

/** A tile of which nothing is known but how many events it has, and when. */
export const unknownTile = (firstMs: number, lastMs: number, events: number): Tile =>
  ({ ...emptyTile(false), firstMs, lastMs, events, valued: events, unlisted: events, known: false });

/** Takes one event in; a missing value is NaN or undefined. */
export function addToTile(tile: Tile, tMs: number, value: number | string | undefined): void {
  tile.firstMs = Math.min(tile.firstMs, tMs);
  tile.lastMs = Math.max(tile.lastMs, tMs);
  tile.events++;
  if (value === undefined || Number.isNaN(value)) return;
  tile.valued++;
  if (typeof value === 'number') {
    if (value > 0) tile.sumAbove += value;
    else tile.sumBelow += value;
    tile.min = Math.min(tile.min, value);
    tile.max = Math.max(tile.max, value);
  }
  if (tile.values !== undefined) list(tile, tile.values, value);
}

function list(tile: Tile, values: Set<number | string>, value: number | string): void {
  if (values.has(value)) return;
  if (values.size < TILE_VALUE_COUNT_MAX) values.add(value);
  else tile.unlisted++;
}

export function mergeTiles(older: Tile, newer: Tile): Tile {
  const merged: Tile = {
    firstMs: Math.min(older.firstMs, newer.firstMs),
    lastMs: Math.max(older.lastMs, newer.lastMs),
    events: older.events + newer.events,
    valued: older.valued + newer.valued,
    sumAbove: older.sumAbove + newer.sumAbove,
    sumBelow: older.sumBelow + newer.sumBelow,
    min: Math.min(older.min, newer.min),
    max: Math.max(older.max, newer.max),
    values: older.values === undefined || newer.values === undefined ? undefined : new Set(newer.values),
    unlisted: older.unlisted + newer.unlisted,
    known: older.known && newer.known,
  };
  if (merged.values === undefined) return merged;
  for (const value of older.values ?? []) list(merged, merged.values, value);
  return merged;
}
