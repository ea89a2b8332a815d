import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventSchema } from '#domain/field.ts';
import { compilePolicy } from './compile-policy.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { effectDifference, englishEffect, type JudgedPayment } from './effect-difference.ts';
import { englishDifference } from './english-difference.ts';
import { policyDifference, type PolicyChange } from './policy-difference.ts';

const SCHEMA = eventSchema();
const CARDS = readFileSync(new URL('../../policies/cards.policy.yaml', import.meta.url), 'utf8');

function compiled(source: string): CompiledPolicy {
  const result = compilePolicy(source, 'cards.policy.yaml', SCHEMA);
  assert.ok('policy' in result, JSON.stringify(result));
  return result.policy;
}

/** Cards with parts replaced, each of which is there. */
const edited = (...edits: readonly (readonly [from: string, to: string])[]): string =>
  edits.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), from);
    return text.replace(from, () => to);
  }, CARDS);

const changesTo = (source: string): readonly PolicyChange[] =>
  policyDifference(compiled(CARDS), compiled(source)).changes;

test('comments, blanks, quotes, folding, short names and defaults written out are no change', () => {
  const same = edited(
    ['# Starter policy for card', '# A policy for card'],
    ['when: paying and card_sum_1h > burst_sum',
      'when: >-\n      paying   and (card_sum_1h\n      > burst_sum)'],
    ['small_amount: 5 EUR', 'small_amount:   5.00 EUR'],
    ['card_count_1h: count(by card over 1h)', 'card_count_1h: count( over 60m by card )'],
    ['    then: { action: decline, reason_code: CARD_BLOCKED }',
      '    mode: live\n    axis: fraud\n    then: { reason_code: CARD_BLOCKED, action: decline }'],
    ['    unknown: miss\n    reason: "{card_count_1h}',
      '    unknown: miss\n    degraded: miss\n    reason: "{card_count_1h}'],
    ['{ at: 0s, kind: card, card: k1, amount: 12.50 EUR',
      '{ kind: card, at: 0s, card: "k1", amount: 12.50 EUR'],
  );
  assert.deepEqual(changesTo(same), []);
  const text = englishDifference(policyDifference(compiled(CARDS), compiled(same)));
  assert.match(text, /They say the same\.\n$/);
});

const BANDS = 'below 30 approve (low); below 60 challenge (elevated); below 90 review (high); '
  + 'above decline (extreme)';

const CASES: readonly (readonly [name: string, edit: readonly [string, string], expected: object])[] = [
  ['a parameter, and the rules that use it', ['burst_count: 8', 'burst_count: 9'], [
    { section: 'rule', name: 'velocity-count', kind: 'changed', parts: [], through: ['burst_count'] },
    { section: 'parameter', name: 'burst_count', kind: 'changed', through: [],
      parts: [{ part: 'value', before: '8', after: '9' }] }]],
  ['the condition of a rule', ['when: card_frauds_180d > 0', 'when: card_frauds_180d > 1'], [
    { section: 'rule', name: 'fraud-on-card-before', kind: 'changed', through: [],
      parts: [{ part: 'when', before: 'card_frauds_180d > 0', after: 'card_frauds_180d > 1' }] }]],
  ['what a rule does', ['then: { action: hold, for: 24h, score: 40, reason_code: REFUNDS, queue: refunds }',
    'then: { action: hold, for: 12h, score: 30, reason_code: REFUNDS }'], [
    { section: 'rule', name: 'refund-without-purchase', kind: 'changed', through: [], parts: [
      { part: 'score', before: '40', after: '30' }, { part: 'queue', before: 'refunds', after: undefined },
      { part: 'for', before: '24h', after: '12h' }] }]],
  ['a rule in shadow', ['reason: "{card_sum_1h} with this',
    'mode: shadow\n    reason: "{card_sum_1h} with this'], [
    { section: 'rule', name: 'velocity-sum', kind: 'changed', through: [],
      parts: [{ part: 'mode', before: 'live', after: 'shadow' }] }]],
  ['a band', ['{ below: 60, action: challenge,', '{ below: 50, action: challenge,'], [
    { section: 'scoring', name: 'fraud', kind: 'changed', through: [],
      parts: [{ part: 'bands', before: BANDS, after: BANDS.replace('60', '50') }] }]],
  ['a test', ['{ at: 1m, card: k1, amount: 50 EUR, expect', '{ at: 2m, card: k1, amount: 50 EUR, expect'], [
    { section: 'test', name: 'a currency without a rate is no way around the limits', kind: 'changed',
      through: [], parts: [{ part: 'event 2',
        before: '{ amount: 50 EUR, at: 1m, card: k1, expect: { no-rate: miss, outcome: approve } }',
        after: '{ amount: 50 EUR, at: 2m, card: k1, expect: { no-rate: miss, outcome: approve } }' }] }]],
  ['a list', ['blocked_cards: { of: card, managed: true, validity: true',
    'blocked_cards: { of: card, managed: true, validity: required'],
    [{ section: 'rule', name: 'blocked-card', kind: 'changed', parts: [], through: ['blocked_cards'] },
      { section: 'list', name: 'blocked_cards', kind: 'changed', through: [],
        parts: [{ part: 'validity', before: 'optional', after: 'required' }] }]],
  ['what a rule does without windows', ['degraded: hold', 'degraded: decline'], [
    { section: 'rule', name: 'refund-without-purchase', kind: 'changed', through: [],
      parts: [{ part: 'unknown without windows', before: 'hold', after: 'decline' }] }]],
  ['a rule that counted only without windows', ['during: degraded\n    when: remote', 'when: remote'], [
    { section: 'rule', name: 'unseen-remote', kind: 'changed', through: [],
      parts: [{ part: 'during', before: 'degraded', after: undefined }] }]],
  ['the head', ['fallback: review', 'fallback: challenge'], [
    { section: 'policy', name: 'policy', kind: 'changed', through: [],
      parts: [{ part: 'fallback', before: 'review', after: 'challenge' }] }]],
];
for (const [name, edit, expected] of CASES) {
  test(`changed: ${name}`, () => { assert.deepEqual(changesTo(edited(edit)), expected); });
}

test('the word of the policy without windows reaches the rules that read one and say nothing', () => {
  const word = 'fallback: review\ndegraded: { unknown: challenge }';
  const changes = changesTo(edited(['fallback: review', word]));
  assert.deepEqual(changes[0], { section: 'policy', name: 'policy', kind: 'changed', through: [],
    parts: [{ part: 'unknown without windows', before: undefined, after: 'challenge' }] });
  const rules = changes.filter(({ section }) => section === 'rule').map(({ name }) => name);
  assert.ok(rules.includes('velocity-count'));
  for (const other of ['blocked-card', 'no-rate', 'refund-without-purchase', 'unseen-remote']) {
    assert.ok(!rules.includes(other), other);
  }
});

test('a define reaches the rules through features that count by it', () => {
  const [rules, others] = [true, false].map((ofRules) => changesTo(edited(
    ['small: amount as EUR < small_amount', 'small: amount as EUR <= small_amount']))
    .filter(({ section }) => (section === 'rule') === ofRules));
  assert.deepEqual(rules?.map(({ name, through }) => [name, through]), [
    ['card-testing-small', ['small']], ['enumeration-merchant', ['small']]]);
  assert.deepEqual(others?.map(({ section, name }) => [section, name]), [['define', 'small']]);
});

test('a rule that came and one that went are told in a sentence', () => {
  const went = edited(['  card-dead:\n', '  card-gone:\n'],
    ['expect: { card-dead: miss', 'expect: { card-gone: miss'],
    ['expect: { card-dead: hit', 'expect: { card-gone: hit']);
  const text = englishDifference(policyDifference(compiled(CARDS), compiled(went)));
  assert.match(text, /- \*\*card-dead\*\* is gone: More declines .* \*Hit when\* card_declines_1h is/);
  assert.match(text, /- \*\*card-gone\*\* is new: More declines/);
});

test('turned round, before and after change places', () => {
  const other = compiled(edited(['burst_count: 8', 'burst_count: 9'],
    ['card_frauds_180d > 0', 'card_frauds_180d > 1'],
    ['fallback: review', 'fallback: hold']));
  const there = policyDifference(compiled(CARDS), other);
  const back = policyDifference(other, compiled(CARDS));
  assert.deepEqual(back.changes, there.changes.map((change) => ({
    ...change,
    parts: change.parts.map(({ part, before, after }) => ({ part, before: after, after: before })) })));
  const [old, now] = [there.before.hash.slice(0, 19), there.after.hash.slice(0, 19)];
  assert.equal(englishDifference(there), `# cards version 1 (${old}) and cards version 1 (${now})

## Policy
  - fallback was review, is hold

## Rules
- **fraud-on-card-before** is changed
  - when was card_frauds_180d > 0, is card_frauds_180d > 1
- **velocity-count** is changed
  - through burst_count, changed below

## Parameters
- **burst_count** is changed
  - value was 8, is 9
`);
});

test('hits gained and lost, with examples, and which outcomes became which', () => {
  const judge = (hitsOf: (i: number) => readonly string[]): readonly JudgedPayment[] =>
    Array.from({ length: 10 }, (_, i) => ({ transactionId: `t${i}`, hits: hitsOf(i),
      outcome: hitsOf(i).length === 0 ? 'approve' : 'review' }));
  const before = judge((i) => (i < 3 ? ['a'] : []));
  const after = judge((i) => (i < 2 ? ['a'] : i > 3 ? ['b'] : []));
  const effect = effectDifference(before, after);
  assert.deepEqual(effect, {
    payments: 10, changed: 7,
    rules: [
      { rule: 'b', gained: { payments: 6, examples: ['t4', 't5', 't6', 't7', 't8'] },
        lost: { payments: 0, examples: [] } },
      { rule: 'a', gained: { payments: 0, examples: [] }, lost: { payments: 1, examples: ['t2'] } }],
    outcomes: [
      { before: 'approve', after: 'approve', payments: 1 },
      { before: 'approve', after: 'review', payments: 6 },
      { before: 'review', after: 'approve', payments: 1 },
      { before: 'review', after: 'review', payments: 2 }],
  });
  assert.match(englishEffect(effect), /- \*\*b\*\*: 6 more, such as t4, t5, t6, t7, t8\n/);
  assert.match(englishEffect(effect), /\| approve \| 1 \| 0 \| 6 \| 0 \| 0 \|/);
  assert.throws(() => effectDifference(before, after.slice(1)), RangeError);
  assert.throws(() => effectDifference(before, after.toReversed()), RangeError);
});
