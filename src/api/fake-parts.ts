/** An engine for the tests of the API: it decides by what the payment says, and can be held back. */
import type { Decision } from '#domain/decision.ts';
import { eventSchema } from '#domain/field.ts';
import { isRefusal, parseEventCall, parseTransactionCall } from '#domain/parse-event.ts';
import type { Grant, Scope } from '#ports/key-store.ts';
import type { DecideAnswer, RecordAnswer } from '#decisioning/call.ts';
import { explanationOf } from './fake-explanation.ts';
import type { ApiCall, ApiParts, PolicySummary, Readiness } from './parts.ts';

const RECEIVED_MS = Date.UTC(2026, 10, 23, 10, 0, 1);
const CREATED_AT = new Date(RECEIVED_MS).toISOString();
const schema = eventSchema();

export const payment = {
  id: 'tx_1',
  occurred_at: '2026-11-23T10:00:00.123Z',
  kind: 'card',
  amount: { value: '120.50', currency: 'EUR' },
  card: { id: 'c_1' },
};

/** A decision in which everything that can be there is there, on both axes. */
export const fullDecision: Decision = {
  id: 'dec_1',
  object: 'decision',
  transaction_id: 'tx_1',
  outcome: 'hold',
  fraud: { outcome: 'challenge', score: 40, band: 'middle' },
  aml: { outcome: 'hold', score: 90, band: 'high' },
  reasons: [
    {
      code: 'CARD_TESTING',
      rule: 'many_small',
      axis: 'fraud',
      effect: 'challenge',
      text: '6 payments in an hour',
      facts: [{ name: 'card_count_1h', value: 6, threshold: 5 }],
      references: [],
    },
    {
      code: 'STRUCTURING',
      rule: 'just_below',
      axis: 'aml',
      effect: 'hold',
      text: 'just below the limit',
      facts: [{ name: 'cash_sum_7d', value: '9900.00 EUR', threshold: '10000.00 EUR' }],
      references: ['AMLR art. 80'],
    },
  ],
  unknown: [
    { rule: 'far', axis: 'fraud', because: { name: 'location', reason: 'absent' }, effect: 'miss' },
    { rule: 'tipped', axis: 'aml', because: { name: 'cash_sum_30d', reason: 'degraded' }, effect: 'review' },
  ],
  tasks: [
    { kind: 'queue', rule: 'many_small', axis: 'fraud', value: 'cards' },
    { kind: 'report', rule: 'just_below', axis: 'aml', value: 'ctr' },
  ],
  features: { card_count_1h: 6, cash_sum_7d: '9900.00 EUR', cash_sum_30d: null },
  aml_features: ['cash_sum_7d', 'cash_sum_30d'],
  precision: {
    card_count_1h: { precision: 'tiled', hop_ms: 60_000, low: 6, high: 7 },
    cash_sum_7d: { precision: 'tiled', hop_ms: 60_000, low: '9900.00 EUR', high: '9901.00 EUR' },
  },
  screening: { status: 'not_configured', hits: 0, list_version: null },
  policy: { name: 'cards', version: 3, hash: 'sha256:00' },
  log_position: { position: 7 },
  degraded: [{ part: 'windows', cause: 'late', fallback: 'unknown' }],
  adjusted: { occurred_at: { from: '2026-01-01T00:00:00.000Z', to: '2026-11-16T10:00:01.000Z' } },
  created_at: CREATED_AT,
};

export interface FakeParts extends ApiParts {
  readonly calls: ApiCall[];
  readiness: () => Readiness;
  /** Set: calls wait for it. */
  hold: Promise<void> | undefined;
  /** Set: calls reject with it. */
  failure: Error | undefined;
}

const grant = (keyId: string, tenant: string, ...scopes: Scope[]): Grant => ({
  keyId,
  name: keyId,
  tenant,
  scopes: new Set(scopes),
});

/** Tokens are the names of what they may. */
const GRANTS = new Map<string, Grant>([
  ['all', grant('k_all', 'acme', 'decide', 'aml', 'events', 'policies', 'admin')],
  ['decide', grant('k_decide', 'acme', 'decide')],
  ['events', grant('k_events', 'acme', 'events')],
  ['other', grant('k_other', 'other', 'decide', 'aml')],
]);

const CARDS: PolicySummary = {
  name: 'cards',
  version: 3,
  hash: 'sha256:00',
  title: 'Cards',
  kinds: ['card'],
  rule_count: 2,
  feature_count: 3,
};
const RECORDED = {
  object: 'event',
  state: 'counted',
  log_position: { position: 8 },
  created_at: CREATED_AT,
} as const;

export function fakeParts(): FakeParts {
  const decisions = new Map<string, Decision>();
  const recorded = new Set<string>();
  const parts: FakeParts = {
    calls: [],
    hold: undefined,
    failure: undefined,
    readiness: () => ({ ready: true }),
    async decide(call) {
      const decided = await parts.simulate(call);
      if (decided.kind === 'refused') return decided;
      const key = `${call.tenant} ${decided.decision.transaction_id}`;
      const stored = decisions.get(key);
      if (stored !== undefined) return { kind: 'decided', decision: stored, replayed: true };
      decisions.set(key, decided.decision);
      return decided;
    },
    async simulate(call): Promise<DecideAnswer> {
      parts.calls.push(call);
      await parts.hold;
      if (parts.failure !== undefined) throw parts.failure;
      const parsed = parseTransactionCall(call.bytes, schema, RECEIVED_MS, call.tenant);
      if (isRefusal(parsed)) return { kind: 'refused', refusal: parsed };
      return {
        kind: 'decided',
        decision: { ...fullDecision, transaction_id: parsed.event.id },
        replayed: false,
      };
    },
    recordEvent(call): Promise<RecordAnswer> {
      parts.calls.push(call);
      const parsed = parseEventCall(call.bytes, schema, RECEIVED_MS, call.tenant);
      if (isRefusal(parsed)) return Promise.resolve({ kind: 'refused', refusal: parsed });
      const { id, type } = parsed.event;
      const replayed = recorded.has(id);
      recorded.add(id);
      return Promise.resolve({ kind: 'recorded', replayed, recorded: { ...RECORDED, id, type } });
    },
    findDecision: (tenant, id) =>
      Promise.resolve(
        [...decisions].find(([key, found]) => key.startsWith(`${tenant} `) && found.id === id)?.[1],
      ),
    findByTransaction: (tenant, transactionId) =>
      Promise.resolve(decisions.get(`${tenant} ${transactionId}`)),
    async explain(tenant, id, aml) {
      const decision = await parts.findDecision(tenant, id);
      return decision && explanationOf(decision, aml);
    },
    policies: () => [CARDS],
    expiry: () => [],
    measurements: () => ({
      stages: {},
      windowStore: { events: 5, entities: 4, texts: 3, bytes: 2 },
      logPosition: 7,
      brake: {
        held: { fraud: 0, aml: 0 }, engaged: { fraud: 0, aml: 0 }, paged: { fraud: 0, aml: 0 }, hits: [],
      },
    }),
    schema: () => schema,
    keys: { find: (token) => GRANTS.get(token) },
  };
  return parts;
}
