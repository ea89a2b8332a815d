/** What a feature measures, told apart from what another policy calls by the same words. */
import { printAggregate, printExpression } from '#expression/print.ts';
import { conditionsIn } from '#features/definition.ts';
import type { CompiledPolicy, Param } from '#policy/compiled-policy.ts';
import { withParams } from './numeric-value.ts';

/** A policy as it judged one payment. */
export interface Measuring {
  readonly policy: CompiledPolicy;
  /** Version of each list of the policy, by name. */
  readonly lists: Readonly<Record<string, string>>;
  /** Time of the payment, ms: dated parameters had that value. */
  readonly tMs: number;
}

/**
 * The same text is the same measure, in whatever version of the policy: the feature as the language writes
 * it, with the values of the parameters and the versions of the lists that its conditions read.
 */
export function measureOf({ policy, lists, tMs }: Measuring, index: number): string {
  const aggregate = policy.aggregates[index];
  const feature = policy.features[index];
  if (aggregate === undefined || feature === undefined) return '';
  const params = new Map<string, string>();
  const versions = new Map<string, string>();
  for (const node of conditionsIn(feature).flatMap((expr) => [...withParams(expr, policy)])) {
    const param = node.kind === 'param' ? policy.params[node.index] : undefined;
    if (param !== undefined) params.set(param.name, valueText(param, tMs));
    if (node.kind === 'in' && node.set.kind === 'list') {
      versions.set(node.set.list, lists[node.set.list] ?? 'none');
    }
  }
  return JSON.stringify([printAggregate(aggregate), [...params], [...versions]]);
}

function valueText({ value }: Param, tMs: number): string {
  switch (value.kind) {
    case 'fixed': return printExpression(value.value);
    case 'dated': {
      const begun = value.values.findLast(({ fromMs }) => fromMs <= tMs);
      return begun === undefined ? 'none' : printExpression(begun.value);
    }
    case 'cases': {
      const cases = [...value.cases].toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, expr]) => [name, printExpression(expr)]);
      return JSON.stringify([printExpression(value.by), cases, printExpression(value.otherwise)]);
    }
  }
}
