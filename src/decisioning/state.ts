/**
 * What the engine knows: the windows, and what is live. INVARIANT: state = f(log). The record just decided
 * and the
 * record read back at start enter by the same doors, so a rebuilt state equals the live one.
 */
import { applyTolerance } from '#domain/apply-tolerance.ts';
import type { Decision, WindowsCause } from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import type { EventSchema } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import { messageOf } from '#domain/message-of.ts';
import { isRefusal, parseEventCall, parseTransactionCall, type ParsedFact } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import { atOnce, type Steps } from '#policy/steps.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { recordedOf, type Recorded } from './call.ts';
import { placeInLog, type DecisionPlace } from './decision-id.ts';
import { decisionOf, type Failure } from './decision-of.ts';
import { LivePolicies, type Standing } from './live-policies.ts';
import type { Judgement, LivePolicy } from './live-policy.ts';
import { PolicyCompiler } from './policy-compiler.ts';
import { judgingOf, preparePolicies, type Prepared, type Wanted } from './prepare-policies.ts';
import {
  isAmendment, NOTHING_AMENDED, readAmendment, readPublication, type Amendment, type Publication,
} from './publication.ts';
import { PublicationRefused } from './publication-refused.ts';
import {
  factsOf, readMarks, RECORD_FORMAT, requestBytes, splitKey,
  type Facts, type MarkEffect, type Versions,
} from './record.ts';

export interface Judged {
  readonly kind: 'judged';
  readonly decision: Decision;
  readonly versions: Versions;
  readonly facts: Facts;
  readonly marks: readonly MarkEffect[];
}

/** A payment whose time is within the tolerance of the policy that decides it. */
export interface Admitted {
  readonly kind: 'admitted';
  readonly event: ParsedEvent;
  /** What was in force when it was admitted. */
  readonly inForce: LivePolicies | undefined;
  readonly live: LivePolicy | undefined;
  readonly adjusted: Decision['adjusted'];
}

/** Events have no policy of their own: they are clamped to the widest tolerance, and the answer says so. */
export const EVENT_TOLERANCE = {
  aheadMs: LIMITS.occurredAheadMsMax, behindMs: LIMITS.occurredBehindMsMax, outside: 'clamp',
} as const;

const NOTHING_LIVE: Versions = {
  format: RECORD_FORMAT, publication: 0, policy: 'none', schema: 'none', rates: 'none', lists: {},
};
/** More make its code no faster before the swap: the compiler takes its time. */
const WARMING_PAYMENTS = 32;
/** Of what is in no log: records are counted from 1. */
const NO_POSITION = 0;
const NO_FACTS: Facts = { cells: [], missing: {} };

export class EngineState {
  /** Position of the last record applied. */
  position: number;
  /** Fixed for the life of a state: with other custom fields the state is built again from the log. */
  readonly schema: EventSchema;
  readonly store: PersistentWindowStore;
  readonly #compiler: PolicyCompiler;
  /** The latest payments, in a ring: for `warm`. */
  readonly #recent: ParsedEvent[] = [];
  #live: LivePolicies | undefined;

  /** `compiler` is of this schema; with one that is shared, nothing is compiled twice. */
  constructor(schema: EventSchema, store: PersistentWindowStore, compiler = new PolicyCompiler(schema)) {
    this.schema = schema;
    this.store = store;
    this.position = 0;
    this.#compiler = compiler;
  }

  get live(): LivePolicies | undefined { return this.#live; }

  admit(event: ParsedEvent): Admitted | Refusal {
    const inForce = this.#live;
    const live = inForce?.policyFor(event);
    const timed = applyTolerance(event, live?.policy.time ?? EVENT_TOLERANCE);
    if (isRefusal(timed)) return timed;
    return { kind: 'admitted', event: timed.event, inForce, live, adjusted: timed.adjusted };
  }

  /** Counts the payment at this position and judges it. Pure but for the windows: no clock, no wait. */
  judge(admitted: Admitted, position: number): Judged {
    admitted.event.position = position;
    const row = this.store.append(admitted.event);
    const judged = this.judgeRow(admitted, row);
    this.#setMarks(admitted.event.tenant, judged.marks);
    this.position = position;
    this.#recent[position % WARMING_PAYMENTS] = admitted.event;
    return judged;
  }

  /** As `judge` where `cause` is undefined; else it counts the payment, and judges it without windows. */
  judgeAs(admitted: Admitted, position: number, cause: WindowsCause | undefined): Judged {
    if (cause === undefined) return this.judge(admitted, position);
    admitted.event.position = position;
    this.store.append(admitted.event);
    this.position = position;
    return this.judgeDegraded(admitted, placeInLog(position), cause);
  }

  /**
   * Judges a payment where windows cannot be asked, for that cause. INVARIANT: a function of the request and
   * of what is in force: it reads and writes no window and no mark, so that any node gives the same answer,
   * and the record the same again.
   */
  judgeDegraded(admitted: Admitted, place: DecisionPlace, cause: WindowsCause): Judged {
    return this.#judged(admitted, (live) => live.judgeDegraded(admitted.event), place, cause);
  }

  /** The same judgement, leaving no trace. */
  trial(admitted: Admitted): Decision {
    admitted.event.position = NO_POSITION;
    return this.store.trial(admitted.event, (row) => this.judgeRow(admitted, row).decision);
  }

  /** Judges a payment that has been counted as this row; what it marks is the caller's to set. */
  judgeRow(admitted: Admitted, row: number, place?: DecisionPlace): Judged {
    return this.#judged(admitted, (live) => live.judge(admitted.event, row), place);
  }

  #judged(
    admitted: Admitted, by: (live: LivePolicy) => Judgement, place?: DecisionPlace, cause?: WindowsCause,
  ): Judged {
    const { inForce, live } = admitted;
    const { judged, decision } = judge(admitted, by, place, cause);
    const versions = inForce?.versionsOf(live) ?? NOTHING_LIVE;
    const facts = 'cause' in judged ? NO_FACTS : factsOf(judged.values, judged.asked);
    return { kind: 'judged', decision, versions, facts, marks: 'cause' in judged ? [] : judged.marks };
  }

  /** Counts an event that was told. */
  take(parsed: ParsedFact, position: number): Recorded {
    const timed = applyTolerance(parsed.event, EVENT_TOLERANCE);
    if (isRefusal(timed)) throw new Error('the tolerance of events clamps');
    const { event, adjusted } = timed;
    event.position = position;
    this.position = position;
    return recordedOf(event, this.#count(parsed, event), { position }, adjusted);
  }

  #count(parsed: ParsedFact, event: ParsedEvent): Recorded['state'] {
    const { request, transactionId, knownAtMs, fact } = parsed;
    const about = transactionId ?? '';
    if (event.type === 'status' || event.type === 'label') {
      const value = event.type === 'status' ? request.status : request.label;
      const found = this.store.change(event.tenant, about, event.type, value ?? '', knownAtMs);
      return found ? 'counted' : 'waiting';
    }
    if (fact !== undefined) {
      const { name, value, untilMs } = fact;
      const mark = { name, value, fromMs: event.numbers[0] ?? 0, untilMs };
      this.store.mark(event.tenant, fact.field, fact.entity, mark);
      return 'counted';
    }
    const row = event.type === 'refund' ? this.store.rowOf(event.tenant, about) : -1;
    if (row >= 0) this.store.inherit(event, row);
    this.store.append(event);
    return 'counted';
  }

  #setMarks(tenant: string, marks: readonly MarkEffect[]): void {
    for (const { field: path, value, mark } of marks) {
      const field = this.schema.byPath.get(path);
      if (field !== undefined) this.store.mark(tenant, field, value, mark);
    }
  }

  /**
   * All that can be done before it is live, in steps; throws PublicationRefused where it cannot go live.
   * Changes nothing.
   */
  *prepare(wanted: Wanted): Steps<Prepared> {
    const lacking = wanted.publication.custom
      .filter(({ name, type }) => this.schema.byPath.get(`custom.${name}`)?.type.kind !== type);
    if (lacking.length > 0) {
      throw new PublicationRefused(lacking.map(({ name, type }) =>
        `custom.${name} (${type}) is not declared here as such: a field that was used stays declared, `
        + 'and a new one counts from the next start'));
    }
    const { schema, store } = this;
    const ground = { schema, store, compiler: this.#compiler, before: this.#live?.judging ?? [] };
    return yield* preparePolicies(wanted, ground);
  }

  /**
   * The latest payments judged by what is to be live, leaving no trace: code that never ran is slow, and the
   * next payment shall not wait for it.
   */
  *warm(prepared: Prepared): Steps<void> {
    const known = new Set(this.#live?.judging.map(({ bound }) => bound));
    for (const live of judgingOf(prepared).filter(({ bound }) => !known.has(bound))) {
      for (const { numbers, texts, ...event } of this.#recent.filter((one) => one !== undefined)) {
        yield;
        const copy = { ...event, position: NO_POSITION, numbers: [...numbers], texts: [...texts] };
        const admitted: Admitted = {
          kind: 'admitted', event: copy, inForce: undefined, live, adjusted: undefined,
        };
        this.store.trial(copy, (row) => { judge(admitted, () => live.judge(copy, row)); });
        judge(admitted, () => live.judgeDegraded(copy));
      }
    }
  }

  /**
   * Makes it live, by reference. The windows stay: features are views of them, so a new one is right at once.
   */
  enact(prepared: Prepared, standing: Standing): void {
    this.#live = new LivePolicies(prepared, standing);
    this.#live.register(this.store);
    this.position = standing.position;
  }

  /** Without any of what amended the one before: what is kept of that stands in an amendment behind it. */
  publish(publication: Publication, position: number): void {
    const prepared = atOnce(this.prepare(recorded(publication)));
    this.enact(prepared, { base: position, position, amendment: undefined });
  }

  /** An amendment of the publication that is in force. */
  amend(amendment: Amendment, position: number): void {
    const { base } = amendment;
    if (this.#live?.base !== base) {
      throw new Error(`the amendment at ${position} is about ${base}, which is not in force`);
    }
    this.enactAmended(this.#live.publication, amendment, position);
  }

  /** A state beside this one, on its windows: what is live here with that amendment. This one stays. */
  besideAmended(amendment: Amendment, position: number): EngineState {
    const beside = new EngineState(this.schema, this.store, this.#compiler);
    beside.#live = this.#live;
    beside.amend(amendment, position);
    return beside;
  }

  /** A publication with an amendment on it, at once. */
  enactAmended(publication: Publication, amendment: Amendment, position: number): void {
    const prepared = atOnce(this.prepare({ ...recorded(publication), amended: amendment }));
    this.enact(prepared, { base: amendment.base, position, amendment });
  }

  /** A record read back: counted, not judged again; what the decision did is in the record. */
  apply(record: LogRecord): void {
    if (isAmendment(record)) return this.amend(readAmendment(record), record.position);
    if (record.kind === 'publication') return this.publish(readPublication(record), record.position);
    const { tenant, family } = splitKey(record.key);
    this.position = record.position;
    if (family === 'key') return undefined;
    if (record.kind === 'event') {
      const parsed = parseEventCall(requestBytes(record), this.schema, record.receivedAtMs, tenant);
      if (isRefusal(parsed)) throw new Error(`record ${record.position} does not parse: ${parsed.detail}`);
      this.take(parsed, record.position);
      return undefined;
    }
    const parsed = parseTransactionCall(requestBytes(record), this.schema, record.receivedAtMs, tenant);
    const admitted = isRefusal(parsed) ? parsed : this.admit(parsed.event);
    if (isRefusal(admitted)) throw new Error(`record ${record.position} does not parse: ${admitted.detail}`);
    admitted.event.position = record.position;
    this.store.append(admitted.event);
    this.#setMarks(tenant, readMarks(record));
    this.position = record.position;
    return undefined;
  }
}

/** As it stands in the log: it was checked when it was new. */
const recorded = (publication: Publication): Wanted =>
  ({ publication, amended: {}, kept: NOTHING_AMENDED, nowMs: 0 });

/**
 * A policy that throws is a fault of ours; the payment is still answered, with the fallback, and says why.
 */
function judge(
  { event, live, adjusted }: Admitted, by: (live: LivePolicy) => Judgement, place?: DecisionPlace,
  cause?: WindowsCause,
): { judged: Judgement | Failure; decision: Decision } {
  const answered = (judged: Judgement | Failure) =>
    ({ judged, decision: decisionOf(event, live, judged, adjusted, place, cause) });
  if (live === undefined) return answered({ cause: 'no policy decides this kind of payment' });
  try {
    return answered(by(live));
  } catch (error) {
    return answered({ cause: `the policy failed: ${messageOf(error)}` });
  }
}
