/** What is kept of events that leave the logs, plainly: objects and sets. The store is held against it. */
import { LIMITS } from '#domain/limits.ts';
import { TILE_VALUE_COUNT_MAX, type Tile } from '#domain/tile.ts';
import type { TilePlan } from '#ports/window-store.ts';

type NaiveTile = { -readonly [Key in keyof Omit<Tile, 'values'>]: Tile[Key] } & {
  values: Set<number | string> | undefined;
};

export const emptyTile = (withValues: boolean): NaiveTile => ({
  firstMs: Infinity, lastMs: -Infinity, events: 0, valued: 0, sumAbove: 0, sumBelow: 0,
  min: Infinity, max: -Infinity, values: withValues ? new Set() : undefined, unlisted: 0, known: true,
});

export function addToTile(tile: NaiveTile, tMs: number, value: number | string | undefined): void {
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

function list(tile: NaiveTile, values: Set<number | string>, value: number | string): void {
  if (values.has(value)) return;
  if (values.size < TILE_VALUE_COUNT_MAX) values.add(value);
  else tile.unlisted++;
}

function mergeTiles(older: NaiveTile, newer: NaiveTile): NaiveTile {
  const merged: NaiveTile = {
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

/** The tile an event belongs to. */
function tileFor(tiles: NaiveTile[], tMs: number, { hopMs, withValues }: TilePlan): NaiveTile {
  const hop = Math.floor(tMs / hopMs);
  let at = tiles.length - 1;
  while (at >= 0 && Math.floor(tiles[at]!.firstMs / hopMs) > hop) at--;
  if (at >= 0 && Math.floor(tiles[at]!.lastMs / hopMs) >= hop) return tiles[at]!;
  const tile = emptyTile(withValues);
  tiles.splice(at + 1, 0, tile);
  if (tiles.length <= LIMITS.tilesPerFeatureMax) return tile;
  // The event's time goes in first: merging needs to know where the tile stands.
  tile.firstMs = tMs;
  tile.lastMs = tMs;
  const [oldest, second] = tiles.splice(0, 2);
  const merged = mergeTiles(oldest!, second!);
  tiles.unshift(merged);
  return oldest === tile || second === tile ? merged : tile;
}

/** Everything that left the log of one entity. */
export class NaiveHot {
  firstMs = Infinity;
  lastMs = -Infinity;
  events = 0;
  readonly #byPlan = new Map<string, NaiveTile[]>();

  /** Plans that are not in force any more. */
  keepOnly(fingerprints: ReadonlySet<string>): void {
    for (const known of this.#byPlan.keys()) if (!fingerprints.has(known)) this.#byPlan.delete(known);
  }

  absorb(plans: readonly TilePlan[], row: number, tMs: number, seenFromMs: number): void {
    for (const plan of plans) {
      const tiles = this.#tiles(plan.fingerprint);
      this.#byPlan.set(plan.fingerprint, tiles);
      if (plan.admits(row)) addToTile(tileFor(tiles, tMs, plan), tMs, plan.valueAt(row));
      while (tiles.length > 0 && tiles[0]!.lastMs <= seenFromMs - plan.keepMs) tiles.shift();
    }
    this.firstMs = Math.min(this.firstMs, tMs);
    this.lastMs = Math.max(this.lastMs, tMs);
    this.events++;
  }

  /** As a store saves it. */
  get saved(): object {
    const { firstMs, lastMs, events } = this;
    const byPlan = [...this.#byPlan].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return { firstMs, lastMs, events, byPlan: byPlan.map(([plan]) => [plan, this.tiles(plan)]) };
  }

  tiles(fingerprint: string): readonly Tile[] {
    return this.#tiles(fingerprint).map((tile) =>
      ({ ...tile, values: tile.values === undefined ? undefined : [...tile.values] }));
  }

  #tiles(fingerprint: string): NaiveTile[] {
    const known = this.#byPlan.get(fingerprint);
    if (known !== undefined) return known;
    if (this.events === 0) return [];
    const { firstMs, lastMs, events } = this;
    return [{ ...emptyTile(false), firstMs, lastMs, events, valued: events, unlisted: events, known: false }];
  }
}
