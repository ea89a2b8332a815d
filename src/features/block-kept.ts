/** Which features can take whole blocks of a long log from sums that an earlier decision made. */
import type { Expr } from '#expression/ast.ts';
import { MARK_CALLS } from '#expression/builtins.ts';
import { someNode } from '#expression/tree.ts';
import type { FeatureDefinition } from './definition.ts';

const partsOf = ({ of, where, value }: FeatureDefinition): readonly Expr[] =>
  [of, where, value].filter((part) => part !== undefined);

/**
 * Does a past event count, and with which value, whoever asks? Status and label are as known when asked: a
 * block says from when on the latest are. Parameters are looked at apart.
 */
export const isBlockKept = (definition: FeatureDefinition): boolean =>
  definition.alsoEqual.length === 0 && definition.since === undefined && definition.window.kind !== 'last'
  && !partsOf(definition).some((part) => someNode(part, asksThePresent));

function asksThePresent(node: Expr): boolean {
  switch (node.kind) {
    // The event being decided is never in a block that is kept: there `this` is no.
    case 'name': return node.name !== 'this';
    case 'feature': case 'aggregate': return true;
    case 'field': return node.row === 'current';
    case 'convert': return node.row !== 'past';
    case 'in': return node.set.kind === 'list';
    case 'call': return MARK_CALLS.has(node.name);
    case 'param': case 'literal': case 'local': case 'unary': case 'binary': case 'let': case 'require':
      return false;
  }
}

/** Does it read what becomes known of an event after it? */
export const readsChanges = (definition: FeatureDefinition): boolean =>
  partsOf(definition).some((part) => someNode(part, (node) =>
    node.kind === 'field' && (node.field.path === 'status' || node.field.path === 'label')));

/** The parameters that are read, by index. */
export function paramsOf(definitions: readonly FeatureDefinition[]): readonly number[] {
  const found = new Set<number>();
  for (const part of definitions.flatMap(partsOf)) {
    someNode(part, (node) => {
      if (node.kind === 'param') found.add(node.index ?? -1);
      return false;
    });
  }
  return [...found];
}
