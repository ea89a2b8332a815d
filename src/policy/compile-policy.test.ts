import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventSchema } from '#domain/field.ts';
import { compilePolicy } from './compile-policy.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { policyCode } from './generate-policy.ts';
import { renderDiagnostics } from './render-diagnostic.ts';

const SCHEMA = eventSchema([{ name: 'risk', type: 'int', history: true, description: 'risk' }]);

function compiled(source: string): CompiledPolicy {
  const result = compilePolicy(source, 'p.yaml', SCHEMA);
  if ('policy' in result) return result.policy;
  throw new Error(renderDiagnostics(result.diagnostics, source, 'p.yaml'));
}

const HEAD = 'policy: p\nversion: 3\nevent: transaction.v1\n';
const RULES = `features:
  n: count(by card over 1h)
rules:
  many: { when: n > 3, then: { score: 1 } }
  more: { when: count(by card over 60m) > 5 or prior_sum(amount as EUR by card over 24h) > 9 EUR,
    then: { score: 1 } }
  dirty: { axis: aml, when: "distinct(debtor by creditor over 7d) > 9 and n > 1", then: { report: sar },
    unknown: miss }
scoring: { fraud: { bands: [{ else: review }] } }
`;

test('what stands nowhere has its default', () => {
  const policy = compiled(HEAD + RULES);
  assert.deepEqual(
    [policy.name, policy.title, policy.version, policy.kinds, policy.fallback, policy.time],
    ['p', 'p', 3, [], 'review', { aheadMs: 300_000, behindMs: 604_800_000, outside: 'clamp' }]);
  assert.deepEqual(policy.rules.map(({ id, axis, mode, unknown, title }) =>
    [id, axis, mode, unknown, title]), [
    ['many', 'fraud', 'live', 'miss', 'many'], ['more', 'fraud', 'live', 'miss', 'more'],
    ['dirty', 'aml', 'live', 'miss', 'dirty'],
  ]);
});

test('equal aggregates are one feature, declared ones first and by name', () => {
  assert.deepEqual(compiled(HEAD + RULES).features.map(({ name }) => name), [
    'n', 'prior_sum(amount as EUR by card.id over 24h)',
      'distinct(debtor.account_id by creditor.account_id over 7d)',
  ]);
});

test('features that only aml rules read are named, so that no view tips off', () => {
  assert.deepEqual(compiled(HEAD + RULES).amlFeatures,
    ['distinct(debtor.account_id by creditor.account_id over 7d)']);
});

test('the hash is of everything but approvals and line ends', () => {
  const plain = compiled(HEAD + RULES).hash;
  const approval = 'approvals:\n  - { role: risk, by: a, at: 2026-01-01T00:00:00Z, hash: "sha256:0" }\n';
  assert.match(plain, /^sha256:[0-9a-f]{64}$/);
  assert.equal(compiled(HEAD + approval + RULES).hash, plain);
  assert.equal(compiled(HEAD + RULES + approval).hash, plain);
  assert.equal(compiled((HEAD + RULES).replaceAll('\n', '\r\n')).hash, plain);
  assert.notEqual(compiled(HEAD + RULES.replace('n > 3', 'n > 4')).hash, plain);
  assert.notEqual(compiled(`${HEAD + RULES}# a remark\n`).hash, plain);
});

test('a policy for the plain schema fits an installation with custom fields', () => {
  assert.equal(compiled(HEAD + RULES.replace('n > 3', 'custom.risk > 3')).rules.length, 3);
});

test('no text of a policy becomes code', () => {
  const evil = '`${process.exit()}`"); process.exit(); ("\u2028';
  const source = `${HEAD}params:
  limit: { by: debtor.segment, cases: { ${JSON.stringify(evil)}: 1 EUR }, otherwise: 2 EUR }
rules:
  bad:
    when: ${JSON.stringify(`card == ${JSON.stringify(evil)} and amount as EUR > limit`)}
    then: { score: 1 }
    reason: ${JSON.stringify(`${evil.replaceAll('{', '{{').replaceAll('}', '}}')}`)}
scoring: { fraud: { bands: [{ else: review }] } }
`;
  const { params, chunks, explain } = policyCode(compiled(source));
  const program = [params, ...chunks, ...explain].map(String).join('\n');
  const strings = [...program.matchAll(/"(?:[^"\\]|\\.)*"/gs)].map(([text]) => text).join('\n');
  const outside = program.replaceAll(/"(?:[^"\\]|\\.)*"/gs, '""');
  assert.ok(strings.includes('process.exit'));
  assert.ok(!outside.includes('process'));
});

test('500 rules compile, and run in chunks', () => {
  const rules = Array.from({ length: 500 },
    (_, i) => `  r${i}: { when: amount as EUR > ${i} EUR, then: { score: 1 } }`);
  const source = `${HEAD}rules:\n${rules.join('\n')}\nscoring: { fraud: { bands: [{ else: review }] } }\n`;
  assert.equal(policyCode(compiled(source)).chunks.length, 32);
});
