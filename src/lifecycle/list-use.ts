/**
 * What a list can do to a payment, from where it stands in the live policies: only stop it, or let it
 * through.
 */
import type { EntityKind } from '#domain/field.ts';
import type { AggregateExpr, Expr } from '#expression/ast.ts';
import { childrenOf, someNode } from '#expression/tree.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import type { ListDeclaration } from '#policy/lists.ts';
import type { InForceView } from './parts.ts';

/** Policies that read the list from outside, with how they declare it. */
export interface ListUse {
  readonly declarations: readonly ListDeclaration[];
  readonly policies: readonly CompiledPolicy[];
  /** Nothing gets milder by an entry more. */
  readonly onlyRaises: boolean;
  /**
   * An entry is about one who pays: it is looked up as the payer, and never as a shop, a country or a payee,
   * to whom everybody pays.
   */
  readonly isOfPayers: boolean;
}

const PAYERS: ReadonlySet<EntityKind> = new Set<EntityKind>(['card', 'account', 'customer', 'device', 'ip']);
/** A payee has an account and a customer too, so the kind alone does not say whom a read looks up. */
const PAYER_FIELDS: ReadonlySet<string> = new Set([
  'card.id', 'debtor.account_id', 'debtor.customer_id', 'device.id', 'device.ip',
]);

export function listUse(
  list: string, { policies: live }: Pick<InForceView, 'policies'>,
): ListUse {
  const policies = live.filter(({ lists }) =>
    lists.some(({ name, values }) => name === list && values === undefined));
  const declarations = policies.flatMap(({ lists }) => lists.filter(({ name }) => name === list));
  return {
    declarations, policies,
    onlyRaises: policies.every((policy) => raisesOnly(list, policy)),
    isOfPayers: declarations.every(({ of }) => of.kind === 'entity' && PAYERS.has(of.entity))
      && !policies.some((policy) => readsOthers(list, policy)),
  };
}

/** Names of the lists from outside by which a policy may let a payment through. */
export const exemptingLists = (policy: CompiledPolicy): readonly string[] =>
  policy.lists.flatMap(({ name, values }) =>
    (values === undefined && !raisesOnly(name, policy) ? [name] : []));

/** Names of the lists from outside in which a policy looks up another than the payer, or may do so. */
export const listsOfOthers = (policy: CompiledPolicy): readonly string[] =>
  policy.lists.flatMap(({ name, values }) =>
    (values === undefined && readsOthers(name, policy) ? [name] : []));

function readsOthers(list: string, { rules, aggregates }: CompiledPolicy): boolean {
  const ofOther = (node: Expr): boolean => node.kind === 'in' && isRead(node, list)
    && !(node.value.kind === 'field' && PAYER_FIELDS.has(node.value.field.path));
  const roots = [
    ...rules.flatMap(({ when, unless }) => (unless === undefined ? [when] : [when, unless])),
    ...aggregates.map(nodeOf),
  ];
  return roots.some((root) => someNode(root, ofOther));
}

const nodeOf = (aggregate: AggregateExpr): Expr => ({ kind: 'aggregate', aggregate, span: aggregate.span });

/**
 * It stands only in the conditions of rules, where more members can only make more hits, and those rules take
 * the effect of no other rule away, take no points away, and set no label that another may exempt by.
 * Anything else may exempt: it is then treated as if it did.
 */
function raisesOnly(list: string, { rules, aggregates }: CompiledPolicy): boolean {
  const reads = (expr: Expr): boolean => someNode(expr, (node) => isRead(node, list));
  if (aggregates.some((aggregate) => reads(nodeOf(aggregate)))) return false;
  return rules.every(({ when, unless, replaces, does }) => {
    if (unless !== undefined && reads(unless)) return false;
    if (!reads(when)) return true;
    return replaces.length === 0 && does.score >= 0 && does.label === undefined && isRising(when, list);
  });
}

const isRead = (node: Expr, list: string): boolean =>
  node.kind === 'in' && node.set.kind === 'list' && node.set.list === list;

/** True where a member more can make it true, and never untrue. */
function isRising(expr: Expr, list: string): boolean {
  if (!someNode(expr, (node) => isRead(node, list))) return true;
  if (isRead(expr, list)) return childrenOf(expr).every((child) =>
    !someNode(child, (node) => isRead(node, list)));
  if (expr.kind === 'binary' && (expr.op === 'and' || expr.op === 'or')) {
    return isRising(expr.left, list) && isRising(expr.right, list);
  }
  return false;
}
