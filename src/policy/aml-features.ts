import type { Expr } from '#expression/ast.ts';
import type { FeatureDefinition } from '#features/definition.ts';
import type { Rule } from './compiled-policy.ts';
import { nodesOf } from './walk.ts';

/** Every expression of a rule. */
export function expressionsOf(rule: Rule): readonly Expr[] {
  const { when, unless, reason, does: then } = rule;
  const values = reason.flatMap((part) => (part.kind === 'value' ? [part.expr] : []));
  const lasts = then.lasts === undefined ? []
    : [then.lasts.kind === 'for' ? then.lasts.duration : then.lasts.instant];
  return [when, ...(unless === undefined ? [] : [unless]), ...values, ...lasts];
}

/** Names of the features that rules of the aml axis read, and no rule of the fraud axis. */
export function amlFeatures(features: readonly FeatureDefinition[],
  rules: readonly Rule[]): readonly string[] {
  const readOn = (axis: Rule['axis']): ReadonlySet<number> => {
    const read = new Set<number>();
    for (const rule of rules.filter((one) => one.axis === axis)) {
      for (const expr of expressionsOf(rule)) {
        for (const node of nodesOf(expr)) if (node.kind === 'feature') read.add(node.index);
      }
    }
    return read;
  };
  const [aml, fraud] = [readOn('aml'), readOn('fraud')];
  return features.filter((_, index) => aml.has(index) && !fraud.has(index)).map((feature) => feature.name);
}

