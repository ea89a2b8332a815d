/** The currency of money whose type does not say it: that of the first money field it is made of. */
import type { ParsedEvent } from '#domain/event.ts';
import type { Expr } from '#expression/ast.ts';
import { typeOf } from '#expression/tree.ts';
import { nodesOf } from './walk.ts';

/** The text slot of an event that names it, or -1: the type says it, it is not money, or nothing does. */
export function currencySlotOf(expr: Expr): number {
  const type = typeOf(expr);
  if (type.kind !== 'money' || type.currency !== null) return -1;
  for (const node of nodesOf(expr)) {
    if (node.kind === 'field' && node.field.type.kind === 'money') return node.field.textSlot;
  }
  return -1;
}

export const currencyOf = (expr: Expr, event: ParsedEvent): string | undefined =>
  event.texts[currencySlotOf(expr)];
