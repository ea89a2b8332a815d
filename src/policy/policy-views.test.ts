/** The views of a policy that people and editors read: plain English, cost, JSON Schema. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { eventSchema } from '#domain/field.ts';
import { compilePolicy } from './compile-policy.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { englishPolicy } from './english-policy.ts';
import { policyCost, renderCost } from './policy-cost.ts';
import { policyJsonSchema } from './policy-json-schema.ts';

const SCHEMA = eventSchema();
const FOLDER = new URL('../../policies/', import.meta.url);
const SHIPPED = readdirSync(FOLDER).filter((name) => name.endsWith('.policy.yaml'));

const SOURCE = `policy: small
title: A small policy
version: 2
event: transaction.v1
kinds: [transfer]
references: { FP7: { text: "Fraud policy manual 7.2" } }
params:
  limit: { by: debtor.segment, cases: { retail: 1_000 GBP }, otherwise: 500 GBP }
lists: { trusted_payees: { of: account, managed: true, validity: required } }
features: { burst: count(by debtor over 1h) }
rules:
  new-payee-large:
    title: Large first payment to a new payee
    because: [FP7]
    when: age(creditor.added_at) < 24h and amount as GBP > limit
    unless: creditor in list("trusted_payees")
    then: { action: hold, for: until(creditor.added_at + 24h), score: 25 }
    unknown: challenge
  burst-of-payments: { when: burst > 5, then: { score: 10 }, mode: shadow }
scoring:
  fraud: { cap: 100, bands: [{ below: 30, action: approve, name: low }, { else: hold, for: 30m }] }
`;

function small(): CompiledPolicy {
  const result = compilePolicy(SOURCE, 'small.yaml', SCHEMA);
  assert.ok('policy' in result);
  return result.policy;
}

test('the reading view says what the rules say', () => {
  assert.equal(englishPolicy(small()), readFileSync(
    new URL('policy-views.golden.md', import.meta.url), 'utf8'));
});

test('the dearest stands first, and a longer window costs more', () => {
  const cost = policyCost(small());
  assert.deepEqual(cost.lines.map(({ name }) => name), ['new-payee-large', 'burst', 'burst-of-payments']);
  const longer = compilePolicy(SOURCE.replace('over 1h', 'over 90d'), 'small.yaml', SCHEMA);
  assert.ok('policy' in longer && policyCost(longer.policy).micros > cost.micros);
  assert.match(
    renderCost(small()),
    /^small v2: about \d+\.\d us a payment at a busy entity, of 5000 us\n +\d+\.\d\d us {2}rule/);
});

test('rules for the time without windows are said in English, and other payments do not pay for them', () => {
  const source = SOURCE.replace('    unknown: challenge\n', '    unknown: challenge\n    degraded: hold\n')
    .replace('  burst-of', `  unseen:
    during: degraded
    when: amount as GBP > limit
    then: { action: hold }
    unknown: hold
  burst-and:
    when: burst > 9
    then: { action: review }
    unknown: review
    degraded: miss
  burst-of`);
  const result = compilePolicy(source, 'small.yaml', SCHEMA);
  assert.ok('policy' in result);
  const text = englishPolicy(result.policy);
  assert.match(text, /\*\*unseen\*\* - unseen\. It counts only while windows cannot be asked\. \*Hit when\*/);
  assert.match(text,
    /decided\*, review\. \*If that is because windows cannot be asked\*, it counts as a miss\./);
  assert.equal(text.split('windows cannot be asked').length, 3, 'and of no other rule');
  assert.ok(!policyCost(result.policy).lines.some(({ name }) => name === 'unseen'));
});

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(policyJsonSchema(SCHEMA));

test('the JSON Schema takes every shipped policy', () => {
  for (const name of SHIPPED) {
    const document: unknown = parse(readFileSync(new URL(name, FOLDER), 'utf8'));
    assert.ok(validate(document), `${name}: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
  }
});

test('the JSON Schema refuses what the compiler refuses in structure', () => {
  const wrong = [
    SOURCE.replace('title: A', 'titel: A'), SOURCE.replace('version: 2', 'version: two'),
    SOURCE.replace('action: hold', 'action: step_up'), SOURCE.replace('mode: shadow', 'mode: dark'),
    SOURCE.replace('event: transaction.v1\n', ''), SOURCE.replace('transaction.v1', 'transaction.v2'),
    SOURCE.replace('of: account', 'of: accounts'), SOURCE.replace('kinds: [transfer]', 'kinds: [wire]'),
  ];
  assert.ok(validate(parse(SOURCE)));
  for (const source of wrong) {
    assert.equal(validate(parse(source)), false, source);
    assert.ok('diagnostics' in compilePolicy(source, 'small.yaml', SCHEMA), source);
  }
});
