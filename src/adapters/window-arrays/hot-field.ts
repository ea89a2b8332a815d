import type { TiledPast } from '#domain/history.ts';
import { unknownTile, type Tile, type Tiles } from '#domain/tile.ts';
import type { TilePlan } from '#ports/window-store.ts';
import { SlabArena } from './slab-arena.ts';
import { TileLists, type Left, type TileList } from './tile-lists.ts';
import type { TileRows } from './tile-rows.ts';

export interface SavedHot extends Left {
  readonly byPlan: readonly (readonly [string, readonly Tile[]])[];
}

// What is known of each entity, in this order: firstMs, lastMs, events.
const LEFT_WIDTH = 3;
const LEFT_SHIFT = 10;

interface Planned { readonly plan: TilePlan; readonly lists: TileLists }

/** Everything that left the logs of the entities of one indexed field. Hot entities have numbers here. */
export class HotField {
  readonly #rows: TileRows;
  readonly #left = new SlabArena(LEFT_WIDTH, LEFT_SHIFT);
  readonly #byPlan = new Map<string, TileLists>();
  #planned: readonly Planned[] = [];

  constructor(rows: TileRows) {
    this.#rows = rows;
  }

  get bytes(): number {
    return [...this.#byPlan.values()].reduce((sum, lists) => sum + lists.bytes, this.#left.bytes);
  }

  /** The plans in force. What was kept for others goes. */
  register(plans: readonly TilePlan[]): void {
    const fingerprints = new Set(plans.map(({ fingerprint }) => fingerprint));
    for (const [fingerprint, lists] of this.#byPlan) {
      if (fingerprints.has(fingerprint)) continue;
      lists.dropAll();
      this.#byPlan.delete(fingerprint);
    }
    this.#planned = plans.map((plan) => ({ plan, lists: this.#listsOf(plan.fingerprint) }));
  }

  open(): number {
    const hot = this.#left.take(1);
    this.#write(hot, { firstMs: Infinity, lastMs: -Infinity, events: 0 });
    return hot;
  }

  drop(hot: number): void {
    for (const lists of this.#byPlan.values()) lists.briefly(hot).drop();
    this.#left.free(hot, 1);
  }

  /** Takes in an event that leaves the log. Tiles that no window can reach any more are dropped. */
  absorb(hot: number, row: number, tMs: number, seenFromMs: number): void {
    for (const { plan, lists } of this.#planned) {
      const list = lists.briefly(hot);
      if (!list.isKnown) this.#begin(hot, list);
      if (plan.admits(row)) list.add(plan, tMs, plan.valueAt(row));
      list.dropUpTo(seenFromMs - plan.keepMs);
    }
    const slab = this.#left.slabs[hot >>> LEFT_SHIFT]!;
    const at = (hot & this.#left.mask) * LEFT_WIDTH;
    slab[at] = Math.min(slab[at]!, tMs);
    slab[at + 1] = Math.max(slab[at + 1]!, tMs);
    slab[at + 2]!++;
  }

  #begin(hot: number, list: TileList): void {
    list.open();
    const { firstMs, lastMs, events } = this.#leftOf(hot);
    if (events > 0) list.push(unknownTile(firstMs, lastMs, events));
  }

  lastMs(hot: number): number {
    return this.#left.slabs[hot >>> LEFT_SHIFT]![(hot & this.#left.mask) * LEFT_WIDTH + 1]!;
  }

  of(hot: number): TiledPast {
    return { lastMs: this.lastMs(hot), tiles: (fingerprint) => this.#tiles(hot, fingerprint) };
  }

  save(hot: number): SavedHot {
    const byPlan = [...this.#byPlan].toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([fingerprint, lists]) => {
        const list = lists.briefly(hot);
        return list.isKnown ? [[fingerprint, list.copies] as const] : [];
      });
    return { ...this.#leftOf(hot), byPlan };
  }

  load(hot: number, { byPlan, ...left }: SavedHot): void {
    this.#write(hot, left);
    for (const [fingerprint, tiles] of byPlan) {
      const list = this.#listsOf(fingerprint).briefly(hot);
      list.open();
      for (const tile of tiles) list.push(tile);
    }
  }

  #tiles(hot: number, fingerprint: string): Tiles {
    const known = this.#byPlan.get(fingerprint)?.of(hot);
    if (known?.isKnown === true) return known;
    const { firstMs, lastMs, events } = this.#leftOf(hot);
    return { count: 1, at: () => unknownTile(firstMs, lastMs, events), tellValues: () => undefined };
  }

  #listsOf(fingerprint: string): TileLists {
    let lists = this.#byPlan.get(fingerprint);
    if (lists === undefined) this.#byPlan.set(fingerprint, (lists = new TileLists(this.#rows)));
    return lists;
  }

  #leftOf(hot: number): Left {
    const slab = this.#left.slabs[hot >>> LEFT_SHIFT]!;
    const at = (hot & this.#left.mask) * LEFT_WIDTH;
    return { firstMs: slab[at]!, lastMs: slab[at + 1]!, events: slab[at + 2]! };
  }

  #write(hot: number, { firstMs, lastMs, events }: Left): void {
    const slab = this.#left.slabs[hot >>> LEFT_SHIFT]!;
    const at = (hot & this.#left.mask) * LEFT_WIDTH;
    slab[at] = firstMs;
    slab[at + 1] = lastMs;
    slab[at + 2] = events;
  }
}
