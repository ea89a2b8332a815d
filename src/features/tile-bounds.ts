/**
 * The value of a feature of which some events are known only in tiles: computed over the events that are
 * certainly in the window, with the bound that the others leave. See
 * docs/adr/0002-hot-entities-fall-to-tiles.md.
 */
import type { MissingReason } from '#domain/missing.ts';
import type { Tiles } from '#domain/tile.ts';
import type { Cell } from '#expression/type.ts';
import type { FeatureDefinition } from './definition.ts';
import type { DistinctCodes } from './distinct-codes.ts';
import type { DistinctUnion } from './distinct-union.ts';
import { wholeAverageOf } from './exact-stats.ts';
import { MOST, totalOf, touchedBy, type Asked, type Figures } from './tile-figures.ts';

/** What the scan of the events kept one by one found. `value` is the sum, extreme, time or deviation. */
export interface ExactFigures {
  readonly events: number;
  readonly value?: Cell;
  /** Of `distinct`: codes of texts, or cells. */
  readonly codes?: DistinctCodes;
  readonly values?: ReadonlySet<Cell>;
  readonly min?: number;
  readonly max?: number;
}

export interface Bounded {
  /** Undefined: missing for `reason`. */
  readonly cell?: Cell;
  readonly reason?: MissingReason;
  readonly low?: number;
  readonly high?: number;
}

/** More than a few roundings of doubles can err, as a part of the number. */
const SLACK = 2 ** -40;
const clamp = (value: number): number => Math.max(-MOST, Math.min(MOST, value));

export function tileBounds(
  definition: FeatureDefinition, exact: ExactFigures, tiles: Tiles, asked: Asked, union: DistinctUnion,
): Bounded {
  if (definition.aggregate === 'distinct') return distinctBounds(exact, tiles, asked, union);
  const { sure, maybe } = touchedBy(tiles, asked);
  switch (definition.aggregate) {
    case 'count': case 'exists': {
      const low = exact.events + sure.events;
      const high = low + Math.min(asked.left, maybe.events);
      if (definition.aggregate === 'count') return { cell: low, low, high };
      if (low > 0 || high === 0) return { cell: low > 0 ? 2 : 0 };
      return { reason: 'degraded', low: 0, high: 1 };
    }
    case 'sum': return sumBounds(Number(exact.value), sure, maybe);
    case 'avg': return averageBounds(definition, exact, sure, maybe);
    case 'stddev': return deviationBounds(exact, sure, maybe);
    case 'min': case 'max': return extremeBounds(definition.aggregate, exact, sure, maybe);
    case 'time_since_last': return newestBounds(exact, sure, maybe, asked);
    case 'first_seen': return oldestBounds(exact, sure, maybe);
    case 'first': case 'histogram': case 'last': {
      // Tiles keep no values in order: only the newest of those kept one by one is certain.
      const open = definition.aggregate !== 'last' || exact.events === 0;
      if (open && sure.valued + maybe.valued > 0) return { reason: 'degraded' };
      const none = exact.events === 0 && definition.aggregate !== 'histogram';
      return none ? { reason: 'no_history' } : { cell: exact.value };
    }
  }
}

function sumBounds(exact: number, sure: Figures, maybe: Figures): Bounded {
  const sum = totalOf(exact, sure.above, sure.below);
  if (Number.isNaN(sum)) return { reason: 'overflow' };
  const low = totalOf(sum, maybe.below);
  const high = totalOf(sum, maybe.above);
  // At the very edge of the range a clamped bound would look like certainty.
  if ((Number.isNaN(high) && low === MOST) || (Number.isNaN(low) && high === -MOST)) {
    return { reason: 'overflow' };
  }
  return { cell: sum, low: Number.isNaN(low) ? -MOST : low, high: Number.isNaN(high) ? MOST : high };
}

function averageBounds(
  definition: FeatureDefinition, exact: ExactFigures, sure: Figures, maybe: Figures,
): Bounded {
  const count = exact.events + sure.valued;
  const sum = totalOf(exact.events === 0 ? 0 : Number(exact.value), sure.above, sure.below);
  const { valued: more, min, max } = maybe;
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
function deviationBounds(exact: ExactFigures, sure: Figures, maybe: Figures): Bounded {
  const min = Math.min(exact.min ?? Infinity, sure.min, maybe.min);
  const max = Math.max(exact.max ?? -Infinity, sure.max, maybe.max);
  if (exact.events + sure.valued + maybe.valued < 2) return { reason: 'no_history' };
  const bound = { low: 0, high: Math.ceil(((max - min) / Math.SQRT2) * (1 + SLACK)) };
  return exact.events < 2 ? { reason: 'degraded', ...bound } : { cell: exact.value, ...bound };
}

function extremeBounds(
  which: 'min' | 'max', exact: ExactFigures, sure: Figures, maybe: Figures,
): Bounded {
  const { min: low, max: high } = maybe;
  if (exact.events === 0 && sure.valued === 0) {
    return maybe.valued === 0 ? { reason: 'no_history' } : { reason: 'degraded', low, high };
  }
  const cell = exact.events === 0 ? sure[which] : Math[which](Number(exact.value), sure[which]);
  if (maybe.valued === 0) return { cell };
  return which === 'min' ? { cell, low: Math.min(low, cell), high: cell }
    : { cell, low: cell, high: Math.max(high, cell) };
}

function distinctBounds(
  exact: ExactFigures, tiles: Tiles, asked: Asked, union: DistinctUnion,
): Bounded {
  union.begin(exact.codes, exact.values);
  const open: number[] = [];
  const { sure, maybe } = touchedBy(tiles, asked, (index, isSure) => {
    if (isSure) tiles.tellValues(index, union);
    else open.push(index);
  });
  const low = union.size;
  for (const index of open) tiles.tellValues(index, union);
  return { cell: low, low, high: union.size + sure.unlisted + maybe.unlisted };
}

function newestBounds(exact: ExactFigures, sure: Figures, maybe: Figures, asked: Asked): Bounded {
  // Tiles are older than what is kept one by one.
  if (exact.events > 0) return { cell: asked.t - Number(exact.value) };
  const certain = sure.lastMs;
  const latest = Math.max(certain, maybe.lastMs);
  if (latest === -Infinity) return { reason: 'no_history' };
  if (certain === -Infinity) {
    return { reason: 'degraded', low: asked.t - latest, high: asked.t - maybe.firstMs };
  }
  const cell = asked.t - certain;
  return latest === certain ? { cell } : { cell, low: asked.t - latest, high: cell };
}

function oldestBounds(exact: ExactFigures, sure: Figures, maybe: Figures): Bounded {
  const certain = Math.min(exact.events > 0 ? Number(exact.value) : Infinity, sure.firstMs);
  const earliest = Math.min(certain, maybe.firstMs);
  if (earliest === Infinity) return { reason: 'no_history' };
  if (certain === Infinity) return { reason: 'degraded', low: earliest, high: maybe.lastMs };
  return earliest === certain ? { cell: certain } : { cell: certain, low: earliest, high: certain };
}
