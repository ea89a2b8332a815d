import type { Expr } from './ast.ts';

/** Binding powers: a larger one binds tighter. `not` stands between `and` and the comparisons. */
export const POWER = {
  any: 0, or: 10, and: 20, not: 30, compare: 40, default: 50, sum: 60, product: 70, minus: 80, as: 90,
    whole: 100,
} as const;

/** How tightly the outermost operator of a node binds; `whole` where there is none. */
export function powerOf(expr: Expr): number {
  switch (expr.kind) {
    case 'let': case 'require':
      return POWER.any;
    case 'unary':
      return expr.op === 'not' ? POWER.not : POWER.minus;
    case 'convert':
      return POWER.as;
    case 'in':
      return POWER.compare;
    case 'binary':
      break;
    case 'literal': case 'name': case 'field': case 'feature': case 'param': case 'local': case 'call':
    case 'aggregate':
      return POWER.whole;
  }
  switch (expr.op) {
    case 'or': return POWER.or;
    case 'and': return POWER.and;
    case '==': case '!=': case '<': case '<=': case '>': case '>=': case '~=': return POWER.compare;
    case '??': return POWER.default;
    case '+': case '-': return POWER.sum;
    case '*': case '/': return POWER.product;
  }
}
