/** A part of a condition evaluated by itself, on what was recorded of a payment. */
import type { Expr } from '#expression/ast.ts';
import { interpret } from '#expression/interpret.ts';
import type { Value } from '#expression/value.ts';
import type { World } from '#expression/world.ts';
import { MarkNotRecorded } from '#policy/policy-on-store.ts';

/** Puts a part back under the `let`s it stands in, so that it can be evaluated by itself. */
export type Wrap = (part: Expr) => Expr;

/** For the parts of the body of a `let` that itself stands under others. */
export const underLet = (bound: Extract<Expr, { kind: 'let' }>, wrap: Wrap): Wrap => (part) =>
  wrap({ ...bound, ...(part.type === undefined ? {} : { type: part.type }), body: part });

/** Undefined where it asks for what was not looked up when the payment was decided: nobody can say. */
export function ifRecorded<Result>(ask: () => Result): Result | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof MarkNotRecorded) return undefined;
    throw error;
  }
}

export const valueOf = (expr: Expr, world: World): Value | 'not_read' =>
  ifRecorded(() => interpret(expr, world)) ?? 'not_read';
