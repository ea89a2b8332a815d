/** What we answer, as JSON Schema for /openapi.json; a test holds rendered answers to it. */
import { Type } from 'typebox';
import type { TProperties } from 'typebox';
import { AXES, OUTCOMES } from '#domain/outcome.ts';
import { REFUSAL_STATUS } from '#domain/refusal.ts';
import { PROBLEM_TITLE } from './problem.ts';

export const closed = <T extends TProperties>(properties: T, description: string) =>
  Type.Object(properties, { additionalProperties: false, description });
export const words = (values: readonly string[], description: string) =>
  Type.Unsafe<string>({ type: 'string', enum: [...values], description });
export const text = (description: string) => Type.String({ description });
export const instant = (description: string) => Type.String({ format: 'date-time', description });

const OUTCOME = words(OUTCOMES, 'from mildest to gravest');
export const VALUE = Type.Unsafe<unknown>({
  type: ['number', 'string', 'boolean', 'null', 'array'],
  items: { type: 'number' },
  description: 'money as "120.50 EUR", a duration as "24h", a count as a number; null is missing',
});
const axis = (description: string) =>
  closed(
    {
      outcome: OUTCOME,
      score: Type.Number(),
      band: text('name of the band that the score is in'),
    },
    description,
  );
const byFeature = (values: ReturnType<typeof Type.Unsafe>, description: string) =>
  Type.Unsafe<object>({ type: 'object', additionalProperties: values, description });
const ADJUSTED = Type.Optional(
  closed(
    {
      occurred_at: closed({ from: instant('as sent'), to: instant('as judged') }, 'event time'),
    },
    'occurred_at was outside the tolerance, and the policy clamps',
  ),
);
const LOG_POSITION = closed({ position: Type.Integer({ minimum: 1 }) }, 'where it stands in the log');

const REASON = closed(
  {
    code: text('reason code of the policy'),
    rule: text('rule that says so'),
    axis: words(AXES, 'aml only with the scope aml'),
    effect: text('an outcome it raised to, or score, report, shadow, excepted'),
    text: text('for a human'),
    facts: Type.Array(
      closed(
        {
          name: text('what was measured'),
          value: VALUE,
          threshold: Type.Optional(VALUE),
        },
        'what was measured, and what it met',
      ),
    ),
    references: Type.Array(text('law or standard')),
  },
  'why',
);

const DEGRADED = Type.Array(
  closed(
    {
      part: text('that was left out'),
      cause: text('why'),
      fallback: text('what stood in'),
      axis: Type.Optional(words(AXES, 'of a rule that was left out; aml only with the scope aml')),
    },
    'what was left out',
  ),
);

export const DECISION = closed(
  {
    id: text('of the decision'),
    object: words(['decision'], 'always decision'),
    transaction_id: text('your id'),
    outcome: OUTCOME,
    fraud: axis('the fraud result'),
    aml: Type.Optional(axis('the money-laundering result; only with the scope aml')),
    reasons: Type.Array(REASON),
    unknown: Type.Array(
      closed(
        {
          rule: text('rule that could not say'),
          axis: words(AXES, 'aml only with the scope aml'),
          because: closed({ name: text('what was missing'), reason: text('and why') }, 'the cause'),
          effect: text('what the policy makes of it'),
        },
        'a rule that could not say',
      ),
    ),
    tasks: Type.Array(
      closed(
        {
          kind: words(['hold_until', 'report', 'queue'], 'what is asked'),
          rule: text('rule that asks'),
          axis: words(AXES, 'aml only with the scope aml'),
          value: text('until when, which report, or which queue'),
        },
        'what a hit asks of others',
      ),
    ),
    features: Type.Optional(byFeature(VALUE, 'feature by name; with explain=full')),
    precision: Type.Optional(
      byFeature(
        Type.Unsafe<object>({
          type: 'object',
          required: ['precision', 'hop_ms', 'low', 'high'],
          properties: {
            precision: words(['tiled'], 'always tiled'),
            hop_ms: Type.Integer(),
            low: VALUE,
            high: VALUE,
          },
        }),
        'features that are not exact, with their bounds; with explain=full',
      ),
    ),
    screening: closed(
      {
        status: words(['not_configured', 'clear', 'potential_match', 'error'], 'of the names in the payment'),
        hits: Type.Integer(),
        list_version: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
      },
      'sanctions screening',
    ),
    policy: closed(
      { name: text('of the policy'), version: Type.Integer(), hash: text('of its content') },
      'what decided',
    ),
    log_position: LOG_POSITION,
    degraded: DEGRADED,
    adjusted: ADJUSTED,
    replayed: Type.Boolean({
      description: 'decided before; the rest is byte for byte what was answered then, but for what degraded '
        + 'says of the part `log`: how this call was kept',
    }),
    created_at: instant('when it was decided'),
  },
  'the answer to one payment',
);

export const DECISION_LIST = closed(
  {
    object: words(['list'], 'always list'),
    data: Type.Array(DECISION),
  },
  'decisions',
);

export const RECORDED = closed(
  {
    id: text('your id of the event'),
    object: words(['event'], 'always event'),
    type: text('of the event'),
    state: words(['counted', 'waiting'], 'waiting: for the payment it is about'),
    log_position: LOG_POSITION,
    adjusted: ADJUSTED,
    degraded: Type.Optional(DEGRADED),
    replayed: Type.Boolean({ description: 'recorded before' }),
    created_at: instant('when it was recorded'),
  },
  'an event that counts from here on',
);

export const POLICY_LIST = closed(
  {
    object: words(['list'], 'always list'),
    data: Type.Array(
      closed(
        {
          name: text('of the policy'),
          version: Type.Integer(),
          hash: text('of its content'),
          title: text('for a human'),
          kinds: Type.Array(text('kind of payment it decides')),
          rule_count: Type.Integer(),
          feature_count: Type.Integer(),
        },
        'a policy in force',
      ),
    ),
  },
  'policies in force',
);

export const HEALTH = closed(
  {
    status: words(['live', 'ready'], 'as asked; what is not ready says so as a problem'),
  },
  'of this process',
);

const CODES = Object.keys(REFUSAL_STATUS);

export const PROBLEM = closed(
  {
    type: text('urn:assay:problem: and the code'),
    title: words([...new Set(Object.values(PROBLEM_TITLE))], 'the code in words'),
    status: Type.Integer(),
    code: words(CODES, 'closed list; a code may be added, none changes its meaning'),
    detail: text('what went wrong this time'),
    errors: Type.Array(
      closed(
        {
          pointer: text('RFC 6901, into the body'),
          detail: text('what would be right'),
        },
        'one fault',
      ),
    ),
    instance: text('of this request; the log has it too'),
  },
  'RFC 9457',
);
