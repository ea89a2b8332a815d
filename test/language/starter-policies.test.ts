/** The policies we ship: no warning, every test passes, through the engine's code and through the judge's. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { eventSchema } from '#domain/field.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { naiveWorld } from '#policy/naive-world.ts';
import { renderDiagnostics } from '#policy/render-diagnostic.ts';
import { runPolicyTests } from '#policy/run-policy-tests.ts';
import { storeWorld } from '#policy/store-world.ts';

const FOLDER = new URL('../../policies/', import.meta.url);
const SCHEMA = eventSchema();

function compiled(name: string): CompiledPolicy {
  const source = readFileSync(new URL(name, FOLDER), 'utf8');
  const result = compilePolicy(source, name, SCHEMA);
  assert.ok('policy' in result, 'policy' in result ? ''
    : renderDiagnostics(result.diagnostics, source, name));
  return result.policy;
}

const names = readdirSync(FOLDER).filter((name) => name.endsWith('.policy.yaml'));

test('there are starter policies for cards and for transfers', () => {
  assert.ok(names.includes('cards.policy.yaml') && names.includes('transfers.policy.yaml'));
});

for (const name of names) {
  test(`${name} compiles without a warning`, () => {
    const policy = compiled(name);
    assert.equal(renderDiagnostics(policy.warnings, policy.source, name), '');
  });

  const worlds = [
    ['the engine', storeWorld((schema) => new LocalWindowStore(schema))],
    ['the judge', naiveWorld],
  ] as const;
  for (const [who, open] of worlds) {
    test(`${name} passes its tests in the eyes of ${who}`, () => {
      const report = runPolicyTests(compiled(name), { open });
      assert.deepEqual(report.results.flatMap((result) => result.failures), []);
      assert.ok(report.passed > 0);
    });
  }
}

test('the policy for cards has the features that the contract names', () => {
  const features = compiled('cards.policy.yaml').features.map((feature) => feature.name);
  for (const name of ['card_count_1h', 'card_sum_1h', 'card_declines_1h', 'ip_cards_24h',
    'terminal_count_24h']) {
    assert.ok(features.includes(name), name);
  }
});

test('no rule that can stop a payment is untested at its edge', () => {
  for (const name of ['cards.policy.yaml', 'transfers.policy.yaml']) {
    const policy = compiled(name);
    const answers = policy.tests.flatMap((one) => one.lines).flatMap((line) => line.expect)
      .flatMap((one) => (one.kind === 'rule' ? [`${one.rule}:${one.answer}`] : []));
    const bare = policy.rules.filter((rule) => !answers.includes(`${rule.index}:hit`) ||
      !answers.some((answer) => answer.startsWith(`${rule.index}:`) && !answer.endsWith(':hit')));
    assert.deepEqual(bare.map((rule) => rule.id), [], name);
  }
});
