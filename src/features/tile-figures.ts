/** Figures over the tiles that touch a window: those that are certainly in it, and those that may be. */
import type { Tile, Tiles } from '#domain/tile.ts';
import { LIMB, sumOf } from './exact-stats.ts';

export const MOST = Number.MAX_SAFE_INTEGER;

export interface Asked {
  /** The window is (after, upTo]; t is the current event's. */
  readonly after: number;
  readonly upTo: number;
  readonly t: number;
  /** How many events of the stream `last N` may still take. */
  readonly left: number;
  readonly certain: boolean;
  readonly valued: boolean;
}

/** A sum of whole numbers in two limbs: exact, whatever it passes on the way. */
class WholeSum {
  high = 0;
  low = 0;

  /** Of what is beyond 2^53 - 1 no sum is known any more. */
  add(value: number): void {
    const high = Number.isSafeInteger(value) ? Math.floor(value / LIMB) : Number.NaN;
    this.high += high;
    this.low += value - high * LIMB;
  }
}

/** What the parts add up to with a whole number, or NaN where it or one of them is beyond 2^53 - 1. */
export function totalOf(value: number, ...parts: readonly WholeSum[]): number {
  const all = new WholeSum();
  all.add(value);
  for (const { high, low } of parts) {
    all.high += high;
    all.low += low;
  }
  return sumOf(all.high, all.low);
}

export class Figures {
  events = 0;
  valued = 0;
  readonly above = new WholeSum();
  readonly below = new WholeSum();
  min = Infinity;
  max = -Infinity;
  unlisted = 0;
  /** Within the window. */
  firstMs = Infinity;
  lastMs = -Infinity;

  /** Where a tile does not know the values, its figures hold whatever they are. */
  add(tile: Tile, knowsValues: boolean, { after, upTo }: Asked): void {
    const { events } = tile;
    this.events += events;
    this.firstMs = Math.min(this.firstMs, Math.max(tile.firstMs, after + 1));
    this.lastMs = Math.max(this.lastMs, Math.min(tile.lastMs, upTo));
    this.valued += knowsValues ? tile.valued : events;
    this.unlisted += knowsValues ? tile.unlisted : events;
    this.above.add(knowsValues ? tile.sumAbove : Infinity);
    this.below.add(knowsValues ? tile.sumBelow : -Infinity);
    this.min = Math.min(this.min, knowsValues ? tile.min : -MOST);
    this.max = Math.max(this.max, knowsValues ? tile.max : MOST);
  }
}

/** `tell` is told of each tile that knows its values, and whether it is certainly in the window. */
export function touchedBy(
  tiles: Tiles, asked: Asked, tell?: (index: number, isSure: boolean) => void,
): { readonly sure: Figures; readonly maybe: Figures } {
  const { after, upTo, certain, valued } = asked;
  const sure = new Figures();
  const maybe = new Figures();
  for (let index = 0; index < tiles.count; index++) {
    const tile = tiles.at(index);
    const { firstMs, lastMs } = tile;
    if (tile.events === 0 || lastMs <= after || firstMs > upTo) continue;
    const knowsValues = tile.known && valued;
    const isSure = knowsValues && certain && firstMs > after && lastMs <= upTo;
    (isSure ? sure : maybe).add(tile, knowsValues, asked);
    if (knowsValues) tell?.(index, isSure);
  }
  return { sure, maybe };
}
