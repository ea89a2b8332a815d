/** The addresses of deciding, in one table: the server and the contract are made from it. */
import type { TSchema } from 'typebox';
import type { EventSchema } from '#domain/field.ts';
import type { RefusalCode } from '#domain/refusal.ts';
import { eventCallSchema, labelCallSchema, transactionCallSchema } from '#domain/transaction-schema.ts';
import type { Scope } from '#ports/key-store.ts';
import {
  DECISION,
  DECISION_LIST,
  HEALTH,
  POLICY_LIST,
  PROBLEM,
  RECORDED,
} from './answer-schema.ts';
import { EXPLANATION } from './explanation-schema.ts';

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As OpenAPI writes it. */
  readonly path: string;
  readonly summary: string;
  /** Undefined: no key is needed. */
  readonly scope: Scope | undefined;
  /** Needed besides `scope`: what is behind the address tells of the AML axis too. */
  readonly also?: Scope;
  /**
   * What happens when there is too much to do: `decision` comes last, `told` and `asked` (which can be
   * repeated later) first, and `always` never.
   */
  readonly load: 'decision' | 'told' | 'asked' | 'always';
  readonly body: string | undefined;
  /** Default: that of all bodies. */
  readonly bodyBytesMax?: number;
  /** It takes a body of text/csv too. */
  readonly csv?: true;
  readonly query: readonly Parameter[];
  readonly headers: readonly Parameter[];
  /** Of status 200; undefined is text or not ours to describe. */
  readonly answer: string | undefined;
  readonly refusals: readonly RefusalCode[];
}

export interface Parameter {
  readonly name: string;
  readonly required: boolean;
  readonly schema: object;
  readonly description: string;
}

const EXPLAIN: Parameter = {
  name: 'explain',
  required: false,
  schema: { type: 'string', enum: ['full'] },
  description: 'with all features',
};
const CALL_HEADERS: readonly Parameter[] = [
  {
    name: 'Idempotency-Key',
    required: false,
    schema: { type: 'string', minLength: 1, maxLength: 128 },
    description: 'default: the id in the body',
  },
  {
    name: 'Decision-Deadline-Ms',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 60_000 },
    description: 'ms within which you need the answer; a part that can be left out is left out and named. '
      + 'Of this engine none can: windows, rules and lists are in memory, and what is answered is durable',
  },
  { name: 'traceparent', required: false, schema: { type: 'string' }, description: 'W3C trace context' },
];
const TRANSACTION_ID: Parameter = {
  name: 'transaction_id',
  required: true,
  schema: { type: 'string', minLength: 1, maxLength: 128 },
  description: 'your id of the payment',
};

export const KEYED: readonly RefusalCode[] = [
  'bad_request',
  'unauthenticated',
  'forbidden',
  'shedding',
  'draining',
  'internal',
];
export const BODY: readonly RefusalCode[] = [
  'not_json',
  'request_timeout',
  'too_large',
  'unsupported_media_type',
  'invalid',
  'log_unavailable',
  'starting',
];

export const NONE = { query: [], headers: [], body: undefined, answer: undefined } as const;

export const ROUTES = {
  decide: {
    ...NONE,
    method: 'POST',
    path: '/v1/decisions',
    summary: 'Decide a payment',
    scope: 'decide',
    load: 'decision',
    body: 'TransactionCall',
    query: [EXPLAIN],
    headers: CALL_HEADERS,
    answer: 'Decision',
    refusals: [...KEYED, ...BODY, 'id_conflict', 'outside_time_tolerance'],
  },
  simulate: {
    ...NONE,
    method: 'POST',
    path: '/v1/simulate',
    summary: 'Decide a payment and leave no trace',
    scope: 'decide',
    load: 'asked',
    body: 'TransactionCall',
    query: [EXPLAIN],
    headers: CALL_HEADERS,
    answer: 'Decision',
    refusals: [...KEYED, ...BODY, 'outside_time_tolerance'],
  },
  recordEvent: {
    ...NONE,
    method: 'POST',
    path: '/v1/events',
    summary: 'Tell what happened',
    scope: 'events',
    load: 'told',
    body: 'EventCall',
    headers: CALL_HEADERS,
    answer: 'Recorded',
    refusals: [...KEYED, ...BODY, 'id_conflict', 'outside_time_tolerance'],
  },
  label: {
    ...NONE,
    method: 'POST',
    path: '/v1/decisions/{id}/labels',
    summary: 'Tell what a decided payment proved to be',
    scope: 'events',
    load: 'told',
    body: 'LabelCall',
    answer: 'Recorded',
    refusals: [...KEYED, ...BODY, 'not_found', 'id_conflict', 'outside_time_tolerance'],
  },
  findDecision: {
    ...NONE,
    method: 'GET',
    path: '/v1/decisions/{id}',
    summary: 'A decision by its id',
    scope: 'decide',
    load: 'asked',
    query: [EXPLAIN],
    answer: 'Decision',
    refusals: [...KEYED, 'not_found'],
  },
  findByTransaction: {
    ...NONE,
    method: 'GET',
    path: '/v1/decisions',
    summary: 'Decisions by the id of the payment',
    scope: 'decide',
    load: 'asked',
    query: [TRANSACTION_ID, EXPLAIN],
    answer: 'DecisionList',
    refusals: KEYED,
  },
  explain: {
    ...NONE,
    method: 'GET',
    path: '/v1/decisions/{id}/explain',
    summary: 'A decision made again and told',
    scope: 'decide',
    load: 'asked',
    answer: 'Explanation',
    refusals: [...KEYED, 'not_found', 'not_explainable', 'part_unavailable'],
  },
  policies: {
    ...NONE,
    method: 'GET',
    path: '/v1/policies',
    summary: 'Policies in force',
    scope: 'policies',
    load: 'asked',
    answer: 'PolicyList',
    refusals: KEYED,
  },
  live: {
    ...NONE,
    method: 'GET',
    path: '/health/live',
    summary: 'Does the process turn?',
    scope: undefined,
    load: 'always',
    answer: 'Health',
    refusals: [],
  },
  ready: {
    ...NONE,
    method: 'GET',
    path: '/health/ready',
    summary: 'Can it decide?',
    scope: undefined,
    load: 'always',
    answer: 'Health',
    refusals: ['starting', 'draining', 'log_unavailable'],
  },
  metrics: {
    ...NONE,
    method: 'GET',
    path: '/metrics',
    summary: 'Measurements, for Prometheus',
    scope: undefined,
    load: 'always',
    refusals: [],
  },
  contract: {
    ...NONE,
    method: 'GET',
    path: '/openapi.json',
    summary: 'This contract',
    scope: undefined,
    load: 'always',
    refusals: [],
  },
} as const satisfies Readonly<Record<string, Route>>;


export const components = (schema: EventSchema) =>
  ({
    TransactionCall: transactionCallSchema(schema),
    EventCall: eventCallSchema(schema),
    LabelCall: labelCallSchema,
    Decision: DECISION,
    DecisionList: DECISION_LIST,
    Explanation: EXPLANATION,
    Recorded: RECORDED,
    PolicyList: POLICY_LIST,
    Health: HEALTH,
    Problem: PROBLEM,
  }) satisfies Readonly<Record<string, TSchema>>;
