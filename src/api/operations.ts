/** What each address does, once the caller is known and there is room for the call. */
import type { Decision } from '#domain/decision.ts';
import { parseLabelCall } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { DecideAnswer, RecordAnswer } from '#decisioning/call.ts';
import type { Grant } from '#ports/key-store.ts';
import { explainDecision } from './explain-decision.ts';
import type { Metrics } from './metrics.ts';
import { openApi } from './openapi.ts';
import type { ApiCall, ApiParts } from './parts.ts';
import { refusal } from './problem.ts';
import { renderDecision, viewDecision } from './render-decision.ts';
import type { Parameter } from './routes.ts';
import type { Operation } from './all-routes.ts';
import { lifecycleOperations } from './lifecycle-operations.ts';

/** A request that was let in. */
export interface Incoming {
  readonly call: ApiCall;
  /** Undefined where no key is needed. */
  readonly grant: Grant | undefined;
  readonly query: Readonly<Record<string, unknown>>;
  /** What the address says that a query may hold. */
  readonly parameters: readonly Parameter[];
  /** By the names in the address. */
  readonly params: Readonly<Record<string, string>>;
  readonly contentType: string;
}

export interface Answer {
  readonly text: string;
  /** Default application/json. */
  readonly type?: string;
  readonly replayed?: boolean;
}

type Step = (incoming: Incoming) => Promise<Answer | Refusal> | Answer | Refusal;
export type Operations = Readonly<Record<Operation, Step>>;

export function operations(parts: ApiParts, metrics: Metrics, isDraining: () => boolean): Operations {
  return {
    ...deciding(parts, metrics),
    ...telling(parts, metrics),
    ...finding(parts),
    ...watching(parts, metrics, isDraining),
    ...lifecycleOperations(parts),
  };
}

function deciding(parts: ApiParts, metrics: Metrics) {
  const decided = (answer: DecideAnswer, { grant, query }: Incoming, counts: boolean): Answer | Refusal => {
    if (answer.kind === 'refused') return answer.refusal;
    const { replayed, degraded } = answer;
    const decision = degraded === undefined ? answer.decision
      : { ...answer.decision, degraded: [...answer.decision.degraded, ...degraded] };
    if (counts) metrics.decided(decision, replayed);
    const view = { aml: seesAml(grant), explain: explains(query), replayed };
    return { text: renderDecision(decision, view), replayed };
  };
  return {
    decide: async (incoming) =>
      badQuery(incoming) ?? decided(await parts.decide(incoming.call), incoming, true),
    simulate: async (incoming) =>
      badQuery(incoming) ?? decided(await parts.simulate(incoming.call), incoming, false),
  } satisfies Partial<Operations>;
}

function telling(parts: ApiParts, metrics: Metrics) {
  const recorded = (answer: RecordAnswer): Answer | Refusal => {
    if (answer.kind === 'refused') return answer.refusal;
    const { replayed } = answer;
    if (replayed) metrics.replays += 1;
    else metrics.events += 1;
    const { created_at: createdAt, ...event } = answer.recorded;
    return { text: JSON.stringify({ ...event, replayed, created_at: createdAt }), replayed };
  };
  return {
    recordEvent: async ({ call }) => recorded(await parts.recordEvent(call)),
    async label(incoming) {
      const parsed = parseLabelCall(incoming.call.bytes);
      if ('code' in parsed) return parsed;
      const decision = await findIn(parts, incoming);
      if ('code' in decision) return decision;
      const { label } = parsed;
      const id = label.id ?? `${decision.id}:${label.label}`;
      const event = { ...label, id, type: 'label', transaction_id: decision.transaction_id };
      const bytes = Buffer.from(JSON.stringify({ event }));
      return recorded(await parts.recordEvent({ ...incoming.call, bytes }));
    },
  } satisfies Partial<Operations>;
}

function finding(parts: ApiParts) {
  return {
    async findDecision(incoming) {
      const wrong = badQuery(incoming);
      if (wrong !== undefined) return wrong;
      const decision = await findIn(parts, incoming);
      if ('code' in decision) return decision;
      return { text: renderDecision(decision, viewOf(incoming)) };
    },
    async findByTransaction(incoming) {
      const wrong = badQuery(incoming);
      if (wrong !== undefined) return wrong;
      const transactionId = incoming.query['transaction_id'];
      if (typeof transactionId !== 'string' || transactionId === '') {
        return refusal('bad_request', 'name the payment: /v1/decisions?transaction_id=...');
      }
      const decision = await parts.findByTransaction(incoming.call.tenant, transactionId);
      const data = decision === undefined ? [] : [viewDecision(decision, viewOf(incoming))];
      return { text: JSON.stringify({ object: 'list', data }) };
    },
    async explain({ call, params, grant }) {
      const aml = seesAml(grant);
      if (parts.explain === undefined) return refusal('part_unavailable', 'nothing explains decisions here');
      const explanation = await parts.explain(call.tenant, params['id'] ?? '', aml);
      if (explanation === undefined) return refusal('not_found', NO_SUCH_DECISION);
      if (explanation === 'busy') return refusal('shedding', 'too many explanations wait; ask again');
      if ('notExplained' in explanation) {
        const code = explanation.isPassing === true ? 'part_unavailable' : 'not_explainable';
        return refusal(code, explanation.notExplained);
      }
      return { text: explainDecision(explanation, aml) };
    },
    policies: ({ call }) => ({ text: JSON.stringify({ object: 'list', data: parts.policies(call.tenant) }) }),
  } satisfies Partial<Operations>;
}

function watching(parts: ApiParts, metrics: Metrics, isDraining: () => boolean) {
  return {
    live: () => ({ text: '{"status":"live"}' }),
    ready() {
      if (isDraining()) return refusal('draining', 'answers what it has taken, and takes no more');
      const readiness = parts.readiness();
      return readiness.ready ? { text: '{"status":"ready"}' } : refusal(readiness.code, readiness.detail);
    },
    metrics: async () => ({
      text: await metrics.text(parts.measurements(), parts.expiry()),
      type: 'text/plain; version=0.0.4; charset=utf-8',
    }),
    contract: () => ({ text: JSON.stringify(openApi(parts.schema())) }),
  } satisfies Partial<Operations>;
}

const NO_SUCH_DECISION = 'no decision has that id';
const findIn = async (parts: ApiParts, { call, params }: Incoming): Promise<Decision | Refusal> =>
  (await parts.findDecision(call.tenant, params['id'] ?? '')) ?? refusal('not_found', NO_SUCH_DECISION);
const seesAml = (grant: Grant | undefined): boolean => grant?.scopes.has('aml') ?? false;
const explains = (query: Incoming['query']): boolean => query['explain'] === 'full';
const viewOf = ({ grant, query }: Incoming) => ({
  aml: seesAml(grant),
  explain: explains(query),
  replayed: false,
});

/** A misspelt question gets no half answer. */
function badQuery({ query }: Incoming): Refusal | undefined {
  const { explain } = query;
  return explain === undefined || explain === 'full'
    ? undefined
    : refusal('bad_request', '`explain` can only be `full`');
}
