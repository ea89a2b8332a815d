import type { Expr } from '#expression/ast.ts';
import { childrenOf } from '#expression/tree.ts';

export function* nodesOf(expr: Expr): Generator<Expr> {
  yield expr;
  for (const child of childrenOf(expr)) yield* nodesOf(child);
}

/** Names an unchecked expression uses, through defines; lists as `list:name`. */
export function namesIn(expr: Expr, defines: ReadonlyMap<string, Expr>): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (from: Expr): void => {
    for (const node of nodesOf(from)) {
      if (node.kind === 'in' && node.set.kind === 'list') names.add(`list:${node.set.list}`);
      if (node.kind !== 'name' || names.has(node.name)) continue;
      names.add(node.name);
      const define = defines.get(node.name);
      if (define !== undefined) visit(define);
    }
  };
  visit(expr);
  return names;
}
