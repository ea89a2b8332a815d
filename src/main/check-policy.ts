/** A document, compiled and tried on its own tests: what the life cycle asks of it, in plain values. */
import type { EventSchema } from '#domain/field.ts';
import { exemptingLists, listsOfOthers } from '#lifecycle/list-use.ts';
import type { CheckedPolicy, NotCompiled } from '#lifecycle/parts.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import { renderDiagnostics } from '#policy/render-diagnostic.ts';
import { runPolicyTests } from '#policy/run-policy-tests.ts';
import type { OpenTestWorld } from '#policy/test-world.ts';

export function checkPolicy(
  file: string, source: string, schema: EventSchema, open: OpenTestWorld,
): CheckedPolicy | NotCompiled {
  const result = compilePolicy(source, file, schema);
  if (!('policy' in result)) {
    return { mistakes: result.diagnostics.map((one) => renderDiagnostics([one], source, file)) };
  }
  const { hash, name, title, version, kinds, reviewers, effective, gate, rules, warnings } = result.policy;
  const { passed, failed, results } = runPolicyTests(result.policy, { open });
  return {
    hash, name, title, version, kinds, reviewers, effective, gate, ruleCount: rules.length,
    exempting: exemptingLists(result.policy), ofOthers: listsOfOthers(result.policy),
    warnings: renderDiagnostics(warnings, source, file),
    tests: { passed, failed, failures: results.flatMap(({ failures }) => failures) },
  };
}
