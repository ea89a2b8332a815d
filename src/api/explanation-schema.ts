/** An explanation, as JSON Schema for /openapi.json. */
import { Type } from 'typebox';
import { AXES, OUTCOMES } from '#domain/outcome.ts';
import { closed, DECISION, text, VALUE, words } from './answer-schema.ts';

const OUTCOME = words(OUTCOMES, 'from mildest to gravest');
const optional = (description: string) => Type.Optional(text(description));

const OPERAND = closed(
  { name: text('as the policy writes it'), value: VALUE, missing: optional('why there is none') },
  'a value',
);
const LIST_ENTRY = closed(
  {
    list: text('name of the list'),
    value: VALUE,
    from: optional('on the list from then on'),
    until: optional('not on the list from then on'),
    note: optional('why it is on the list'),
    change: optional('id of the change that added it; absent: it came with the whole list'),
  },
  'the entry that put it on the list',
);
const TREE = closed(
  {
    text: text('the condition, as the policy language writes it'),
    english: text('and in words'),
    answer: words(['true', 'false', 'unknown', 'not_read'], 'not_read: not looked up then'),
    decisive: Type.Optional(Type.Boolean({ description: 'this part made the whole what it is' })),
    because: Type.Optional(closed({ name: text('what was missing'), reason: text('and why') }, 'why')),
    compared: Type.Optional(
      closed({ left: OPERAND, op: text('of the comparison'), right: OPERAND }, 'what was held against what'),
    ),
    reads: Type.Optional(Type.Array(OPERAND)),
    list: Type.Optional(LIST_ENTRY),
    joined: Type.Optional(words(['and', 'or', 'not', 'require'], 'how its parts make it')),
    parts: Type.Optional(Type.Array(Type.Unsafe<object>({ type: 'object' }))),
  },
  'a condition and what each part of it said',
);
const EXCEPTION = closed(
  {
    kind: words(['list', 'condition', 'snooze'], 'what excepts'),
    name: text('of the list, the snooze, or the condition itself'),
    value: Type.Optional(VALUE),
    from: optional('from when'),
    until: optional('until when'),
    note: optional('of the list entry, or the reason of the snooze'),
    by: optional('who'),
    approved_by: Type.Optional(Type.Array(text('who approved it'))),
  },
  'why a rule that holds did nothing',
);
const RULE = closed(
  {
    rule: text('its id'),
    axis: words(AXES, 'aml only with the scope aml'),
    title: text('for a human'),
    mode: words(['live', 'shadow', 'off'], 'at that time, for that payment'),
    mode_because: optional('who or what set the mode, since when and why'),
    answer: words(['hit', 'miss', 'unknown', 'excepted', 'off'], 'what it said'),
    effect: text('what it did; none'),
    does: text('what a hit does'),
    english: text('the rule in words'),
    references: Type.Array(text('law or standard')),
    condition: TREE,
    unless: Type.Optional(TREE),
    unknown: Type.Optional(
      closed(
        { name: text('what was missing'), reason: text('why'), effect: text('what the policy makes of it') },
        'of a rule that cannot say',
      ),
    ),
    exceptions: Type.Array(EXCEPTION),
    replaced_by: Type.Optional(Type.Array(text('rule that hit and took its effect'))),
    reason: optional('of a hit'),
    without: Type.Optional(OUTCOME),
  },
  'a rule and its answer',
);
const BASELINE = closed(
  {
    kind: words(['usual', 'no_baseline'], 'fewer than 5 earlier decisions say nothing'),
    n: Type.Integer({ description: 'earlier decisions, at most 20' }),
    low: Type.Optional(VALUE),
    median: Type.Optional(VALUE),
    high: Type.Optional(VALUE),
  },
  'quartiles by nearest rank',
);
const MEASURED = closed(
  {
    name: text('of the feature'),
    value: VALUE,
    missing: optional('why there is none'),
    entity: text('field that names whose it is'),
    baseline: Type.Optional(BASELINE),
  },
  'a feature that the rules read',
);
const CHANGE = closed(
  {
    name: text('of the value'),
    kind: words(['feature', 'field'], 'measured, or sent'),
    value: VALUE,
    to: VALUE,
    by: Type.Unsafe<number | null>({ type: ['number', 'null'], description: 'minor units, counts, ms' }),
    outcome: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'it would have been' }),
  },
  'the nearest value that gives a lower outcome; null where none does',
);

export const EXPLANATION = closed(
  {
    object: words(['explanation'], 'always explanation'),
    text: Type.Array(text('one line')),
    decision: DECISION,
    derived: closed(
      {
        equal: Type.Boolean({ description: 'judged again, it is the recorded answer to the byte' }),
        from: words(['facts', 'replay'], 'from its record, or from the log read again'),
        policy_hash: text('of what decided'),
        publication: Type.Integer({ description: 'log position of what was in force' }),
        position: Type.Integer({ description: 'log position of the decision' }),
        list_versions: Type.Unsafe<object>({ type: 'object', additionalProperties: { type: 'string' } }),
        rates: text('version of the exchange rates'),
      },
      'made again',
    ),
    rules: Type.Array(RULE),
    values: Type.Array(MEASURED),
    counterfactual: closed(
      {
        of: words(['overall', 'fraud'], 'the outcome that is to be lower'),
        outcome: OUTCOME,
        meaning: text('what is held'),
        changes: Type.Array(CHANGE),
      },
      'the smallest change of each value alone',
    ),
  },
  'a decision, made again and told',
);
