import { MARK_CALLS } from '#expression/builtins.ts';
import type { Expr } from '#expression/ast.ts';
import { nodesOf } from './walk.ts';

/** Windows and marks that an expression looks at, as an error names them. */
export const windowsAskedIn = (expr: Expr): readonly string[] => [...nodesOf(expr)].flatMap((node) =>
  (node.kind === 'feature' ? [`\`${node.name}\``]
    : node.kind === 'call' && MARK_CALLS.has(node.name) ? [`\`${node.name}\``] : []));

export const asksWindows = (expr: Expr): boolean => windowsAskedIn(expr).length > 0;
