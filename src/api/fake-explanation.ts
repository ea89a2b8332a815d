/** An explanation for the tests of the API, in which everything that can be there is there, on both axes. */
import type { Decision } from '#domain/decision.ts';
import type { Axis } from '#domain/outcome.ts';
import type { Explanation, MeasuredAccount, RuleAccount } from '#explain/explanation.ts';

const COUNT = { name: 'card_count_1h', value: 6 };
const LIMIT = { name: '5', value: 5 };

const rule = (id: string, axis: Axis, more: Partial<RuleAccount>): RuleAccount => ({
  rule: id,
  axis,
  title: `Rule ${id}`,
  mode: 'live',
  answer: 'hit',
  effect: 'challenge',
  does: 'challenge',
  english: `**${id}** - Rule ${id}.`,
  references: [],
  exceptions: [],
  condition: {
    text: 'card_count_1h > 5 and card in list("watched")',
    english: 'card_count_1h is more than 5 and the card is on the list watched',
    answer: 'true',
    joined: 'and',
    parts: [
      {
        text: 'card_count_1h > 5',
        english: 'card_count_1h is more than 5',
        answer: 'true',
        decisive: true,
        compared: { left: COUNT, op: '>', right: LIMIT },
      },
      {
        text: 'card in list("watched")',
        english: 'the card is on the list watched',
        answer: 'true',
        decisive: true,
        compared: {
          left: { name: 'card.id', value: 'c_1' },
          op: 'in',
          right: { name: 'list("watched")', value: null },
        },
        list: { list: 'watched', value: 'c_1', until: '2027-01-01T00:00:00Z', note: 'seen before' },
      },
    ],
  },
  ...more,
});

const RULES: readonly RuleAccount[] = [
  rule('many_small', 'fraud', { reason: '6 payments in an hour', without: 'approve' }),
  rule('far', 'fraud', {
    answer: 'unknown',
    effect: 'miss',
    unknown: { name: 'location', reason: 'absent', effect: 'miss' },
  }),
  rule('snoozed', 'fraud', {
    answer: 'excepted',
    effect: 'excepted',
    mode: 'shadow',
    mode_because: 'in shadow since 2026-11-22T00:00:00Z: too many hits',
    exceptions: [
      {
        kind: 'snooze',
        name: 'sn_1',
        value: 'c_1',
        from: '2026-11-01T00:00:00Z',
        until: '2026-12-01T00:00:00Z',
        note: 'the customer called',
        by: 'a.ng',
        approved_by: ['b.lee'],
      },
    ],
  }),
  rule('just_below', 'aml', { effect: 'hold', reason: 'just below the limit', without: 'challenge' }),
];

const VALUES: readonly MeasuredAccount[] = [
  {
    name: 'card_count_1h',
    value: 6,
    entity: 'card.id',
    baseline: { kind: 'usual', n: 20, low: 1, median: 1, high: 2 },
  },
  {
    name: 'cash_sum_7d',
    value: '9900.00 EUR',
    entity: 'debtor.account_id',
    baseline: { kind: 'no_baseline', n: 3 },
  },
];

export function explanationOf(decision: Decision, aml: boolean): Explanation {
  const { outcome, fraud, policy, log_position: logPosition } = decision;
  return {
    decision,
    derived: {
      equal: true,
      from: 'facts',
      policy_hash: policy.hash,
      publication: 1,
      position: logPosition.position ?? 0,
      list_versions: { watched: 'sha256:01' },
      rates: 'r1',
    },
    rules: RULES.filter(({ axis }) => aml || axis === 'fraud'),
    values: VALUES.filter(({ name }) => aml || !decision.aml_features.includes(name)),
    counterfactual: {
      of: aml ? 'overall' : 'fraud',
      outcome: aml ? outcome : fraud.outcome,
      meaning: 'one value changes alone',
      changes: [
        { name: 'card_count_1h', kind: 'feature', value: 6, to: 5, by: -1, outcome: 'approve' },
        { name: 'amount', kind: 'field', value: '120.50 EUR', to: null, by: null, outcome: null },
      ],
    },
  };
}
