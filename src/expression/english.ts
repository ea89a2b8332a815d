import type { Expr } from './ast.ts';

/** Reading view: the same tree in plain English, without markup. */
export function englishExpression(expr: Expr): string {
  throw new Error(`not written yet: ${expr.kind}`);
}
