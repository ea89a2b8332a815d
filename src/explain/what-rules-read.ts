/** What a set of rules reads, also through parameters: whoever may see the rules may see this. */
import { conditionsIn } from '#features/definition.ts';
import { expressionsOf } from '#policy/aml-features.ts';
import type { CompiledPolicy, Rule } from '#policy/compiled-policy.ts';
import { withParams } from './numeric-value.ts';

/** Indexes of features. */
export function valuesRead(policy: CompiledPolicy, rules: readonly Rule[]): readonly number[] {
  const read = new Set<number>();
  for (const expr of rules.flatMap((rule) => expressionsOf(rule))) {
    for (const node of withParams(expr, policy)) if (node.kind === 'feature') read.add(node.index);
  }
  return [...read].toSorted((a, b) => a - b);
}

/** Names of lists, those that conditions of features ask among them. */
export function listsRead(policy: CompiledPolicy, rules: readonly Rule[]): ReadonlySet<string> {
  const features = valuesRead(policy, rules).flatMap((index) => policy.features[index] ?? []);
  const found = new Set<string>();
  for (const expr of [...rules.flatMap((rule) => expressionsOf(rule)), ...features.flatMap(conditionsIn)]) {
    for (const node of withParams(expr, policy)) {
      if (node.kind === 'in' && node.set.kind === 'list') found.add(node.set.list);
    }
  }
  return found;
}
