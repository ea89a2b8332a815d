import type { FieldDefinition } from '#domain/field.ts';
import type { AggregateExpr, Expr } from '#expression/ast.ts';
import type { Type } from '#expression/type.ts';
import type { FeatureDefinition } from '#features/definition.ts';

/**
 * A checked aggregate as a feature. The checker has made sure that keys are fields and the first one is
 * indexed.
 */
export function featureDefinition(name: string, aggregate: AggregateExpr, type: Type): FeatureDefinition {
  const [key, ...alsoEqual] = aggregate.keys.map(
    ({ past, current }) => ({ past: fieldOf(past), current: fieldOf(current) }));
  if (key === undefined) throw new Error(`the aggregate ${name} has no key`);
  return {
    name,
    aggregate: aggregate.name,
    includesCurrent: !aggregate.prior,
    key,
    alsoEqual,
    window: aggregate.window,
    ...(aggregate.value === undefined ? {} : { value: aggregate.value }),
    ...(aggregate.of === undefined ? {} : { of: aggregate.of }),
    ...(aggregate.where === undefined ? {} : { where: aggregate.where }),
    ...(aggregate.since === undefined ? {} : { since: aggregate.since }),
    type,
  };
}

function fieldOf(expr: Expr): FieldDefinition {
  if (expr.kind === 'field') return expr.field;
  throw new Error(`a key is a field, not a ${expr.kind}`);
}
