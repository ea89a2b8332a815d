/**
 * The syntax tree. The parser makes it; the checker returns it with names resolved and a type on every node.
 */
import type { FieldDefinition } from '#domain/field.ts';
import type { Type } from './type.ts';

/** Offsets into the expression's own text; the policy document adds where that text stands in the file. */
export interface Span { readonly start: number; readonly end: number }

interface Node { readonly span: Span; readonly type?: Type }

export type BinaryOp =
  | 'and' | 'or' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '~=' | '+' | '-' | '*' | '/' | '??';

export type Expr =
  /** Money literals carry minor units; durations ms; periods months. */
  | (Node & { readonly kind: 'literal'; readonly value: number | string | boolean; readonly type: Type })
  /** Before checking: any bare or dotted name; `this.` names set `current`. */
  | (Node & { readonly kind: 'name'; readonly name: string; readonly current: boolean })
  /**
   * After checking. `row: 'current'` reads the event being decided, `'past'` the event of the window at hand.
   */
  | (Node & { readonly kind: 'field'; readonly field: FieldDefinition; readonly row: 'current' | 'past' })
  /** A value computed before the rules: feature or parameter, by index in the scope that checked it. */
  | (Node & { readonly kind: 'feature' | 'param' | 'local'; readonly name: string; readonly index: number })
  | (Node & { readonly kind: 'unary'; readonly op: 'not' | '-'; readonly operand: Expr })
  | (Node & { readonly kind: 'binary'; readonly op: BinaryOp; readonly left: Expr; readonly right: Expr })
  | (Node & { readonly kind: 'in'; readonly value: Expr; readonly set: InSet })
  /** At the rate of that event's t; the checker sets `row`. */
  | (Node & {
      readonly kind: 'convert';
      readonly value: Expr;
      readonly currency: string;
      readonly row?: 'current' | 'past';
    })
  | (Node & { readonly kind: 'call'; readonly name: string; readonly args: readonly Expr[] })
  | (Node & LetNode)
  | (Node & { readonly kind: 'require'; readonly condition: Expr; readonly body: Expr })
  | (Node & { readonly kind: 'aggregate'; readonly aggregate: AggregateExpr });

export type InSet =
  | { readonly kind: 'values'; readonly values: readonly Expr[] }
  /** `index` in the scope, set by the checker. */
  | { readonly kind: 'list'; readonly list: string; readonly index?: number }
  /** `[20:00, 06:00)`: a clock interval may run over midnight. */
  | IntervalSet;

export interface LetNode {
  readonly kind: 'let';
  readonly name: string;
  readonly value: Expr;
  readonly body: Expr;
  /** Set by the checker; unique in the expression. */
  readonly index?: number;
}

export interface IntervalSet {
  readonly kind: 'interval';
  readonly low: Expr;
  readonly high: Expr;
  readonly lowClosed: boolean;
  readonly highClosed: boolean;
}

export const AGGREGATE_NAMES = [
  'count', 'sum', 'avg', 'min', 'max', 'stddev', 'distinct', 'last', 'first', 'exists', 'histogram',
  'time_since_last', 'first_seen',
] as const;
export type AggregateName = (typeof AGGREGATE_NAMES)[number];

/** `prior_sum(amount as EUR by card over 24h where declined)`; clauses in any order, each at most once. */
export interface AggregateExpr {
  readonly name: AggregateName;
  readonly prior: boolean;
  readonly value?: Expr;
  /**
   * `by card`: the same field then and now; `match creditor == this.debtor`: two fields. At least one is
   * indexed.
   */
  readonly keys: readonly { readonly past: Expr; readonly current: Expr }[];
  readonly window: WindowExpr;
  readonly of?: Expr;
  readonly where?: Expr;
  readonly since?: Expr;
  readonly span: Span;
}

/** All in ms; (t - from, t - to]; see features/definition.ts for the meaning. */
export type WindowExpr =
  | { readonly kind: 'sliding'; readonly fromMs: number; readonly toMs: number }
  | { readonly kind: 'calendar'; readonly unit: 'day' | 'week' | 'month'; readonly zone: string }
  | { readonly kind: 'tumbling'; readonly spanMs: number }
  | { readonly kind: 'last'; readonly count: number }
  | { readonly kind: 'ever' };
