import type { AggregateExpr, Expr } from './ast.ts';

/** Canonical text: the same for equal trees, and it parses back to the same tree. Works before and after checking. */
export function printExpression(expr: Expr): string {
  throw new Error(`not written yet: ${expr.kind}`);
}

export function printAggregate(aggregate: AggregateExpr): string {
  throw new Error(`not written yet: ${aggregate.name}`);
}
