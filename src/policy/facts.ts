/**
 * What a hit rests on: each comparison of its condition that held, as what was measured and what it was
 * held against.
 */
import type { BinaryOp, Expr } from '#expression/ast.ts';
import { printExpression } from '#expression/print.ts';
import { isConstant } from './parse-names.ts';

export interface FactSource {
  readonly name: string;
  readonly value: Expr;
  readonly threshold: Expr | undefined;
  /** The comparison; the fact is told where it is `holds`. */
  readonly condition: Expr;
  readonly holds: boolean;
}

const COMPARISONS: ReadonlySet<BinaryOp> = new Set(['==', '!=', '<', '<=', '>', '>=', '~=']);

export function factsIn(condition: Expr): readonly FactSource[] {
  const found: FactSource[] = [];
  collect(condition, true, (expr) => expr, found);
  const seen = new Set<string>();
  return found.filter((fact) => {
    const key =
      `${fact.name} ${fact.threshold === undefined ? '' : printExpression(fact.threshold)} ${fact.holds}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** `wrap` puts a part back under the `let`s it stands in, so that it can be evaluated by itself. */
function collect(expr: Expr, holds: boolean, wrap: (part: Expr) => Expr, found: FactSource[]): void {
  if (expr.kind === 'unary' && expr.op === 'not') {
    collect(expr.operand, !holds, wrap, found);
  } else if (expr.kind === 'binary' && (expr.op === 'and' || expr.op === 'or')) {
    collect(expr.left, holds, wrap, found);
    collect(expr.right, holds, wrap, found);
  } else if (expr.kind === 'let') {
    const { body, ...head } = expr;
    collect(body, holds, (part) => wrap({ ...head, ...typed(part), body: part }), found);
  } else if (expr.kind === 'require') {
    collect(expr.condition, true, wrap, found);
    collect(expr.body, holds, wrap, found);
  } else found.push(...factOf(expr, holds, wrap));
}

const typed = (part: Expr): Pick<Expr, 'type'> => (part.type === undefined ? {} : { type: part.type });

function factOf(expr: Expr, holds: boolean, wrap: (part: Expr) => Expr): readonly FactSource[] {
  if (expr.kind === 'binary' && COMPARISONS.has(expr.op)) {
    const swap = isFixed(expr.left) && !isFixed(expr.right);
    const [value, threshold] = swap ? [expr.right, expr.left] : [expr.left, expr.right];
    return [{ name: printExpression(value), value: wrap(value), threshold: wrap(threshold),
      condition: wrap(expr), holds }];
  }
  if (expr.kind === 'in') {
    return [{ name: printExpression(expr), value: wrap(expr.value), threshold: undefined,
      condition: wrap(expr), holds }];
  }
  if (isConstant(expr)) return [];
  return [{ name: printExpression(expr), value: wrap(expr), threshold: undefined, condition: wrap(expr),
    holds }];
}

/** Literals and parameters: what a measured value is held against. */
const isFixed = (expr: Expr): boolean => isConstant(expr) && expr.kind !== 'local';
