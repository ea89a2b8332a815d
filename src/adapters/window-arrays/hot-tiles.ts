/** Entities with more events than are kept one by one: what became of the oldest. See docs/adr/0002. */
import type { EventSchema } from '#domain/field.ts';
import type { TiledPast } from '#domain/history.ts';
import { LIMITS } from '#domain/limits.ts';
import { addToTile, emptyTile, mergeTiles, unknownTile, type Tile } from '#domain/tile.ts';
import type { TilePlan } from '#ports/window-store.ts';

/** Everything that left the log of one entity. */
class Hot implements TiledPast {
  firstMs = Infinity;
  lastMs = -Infinity;
  events = 0;
  readonly byPlan = new Map<string, Tile[]>();

  tiles(fingerprint: string): Tile[] {
    const known = this.byPlan.get(fingerprint);
    if (known !== undefined) return known;
    return this.events === 0 ? [] : [unknownTile(this.firstMs, this.lastMs, this.events)];
  }

  /** Takes in an event that leaves the log. Tiles that no window can reach any more are dropped. */
  absorb(plans: readonly TilePlan[], row: number, tMs: number, seenFromMs: number): void {
    for (const plan of plans) {
      const tiles = this.tiles(plan.fingerprint);
      this.byPlan.set(plan.fingerprint, tiles);
      if (plan.admits(row)) addToTile(tileFor(tiles, tMs, plan), tMs, plan.valueAt(row));
      while (tiles.length > 0 && tiles[0]!.lastMs <= seenFromMs - plan.keepMs) tiles.shift();
    }
    this.firstMs = Math.min(this.firstMs, tMs);
    this.lastMs = Math.max(this.lastMs, tMs);
    this.events++;
  }
}

/** The tile an event belongs to. Tiles are in order of time and share no hop. */
function tileFor(tiles: Tile[], tMs: number, { hopMs, withValues }: TilePlan): Tile {
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

export interface SavedHot {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly events: number;
  readonly byPlan: readonly (readonly [string, readonly Tile[]])[];
}

export class HotTiles {
  readonly #schema: EventSchema;
  readonly #hot = new Map<number, Hot>();
  #plans = new Map<number, TilePlan[]>();

  constructor(schema: EventSchema) {
    this.#schema = schema;
  }

  get size(): number {
    return this.#hot.size;
  }

  /** An estimate: tiles with their texts counted in the dictionary. */
  get bytes(): number {
    let tiles = 0;
    for (const hot of this.#hot.values()) for (const list of hot.byPlan.values()) tiles += list.length;
    return tiles * 160;
  }

  register(plans: readonly TilePlan[]): void {
    const fingerprints = new Set(plans.map((plan) => plan.fingerprint));
    this.#plans = new Map();
    for (const plan of new Map(plans.map((one) => [one.fingerprint, one])).values()) {
      const field = this.#schema.fields.findIndex(({ path }) => path === plan.field.path);
      this.#plans.set(field, [...(this.#plans.get(field) ?? []), plan]);
    }
    for (const hot of this.#hot.values()) {
      for (const known of hot.byPlan.keys()) if (!fingerprints.has(known)) hot.byPlan.delete(known);
    }
  }

  /** An event leaves the log of an entity; `seenFromMs` is the earliest t that a judgement may still have. */
  absorb(entity: number, field: number, row: number, tMs: number, seenFromMs: number): void {
    let hot = this.#hot.get(entity);
    if (hot === undefined) this.#hot.set(entity, (hot = new Hot()));
    hot.absorb(this.#plans.get(field) ?? [], row, tMs, seenFromMs);
  }

  of(entity: number): TiledPast | undefined {
    return this.#hot.size === 0 ? undefined : this.#hot.get(entity);
  }

  drop(entity: number): void {
    this.#hot.delete(entity);
  }

  save(entity: number): SavedHot | undefined {
    const hot = this.#hot.get(entity);
    if (hot === undefined) return undefined;
    const { firstMs, lastMs, events } = hot;
    const byPlan = [...hot.byPlan].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return { firstMs, lastMs, events, byPlan };
  }

  load(entity: number, saved: SavedHot): void {
    const hot = new Hot();
    hot.firstMs = saved.firstMs;
    hot.lastMs = saved.lastMs;
    hot.events = saved.events;
    for (const [fingerprint, tiles] of saved.byPlan) hot.byPlan.set(fingerprint, [...tiles]);
    this.#hot.set(entity, hot);
  }
}
