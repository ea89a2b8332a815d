/**
 * The value of a feature of which some events are known only in tiles: computed over the events that are
 * certainly in the window, with the bound that the others leave. See
 * docs/adr/0002-hot-entities-fall-to-tiles.md.
 */
import type { MissingReason } from '#domain/missing.ts';
import type { Tile } from '#domain/tile.ts';
import type { Cell } from '#expression/type.ts';
import type { FeatureDefinition } from './definition.ts';
import { wholeAverageOf } from './exact-stats.ts';

/** What the scan of the events kept one by one found. `value` is the sum, extreme, time or deviation. */
export interface ExactFigures {
  readonly events: number;
  readonly value?: Cell;
  readonly values?: Iterable<Cell>;
  readonly min?: number;
  readonly max?: number;
}

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

export interface Bounded {
  /** Undefined: missing for `reason`. */
  readonly cell?: Cell;
  readonly reason?: MissingReason;
  readonly low?: number;
  readonly high?: number;
}

const MOST = Number.MAX_SAFE_INTEGER;
/** More than a few roundings of doubles can err, as a part of the number. */
const SLACK = 2 ** -40;
const clamp = (value: number): number => Math.max(-MOST, Math.min(MOST, value));

/** Figures of the tiles that touch the window: those certainly in it, and those that may be. */
interface Touched { readonly sure: Tile[]; readonly maybe: Tile[] }

function touchedBy(tiles: readonly Tile[], asked: Asked): Touched {
  const sure: Tile[] = [];
  const maybe: Tile[] = [];
  for (const tile of tiles) {
    if (tile.events === 0 || tile.lastMs <= asked.after || tile.firstMs > asked.upTo) continue;
    const inside = asked.certain && tile.known && tile.firstMs > asked.after && tile.lastMs <= asked.upTo;
    (inside && asked.valued ? sure : maybe).push(tile);
  }
  return { sure, maybe };
}

const total = (tiles: readonly Tile[], pick: (tile: Tile) => number): number =>
  tiles.reduce((sum, tile) => sum + pick(tile), 0);

/** Figures that hold whatever an unknown value is. */
function loosely(tiles: readonly Tile[], valued: boolean): readonly Tile[] {
  return tiles.map((tile) => (tile.known && valued ? tile : {
    ...tile, known: false, valued: tile.events, unlisted: tile.events, values: undefined,
    sumAbove: Infinity, sumBelow: -Infinity, min: -MOST, max: MOST,
  }));
}

export function tileBounds(
  definition: FeatureDefinition, exact: ExactFigures, tiles: readonly Tile[], asked: Asked,
): Bounded {
  const touched = touchedBy(tiles, asked);
  const { sure } = touched;
  const maybe = [...loosely(touched.maybe, asked.valued)];
  switch (definition.aggregate) {
    case 'count': case 'exists': {
      const low = exact.events + total(sure, (tile) => tile.events);
      const high = low + Math.min(asked.left, total(maybe, (tile) => tile.events));
      if (definition.aggregate === 'count') return { cell: low, low, high };
      if (low > 0 || high === 0) return { cell: low > 0 ? 2 : 0 };
      return { reason: 'degraded', low: 0, high: 1 };
    }
    case 'sum': return sumBounds(Number(exact.value), sure, maybe);
    case 'avg': return averageBounds(definition, exact, sure, maybe);
    case 'stddev': return deviationBounds(exact, [...sure, ...maybe]);
    case 'min': case 'max': return extremeBounds(definition.aggregate, exact, sure, maybe);
    case 'distinct': return distinctBounds(exact, sure, maybe);
    case 'time_since_last': return newestBounds(exact, sure, maybe, asked);
    case 'first_seen': return oldestBounds(exact, sure, maybe, asked);
    case 'first': case 'histogram': case 'last': {
      // Tiles keep no values in order: only the newest of those kept one by one is certain.
      const open = definition.aggregate !== 'last' || exact.events === 0;
      if (open && total([...sure, ...maybe], (tile) => tile.valued) > 0) return { reason: 'degraded' };
      const none = exact.events === 0 && definition.aggregate !== 'histogram';
      return none ? { reason: 'no_history' } : { cell: exact.value };
    }
  }
}

/**
 * The sum of whole numbers, or NaN where it or one of them is beyond 2^53 - 1. On the way to a sum that fits,
 * doubles may leave the range and come back a unit off: then it is added up again, exactly.
 */
function exactSum(parts: readonly number[]): number {
  let sum = 0;
  let safe = true;
  for (const part of parts) {
    if (!Number.isSafeInteger(part)) return Number.NaN;
    sum += part;
    safe &&= Number.isSafeInteger(sum);
  }
  if (safe) return sum;
  const wide = Number(parts.reduce((so, part) => so + BigInt(part), 0n));
  return Number.isSafeInteger(wide) ? wide : Number.NaN;
}

const sumsOf = (tiles: readonly Tile[]): readonly number[] =>
  tiles.flatMap((tile) => [tile.sumAbove, tile.sumBelow]);

function sumBounds(exact: number, sure: readonly Tile[], maybe: readonly Tile[]): Bounded {
  const sum = exactSum([exact, ...sumsOf(sure)]);
  if (Number.isNaN(sum)) return { reason: 'overflow' };
  const low = exactSum([sum, ...maybe.map((tile) => tile.sumBelow)]);
  const high = exactSum([sum, ...maybe.map((tile) => tile.sumAbove)]);
  // At the very edge of the range a clamped bound would look like certainty.
  if ((Number.isNaN(high) && low === MOST) || (Number.isNaN(low) && high === -MOST)) {
    return { reason: 'overflow' };
  }
  return { cell: sum, low: Number.isNaN(low) ? -MOST : low, high: Number.isNaN(high) ? MOST : high };
}

function averageBounds(
  definition: FeatureDefinition, exact: ExactFigures, sure: readonly Tile[], maybe: readonly Tile[],
): Bounded {
  const count = exact.events + total(sure, (tile) => tile.valued);
  const sum = exactSum([exact.events === 0 ? 0 : Number(exact.value), ...sumsOf(sure)]);
  const more = total(maybe, (tile) => tile.valued);
  const min = Math.min(...maybe.map((tile) => tile.min));
  const max = Math.max(...maybe.map((tile) => tile.max));
  if (count === 0) return more === 0 ? { reason: 'no_history' } : { reason: 'degraded', low: min, high: max };
  if (Number.isNaN(sum)) return { reason: 'overflow' };
  const whole = definition.type.kind !== 'decimal';
  const average = sum / count;
  const cell = whole ? wholeAverageOf(0, sum, count) : average;
  if (more === 0) return { cell };
  // Any number of the others, each at its least or greatest, pulls the average between these two.
  const low = Math.min(average, (sum + more * min) / (count + more));
  const high = Math.max(average, (sum + more * max) / (count + more));
  // What cancels out in a bound was rounded at its own size, not at that of the bound.
  const size = (Math.abs(sum) + more * Math.max(Math.abs(min), Math.abs(max))) / (count + more);
  const slack = (whole ? 1 : 0) + Math.max(Math.abs(average), size) * SLACK;
  return { cell, low: clamp(low - slack), high: clamp(high + slack) };
}

/**
 * Popoviciu: a sample deviation is at most the range over the root of two. The value is that of the newest
 * events.
 */
function deviationBounds(exact: ExactFigures, tiles: readonly Tile[]): Bounded {
  const min = Math.min(exact.min ?? Infinity, ...tiles.map((tile) => tile.min));
  const max = Math.max(exact.max ?? -Infinity, ...tiles.map((tile) => tile.max));
  const count = exact.events + total(tiles, (tile) => tile.valued);
  if (count < 2) return { reason: 'no_history' };
  const bound = { low: 0, high: Math.ceil(((max - min) / Math.SQRT2) * (1 + SLACK)) };
  return exact.events < 2 ? { reason: 'degraded', ...bound } : { cell: exact.value, ...bound };
}

function extremeBounds(
  which: 'min' | 'max', exact: ExactFigures, sure: readonly Tile[], maybe: readonly Tile[],
): Bounded {
  const found = [...(exact.events === 0 ? [] : [Number(exact.value)]),
    ...sure.filter((tile) => tile.valued > 0).map((tile) => tile[which])];
  const open = maybe.filter((tile) => tile.valued > 0);
  const low = Math.min(...open.map((tile) => tile.min));
  const high = Math.max(...open.map((tile) => tile.max));
  if (found.length === 0) return open.length === 0 ? { reason: 'no_history' }
    : { reason: 'degraded', low, high };
  const cell = which === 'min' ? Math.min(...found) : Math.max(...found);
  if (open.length === 0) return { cell };
  return which === 'min' ? { cell, low: Math.min(low, cell), high: cell }
    : { cell, low: cell, high: Math.max(high, cell) };
}

function distinctBounds(exact: ExactFigures, sure: readonly Tile[], maybe: readonly Tile[]): Bounded {
  const values = new Set<Cell>(exact.values);
  for (const tile of sure) for (const value of tile.values ?? []) values.add(value);
  const low = values.size;
  for (const tile of maybe) for (const value of tile.values ?? []) values.add(value);
  return { cell: low, low, high: values.size + total([...sure, ...maybe], (tile) => tile.unlisted) };
}

function newestBounds(exact: ExactFigures, sure: readonly Tile[], maybe: readonly Tile[],
  asked: Asked): Bounded {
  // Tiles are older than what is kept one by one.
  if (exact.events > 0) return { cell: asked.t - Number(exact.value) };
  const certain = Math.max(-Infinity, ...sure.map((tile) => tile.lastMs));
  const latest = Math.max(certain, ...maybe.map((tile) => Math.min(tile.lastMs, asked.upTo)));
  const earliest = Math.min(...maybe.map((tile) => Math.max(tile.firstMs, asked.after + 1)));
  if (latest === -Infinity) return { reason: 'no_history' };
  if (certain === -Infinity) return { reason: 'degraded', low: asked.t - latest, high: asked.t - earliest };
  const cell = asked.t - certain;
  return latest === certain ? { cell } : { cell, low: asked.t - latest, high: cell };
}

function oldestBounds(exact: ExactFigures, sure: readonly Tile[], maybe: readonly Tile[],
  asked: Asked): Bounded {
  const certain = Math.min(exact.events > 0 ? Number(exact.value) : Infinity,
    ...sure.map((tile) => tile.firstMs));
  const earliest = Math.min(certain, ...maybe.map((tile) => Math.max(tile.firstMs, asked.after + 1)));
  const latest = Math.max(-Infinity, ...maybe.map((tile) => Math.min(tile.lastMs, asked.upTo)));
  if (earliest === Infinity) return { reason: 'no_history' };
  if (certain === Infinity) return { reason: 'degraded', low: earliest, high: latest };
  return earliest === certain ? { cell: certain } : { cell: certain, low: earliest, high: certain };
}
