/** What is not wrong but not right either: names nobody uses, rules nobody tests. */
import type { CompiledPolicy } from './compiled-policy.ts';
import type { Findings } from './diagnostic.ts';
import type { DocumentNode } from './document.ts';
import type { PolicyScope } from './policy-scope.ts';

export function checkUnusedNames(
  policy: CompiledPolicy, scope: PolicyScope, defines: readonly string[], findings: Findings,
): void {
  const kinds = [
    ['parameter', policy.params.map(({ name }) => name)],
    ['list', policy.lists.map(({ name }) => `list:${name}`)],
    ['define', defines],
    ['feature', policy.features.slice(0, policy.declaredFeatureCount).map(({ name }) => name)],
  ] as const;
  for (const [kind, names] of kinds) {
    for (const name of names) {
      const place = scope.places.get(name);
      if (scope.used.has(name) || place === undefined) continue;
      findings.report('P601', place, `no rule uses the ${kind} \`${name.replace(/^list:/, '')}\``,
        kind === 'feature' ? 'It is computed for every payment all the same: remove it, or use it.'
          : 'Remove it, or use it.');
    }
  }
}

/** A rule travels with a test in which it hits. */
export function checkTests(policy: CompiledPolicy, rules: DocumentNode | undefined,
  findings: Findings): void {
  const hit = new Set(policy.tests.flatMap((test) => test.lines).flatMap((line) => line.expect)
    .flatMap((one) => (one.kind === 'rule' &&
      (one.answer === 'hit' || one.answer === 'excepted') ? [one.rule] : [])));
  for (const rule of policy.rules) {
    const entry = rules?.kind === 'map' ? rules.entries[rule.index] : undefined;
    if (entry === undefined || hit.has(rule.index) || rule.mode === 'off') continue;
    findings.report('P603', entry.keyPlace, `no test expects rule ${rule.id} to hit`,
      `Add a test with \`expect: { ${rule.id}: hit }\`, and one that just misses.`);
  }
}
