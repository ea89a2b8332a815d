import type { Expr } from './ast.ts';
import type { EmitUnit } from './emit-unit.ts';

export interface EmitOptions {
  readonly unit: EmitUnit;
  /** Salt of `sample`: the rule's id. */
  readonly salt?: string;
}

/**
 * JavaScript source of a checked expression; its value is a `Cell`, see type.ts. Free names of the source:
 * `e` the current ParsedEvent; `r` the row of the past event; `c` the row of the current event, for `this` alone;
 * `N`, `C`, `D` the numbers, codes and texts of `Columns`; `f` cells of features; `p` cells of parameters;
 * `l0..` and `k0..` what the unit declares; `$` the `EmitRuntime`.
 */
export function emitExpression(expr: Expr, options: EmitOptions): string {
  throw new Error(`not written yet: ${expr.kind} ${options.salt}`);
}
