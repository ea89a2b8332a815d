import type { ParsedEvent } from '#domain/event.ts';
import type { MissingReason } from '#domain/missing.ts';
import type { RateTable } from '#domain/rates.ts';
import type { Expr } from './ast.ts';
import type { Geo } from './type.ts';

/** An unknown condition is `missing` too; `because` names the field, feature or condition that caused it. */
export type Value =
  | { readonly kind: 'missing'; readonly reason: MissingReason; readonly because: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'geo'; readonly value: Geo }
  | { readonly kind: 'histogram'; readonly value: readonly number[] };

/** Everything an expression can see, in the plainest form. */
export interface World {
  readonly current: ParsedEvent;
  readonly past?: PastEvent;
  feature(index: number, name: string): Value;
  param(index: number, name: string): Value;
  inList(list: number, value: string | number, tMs: number): boolean;
  readonly rates: RateTable;
  /** The mark `name` of an entity: its value and since when it holds, or undefined. */
  mark(field: number, value: string, name: string, tMs: number): Mark | undefined;
  readonly salt: string;
}

export interface PastEvent {
  readonly event: ParsedEvent;
  readonly isCurrent: boolean;
  /** As known at tMs. */
  statusAt(tMs: number): string | undefined;
  labelAt(tMs: number): string | undefined;
}

export interface Mark { readonly value: number; readonly fromMs: number; readonly untilMs: number }

/** Slow and obviously right: the judge of `emitExpression`, and what explains an unknown. */
export function interpret(expr: Expr, world: World): Value {
  throw new Error(`not written yet: ${expr.kind} ${world.salt}`);
}

/** Why the expression is missing or unknown, or undefined where it is known. */
export function missingCause(expr: Expr, world: World): { name: string; reason: MissingReason } | undefined {
  const value = interpret(expr, world);
  return value.kind === 'missing' ? { name: value.because, reason: value.reason } : undefined;
}
