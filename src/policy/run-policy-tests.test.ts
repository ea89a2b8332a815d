import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventSchema } from '#domain/field.ts';
import { compilePolicy } from './compile-policy.ts';
import { naiveWorld } from './naive-world.ts';
import { renderDiagnostics } from './render-diagnostic.ts';
import { runPolicyTests, type TestReport } from './run-policy-tests.ts';

function run(source: string): TestReport {
  const result = compilePolicy(source, 'p.yaml', eventSchema());
  if (!('policy' in result)) throw new Error(renderDiagnostics(result.diagnostics, source, 'p.yaml'));
  return runPolicyTests(result.policy, { open: naiveWorld });
}

const POLICY = `policy: p
version: 1
event: transaction.v1
lists:
  trusted: { of: customer, managed: true, validity: required }
features:
  declines_1h: prior_count(by card over 1h where status == "declined")
rules:
  burst:
    when: declines_1h > 3
    unless: customer in list("trusted")
    then: { score: 30 }
scoring: { fraud: { bands: [{ below: 30, action: approve, name: low }, { else: review }] } }
tests:
`;

const failuresOf = (tests: string): readonly string[] =>
  run(POLICY + tests).results.flatMap(({ failures }) => failures);

test('a failure says what the value was, what was needed, and which event is outside', () => {
  const failures = failuresOf(`  - name: edge of the hour
    given:
      - { at: 0s, card: k1, status: declined, x: 4 }
      - { at: 30m, card: k2, status: declined }
      - { at: 1h, card: k1, expect: { burst: hit, outcome: review, fraud_score: 30, declines_1h: 4 } }
`);
  assert.deepEqual(failures, [
    `p.yaml:19:39 test "edge of the hour": event 3 (1h) expected burst to be hit, got miss
    declines_1h = 0, needed > 3.
    Event 1 (0s) is outside (t-1h, t] of declines_1h.
    Event 2 (30m) has card.id k2, not k1, so declines_1h leaves it out.`,
    'p.yaml:19:51 test "edge of the hour": event 3 (1h) expected outcome review, got approve',
    'p.yaml:19:68 test "edge of the hour": event 3 (1h) expected a fraud score of 30, got 0',
    'p.yaml:19:85 test "edge of the hour": event 3 (1h) expected declines_1h to be 4, got 0',
  ]);
});

test('an unknown rule says what is missing', () => {
  assert.deepEqual(failuresOf(`  - name: no card
    given: [{ at: 0s, expect: { burst: miss, declines_1h: 0 } }]
`), [
    `p.yaml:16:33 test "no card": event 1 (0s) expected burst to be miss, got unknown
    declines_1h = missing (declines_1h: absent), needed > 3.`,
    'p.yaml:16:46 test "no card": event 1 (0s) expected declines_1h to be 0, got missing',
  ]);
});

test('lists of a test hold while their entries do', () => {
  assert.deepEqual(failuresOf(`  - name: trusted
    lists: { trusted: [{ value: c1, until: "2026-01-15T13:00:00Z" }] }
    given:
      - { at: 58m, card: k1, status: declined, x: 4 }
      - { at: 59m59s, card: k1, customer: c1, expect: { burst: excepted, fraud: approve, aml: approve } }
      - { at: 1h, card: k1, customer: c1, expect: { burst: hit, fraud: review } }
      - { at: 1h, card: k1, expect: { burst: hit } }
`), []);
  assert.deepEqual(failuresOf(`  - name: trusted for ever
    lists: { trusted: [c1] }
    given: [{ at: 0s, card: k1, expect: { burst: miss } }]
`), ['p.yaml:15 test "trusted for ever": trusted: "c1" has no end; the list requires one']);
});

test('passed and failed are counted by test', () => {
  const report = run(`${POLICY}  - name: right
    given: [{ at: 0s, card: k1, expect: { burst: miss } }]
  - name: wrong
    given: [{ at: 0s, card: k1, expect: { burst: hit, outcome: decline } }]
`);
  assert.deepEqual([report.passed, report.failed, report.results.map(({ failures }) => failures.length)],
    [1, 1, [0, 2]]);
});

test('a rule that counts only without windows is missed with them, and the failure says why', () => {
  const source = POLICY.replace('scoring:', `  unseen:
    during: degraded
    when: amount as EUR > 10 EUR
    then: { action: review }
    unknown: review
scoring:`);
  const failures = run(`${source}  - name: forgotten
    given:
      - { at: 0s, amount: 11 EUR, degraded: true, expect: { unseen: hit, burst: unknown, outcome: review } }
      - { at: 1s, amount: 11 EUR, expect: { unseen: hit } }
`).results.flatMap((result) => result.failures);
  assert.equal(failures.length, 1);
  assert.match(failures[0] ?? '', /event 2 \(1s\) expected unseen to be hit, got miss/);
  assert.match(failures[0] ?? '', /The rule counts only in lines with `degraded: true`\./);
});
