/**
 * What the books of the differential test cannot show: that the results are the ones the language promises.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import { eventSchema } from '#domain/field.ts';
import { emptyRateTable } from '#domain/rates.ts';
import { compilePolicy } from './compile-policy.ts';
import { bindLists } from './lists.ts';
import type { PolicyResult } from './policy-result.ts';
import { renderDiagnostics } from './render-diagnostic.ts';
import { storeWorld } from './store-world.ts';

const SCHEMA = eventSchema();
const NOON_MS = Date.UTC(2026, 0, 15, 12);

function payment(texts: Readonly<Record<string, string>>, minor = Number.NaN): ParsedEvent {
  const event: ParsedEvent = {
    type: 'transaction', tenant: 'test', id: 'tx', position: -1, receivedAtMs: NOON_MS,
    numbers: Array.from({ length: SCHEMA.numberSlotCount }, () => Number.NaN),
    texts: Array.from({ length: SCHEMA.textSlotCount }, () => undefined),
  };
  event.numbers[T_SLOT] = NOON_MS;
  event.numbers[SCHEMA.byPath.get('amount')?.numberSlot ?? -1] = minor;
  for (const [path, text] of Object.entries({ ...texts, event: 'transaction' })) {
    event.texts[SCHEMA.byPath.get(path)?.textSlot ?? -1] = text;
  }
  return event;
}

function decide(rules: string, event: ParsedEvent, more = ''): PolicyResult {
  const source = `policy: p\nversion: 1\nevent: transaction.v1\nreferences: { LAW: { text: "the law" } }
rules:\n${rules}scoring:
  fraud: { floor: 0, cap: 100, bands: [{ below: 30, action: approve, name: low },
    { below: 60, action: hold, for: 30m }, { else: decline }] }
  aml: { bands: [{ else: approve, name: any }] }\n${more}`;
  const compiled = compilePolicy(source, 'p.yaml', SCHEMA);
  if (!('policy' in compiled)) throw new Error(renderDiagnostics(compiled.diagnostics, source, 'p.yaml'));
  const lists = bindLists(compiled.policy.lists, new Map());
  assert.ok('inList' in lists);
  return storeWorld((schema) => new LocalWindowStore(schema))(compiled.policy, lists, emptyRateTable('EUR'))
    .decide(event).result;
}

const CARD = payment({ 'card.id': 'k1', amount: 'EUR' }, 12_050);
const HIT = 'when: amount as EUR > 100 EUR';

test('a hit is told with what was measured, what it met, and where it is written', () => {
  const result =
    decide(`  dear:
    title: Dear
    because: [LAW]
    ${HIT}
    then: { action: review, score: 10, reason_code: D1 }
    unknown: miss
    reason: "{amount} is over {100 EUR}"\n`, CARD);
  assert.deepEqual(result, {
    outcome: 'review',
    fraud: { outcome: 'review', score: 10, band: 'low' },
    aml: { outcome: 'approve', score: 0, band: 'any' },
    reasons: [{
      code: 'D1', rule: 'dear', axis: 'fraud', effect: 'review', text: '120.50 EUR is over 100.00 EUR',
      facts: [{ name: 'amount as EUR', value: '120.50 EUR', threshold: '100.00 EUR' }],
        references: ['the law'],
    }],
    unknown: [], effects: [],
  });
});

test('the outcome of an axis is the gravest of actions and band; the axes are apart', () => {
  const result = decide(`  a: { ${HIT}, then: { action: challenge, score: 35 }, unknown: miss }
  b: { axis: aml, ${HIT}, then: { action: review, score: 50 }, unknown: miss }\n`, CARD);
  assert.deepEqual([result.outcome, result.fraud, result.aml], [
    'hold', { outcome: 'hold', score: 35, band: 'hold' }, { outcome: 'review', score: 50, band: 'any' },
  ]);
  assert.deepEqual(result.effects, [{ kind: 'hold', rule: 'fraud-score', untilMs: NOON_MS + 1_800_000 }]);
});

test('scores stay between floor and cap', () => {
  const score = (points: number): number =>
    decide(`  a: { ${HIT}, then: { score: ${points} } }\n`, CARD).fraud.score;
  assert.deepEqual([score(-5), score(99), score(500)], [0, 99, 100]);
});

test('an unknown rule does what it says, and names its cause', () => {
  const blind = payment({ 'card.id': 'k1' });
  const rule = (unknown: string): PolicyResult =>
    decide(`  a: { ${HIT}, then: { action: decline, score: 40, report: sar }, unknown: ${unknown} }\n`,
      blind);
  assert.deepEqual(rule('miss').unknown, [
    { rule: 'a', axis: 'fraud', because: { name: 'amount', reason: 'absent' }, effect: 'miss' },
  ]);
  assert.deepEqual(['miss', 'challenge', 'hit'].map((unknown) => rule(unknown).outcome),
    ['approve', 'challenge', 'decline']);
  assert.deepEqual(rule('hit').effects, [{ kind: 'report', rule: 'a', report: 'sar' },
    { kind: 'hold', rule: 'fraud-score', untilMs: NOON_MS + 1_800_000 }]);
  assert.deepEqual([rule('review').fraud.score, rule('hit').fraud.score], [0, 40]);
});

test('an exception takes a hit back and is reported; an unknown exception never excepts', () => {
  const rule = (unless: string): PolicyResult =>
    decide(`  a: { ${HIT}, unless: ${unless}, then: { action: decline, score: 40 }, unknown: miss }\n`, CARD);
  const known = rule('card == "k1"');
  assert.deepEqual([known.outcome, known.fraud.score, known.reasons.map(({ effect }) => effect)],
    ['approve', 0, ['excepted']]);
  const unknown = rule('channel == "pos"');
  assert.deepEqual([unknown.outcome, unknown.reasons.map(({ effect }) => effect)], ['decline', ['decline']]);
});

test('a shadow is reported and does nothing, a rule that is off is not there', () => {
  const rule = (mode: string): PolicyResult =>
    decide(`  a: { ${HIT}, then: { action: decline, queue: q }, unknown: hit, mode: ${mode} }\n`, CARD);
  const shadow = rule('shadow');
  assert.deepEqual([shadow.outcome, shadow.effects, shadow.reasons.map(({ effect }) => effect)],
    ['approve', [], ['shadow']]);
  assert.deepEqual([rule('off').outcome, rule('off').reasons, rule('off').unknown], ['approve', [], []]);
});

test('a rule takes the effect of those it replaces, and only when it hits', () => {
  const rules = (limit: number): PolicyResult => decide(
    `  a: { when: amount as EUR > ${limit} EUR, then: { score: 35 }, replaces: b }
  b: { ${HIT}, then: { score: 20 } }\n`, CARD);
  assert.deepEqual([rules(110).fraud.score, rules(130).fraud.score], [35, 20]);
  assert.deepEqual(rules(110).reasons.map(({ rule, effect }) => [rule, effect]),
    [['a', 'score'], ['b', 'replaced']]);
});

test('reasons stand by gravity, then what was taken back, then shadows', () => {
  const result = decide(`  s: { ${HIT}, then: { action: decline }, unknown: miss, mode: shadow }
  e: { ${HIT}, unless: 'card == "k1"', then: { action: decline }, unknown: miss }
  p: { ${HIT}, then: { score: 1 } }
  q: { ${HIT}, then: { score: 2 } }
  r: { ${HIT}, then: { action: review }, unknown: miss }\n`, CARD);
  assert.deepEqual(result.reasons.map(({ rule }) => rule), ['r', 'q', 'p', 'e', 's']);
});

test('a label marks the entity from now until its end; an end that is past marks nothing', () => {
  const rule = (lasts: string): PolicyResult =>
    decide(`  a: { ${HIT}, then: { label: seen, on: card, for: ${lasts} } }\n`, CARD);
  const field = SCHEMA.byPath.get('card.id');
  assert.deepEqual(rule('24h').effects, [
    { kind: 'label', rule: 'a', field, value: 'k1', name: 'seen', fromMs: NOON_MS,
      untilMs: NOON_MS + 86_400_000 },
  ]);
  assert.deepEqual(rule('until(t - 1h)').effects, []);
  assert.deepEqual(rule('age(debtor.opened_at)').effects, []);
});

test('facts are the comparisons that held, in the order of writing', () => {
  const facts = decide(`  a:
    when: >-
      let x = amount as EUR; (x > 1_000 EUR or x >= 120 EUR)
      and not (channel == "pos" and x < 2 EUR) and 1 EUR < x and card in ["k1"]
    then: { score: 1 }\n`, CARD).reasons[0]?.facts;
  assert.deepEqual(facts, [
    { name: 'x', value: '120.50 EUR', threshold: '120.00 EUR' },
    { name: 'x', value: '120.50 EUR', threshold: '2.00 EUR' },
      { name: 'x', value: '120.50 EUR', threshold: '1.00 EUR' },
    { name: 'card.id in ["k1"]', value: 'k1' },
  ]);
});
