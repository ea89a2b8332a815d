import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import type { RateTable } from '#domain/rates.ts';
import type { Expr } from './ast.ts';
import type { Value } from './value.ts';

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

export function eventOf(row: 'current' | 'past', world: World): ParsedEvent {
  if (row === 'current') return world.current;
  if (world.past === undefined) throw new TypeError('a past event is read outside an aggregate');
  return world.past.event;
}

export const timeOf = (row: 'current' | 'past', world: World): number => eventOf(row, world)
  .numbers[T_SLOT] ?? Number.NaN;
