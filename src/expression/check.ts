import type { Expr } from './ast.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Scope } from './scope.ts';

export type CheckResult = { readonly expr: Expr } | { readonly errors: readonly Diagnostic[] };

/** Resolves every name, gives every node its `type`, inlines defines and turns aggregates into features. */
export function checkExpression(expr: Expr, scope: Scope): CheckResult {
  throw new Error(`not written yet: ${expr.kind} ${scope.row}`);
}
