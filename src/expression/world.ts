import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import type { RateTable } from '#domain/rates.ts';
import type { Expr } from './ast.ts';
import type { Missing, Value } from './value.ts';

/** Everything an expression can see, in the plainest form. */
export interface World {
  readonly current: ParsedEvent;
  /** Only for expressions inside an aggregate. */
  readonly past?: PastEvent;
  feature(index: number, name: string): Value;
  param(index: number, name: string): Value;
  inList(list: number, value: string | number, tMs: number): boolean;
  readonly rates: RateTable;
  /**
   * The latest mark `name` of an entity that was known at tMs; with `holding`, of those that had not ended.
   */
  mark(path: string, value: string, name: string, tMs: number, holding?: boolean): Mark | undefined;
  /** Salt of `sample`: the rule's id. */
  readonly salt: string;
  /** Windows and marks cannot be asked: a mark is missing, as `degraded`. */
  readonly isDegraded?: boolean;
}

export interface PastEvent {
  readonly event: ParsedEvent;
  readonly isCurrent: boolean;
  /** As known at tMs. */
  statusAt(tMs: number): string | undefined;
  labelAt(tMs: number): string | undefined;
}

/** Holds in [fromMs, untilMs). */
export interface Mark { readonly value: number; readonly fromMs: number; readonly untilMs: number }

/** What the parts of the interpreter share: the world, the values of `let`, and the way back to this file. */
export interface Interpretation {
  readonly world: World;
  readonly locals: ReadonlyMap<number, Value>;
  readonly value: (expr: Expr) => Value;
}

/**
 * Of two values that are missing, the one that is told. Where windows cannot be asked, what the data lack
 * goes before: that would be missing with them too.
 */
export function missingOf(
  first: Missing, second: Value, { world }: Pick<Interpretation, 'world'>,
): Missing {
  if (world.isDegraded !== true || first.reason !== 'degraded') return first;
  return second.kind === 'missing' && second.reason !== 'degraded' ? second : first;
}

/** The first of them that is missing, by the same rule; undefined where none is. */
export function missingAmong(
  values: readonly Value[], context: Pick<Interpretation, 'world'>,
): Missing | undefined {
  let found: Missing | undefined;
  for (const value of values) {
    if (value.kind === 'missing') found = found === undefined ? value : missingOf(found, value, context);
  }
  return found;
}

export function eventOf(row: 'current' | 'past', world: World): ParsedEvent {
  if (row === 'current') return world.current;
  if (world.past === undefined) throw new TypeError('a past event is read outside an aggregate');
  return world.past.event;
}

export const timeOf = (row: 'current' | 'past', world: World): number => eventOf(row, world)
  .numbers[T_SLOT] ?? Number.NaN;
