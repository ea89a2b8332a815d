/** Walking the syntax tree, one place that knows which nodes have which children. */
import type { AggregateExpr, Expr } from './ast.ts';
import type { Type } from './type.ts';

/** The direct parts of a node, in the order of the text. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'literal': case 'name': case 'field': case 'feature': case 'param': case 'local':
      return [];
    case 'unary':
      return [expr.operand];
    case 'binary':
      return [expr.left, expr.right];
    case 'in':
      if (expr.set.kind === 'values') return [expr.value, ...expr.set.values];
      return expr.set.kind === 'interval' ? [expr.value, expr.set.low, expr.set.high] : [expr.value];
    case 'convert':
      return [expr.value];
    case 'call':
      return expr.args;
    case 'let':
      return [expr.value, expr.body];
    case 'require':
      return [expr.condition, expr.body];
    case 'aggregate':
      return aggregateParts(expr.aggregate);
  }
}

function aggregateParts(aggregate: AggregateExpr): readonly Expr[] {
  const parts = [aggregate.value, ...aggregate.keys.flatMap((key) => [key.past, key.current])];
  parts.push(aggregate.of, aggregate.where, aggregate.since);
  return parts.filter((part) => part !== undefined);
}

export const nodeCountOf = (expr: Expr): number =>
  childrenOf(expr).reduce((sum, child) => sum + nodeCountOf(child), 1);

/** Does the node or one of its parts satisfy the test? */
export const someNode = (expr: Expr, test: (node: Expr) => boolean): boolean =>
  test(expr) || childrenOf(expr).some((child) => someNode(child, test));

/** The type of a checked node. Throws TypeError before checking: that is a mistake of ours. */
export function typeOf(expr: Expr): Type {
  if (expr.type === undefined) throw new TypeError(`a ${expr.kind} has no type before checking`);
  return expr.type;
}
