/**
 * The pipeline: parse, needs, gather, decide, record, answer; one for every door, alone or in a fleet.
 *
 * INVARIANT: between the place that a payment gets among the arrivals and the keeping of its record nothing
 * waits. Only the answer waits, until it is durable.
 */
import { createHistogram } from 'node:perf_hooks';
import type { Decision } from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import type { EventSchema } from '#domain/field.ts';
import { isRefusal, parseEventCall, parseTransactionCall } from '#domain/parse-event.ts';
import type { Clock } from '#ports/clock.ts';
import type { Arrivals } from './arrivals.ts';
import {
  refused, unavailable, type DecideAnswer, type DecideCall, type RecordAnswer, type Recorded,
} from './call.ts';
import { addFlight, landed, type Flight, type Flights, type Landing } from './flights.ts';
import type { LivePolicy } from './live-policy.ts';
import {
  decisionRecord, eventRecord, readDecision, readRecorded, recordKey, requestBytes,
} from './record.ts';
import { sameRequest } from './same-request.ts';

export interface PipelineParts {
  readonly arrivals: Arrivals;
  readonly flights: Flights;
  readonly schema: EventSchema;
  readonly clock: Clock;
  /** Called for each new decision, when it has its place among the arrivals. */
  readonly onDecided: (live: LivePolicy | undefined, event: ParsedEvent, decision: Decision) => void;
}

export class Pipeline {
  readonly #parts: PipelineParts;
  /** Microseconds: from the call to the buffer of what is to be durable; from there until it is. */
  readonly stages = { judge: createHistogram(), durable: createHistogram() } as const;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  async decide(call: DecideCall): Promise<DecideAnswer> {
    const { arrivals, flights, schema, clock, onDecided } = this.#parts;
    const startedAt = performance.now();
    const receivedAtMs = call.receivedAtMs ?? clock.now();
    const parsed = parseTransactionCall(call.bytes, schema, receivedAtMs, call.tenant);
    if (isRefusal(parsed)) return { kind: 'refused', refusal: parsed };
    const { event } = parsed;
    const key = recordKey(call.tenant, 'tx', event.id);
    const answerBy = startedAt + (call.deadlineMs ?? Infinity);
    const arriving = { call, parsed: event, receivedAtMs, key, name: nameOf(call, event.id), answerBy };

    // Here and in `record`, not in a function of their own: its promise would wait between place and keep.
    let look = arrivals.lookForPayment(arriving);
    let placed = arrivals.placePayment(arriving, look instanceof Promise ? await look : look);
    while (placed.kind === 'again') {
      look = placed.look;
      placed = arrivals.placePayment(arriving, look instanceof Promise ? await look : look);
    }
    if (placed.kind === 'refused') return placed;
    if (placed.kind === 'named') return refusedFor(placed.flight, keyConflict(placed.flight.answered));
    if (placed.kind === 'earlier') return resent(placed.flight, call);
    if (placed.kind === 'conflict') return conflict('transaction', event.id);

    const judged = placed.judge();
    const record = decisionRecord(key, placed.position, placed.receivedAtMs, call.bytes, judged);
    const durable = placed.keep(record, judged);
    addFlight(flights.decisions, record, judged.decision, durable);
    const replayed = placed.isReplay ?? false;
    if (!replayed) onDecided(placed.live, placed.event, judged.decision);
    const judgedAt = performance.now();
    this.stages.judge.record(microseconds(judgedAt - startedAt));
    const landing = await landed(durable);
    this.stages.durable.record(microseconds(performance.now() - judgedAt));
    return landing === undefined ? notDurable() : decided(judged.decision, replayed, landing);
  }

  /** Facts that are not asked about; they count in windows, once. */
  async record(call: DecideCall): Promise<RecordAnswer> {
    const { arrivals, flights, schema, clock } = this.#parts;
    const answerBy = performance.now() + (call.deadlineMs ?? Infinity);
    const receivedAtMs = call.receivedAtMs ?? clock.now();
    const parsed = parseEventCall(call.bytes, schema, receivedAtMs, call.tenant);
    if (isRefusal(parsed)) return { kind: 'refused', refusal: parsed };
    const { id } = parsed.event;
    const key = recordKey(call.tenant, 'event', id);
    const arriving = { call, parsed, receivedAtMs, key, name: nameOf(call, id), answerBy };

    let look = arrivals.lookForFact(arriving);
    let placed = arrivals.placeFact(arriving, look instanceof Promise ? await look : look);
    while (placed.kind === 'again') {
      look = placed.look;
      placed = arrivals.placeFact(arriving, look instanceof Promise ? await look : look);
    }
    if (placed.kind === 'refused') return placed;
    if (placed.kind === 'named') return refusedFor(placed.flight, keyConflict(placed.flight.answered));
    if (placed.kind === 'earlier') return toldAgain(placed.flight, call, id);
    if (placed.kind === 'conflict') return conflict('event', id);

    const recorded = placed.take();
    const record = eventRecord(key, placed.position, placed.receivedAtMs, call.bytes, recorded);
    const durable = placed.keep(record);
    addFlight(flights.events, record, recorded, durable);
    const replayed = placed.isReplay ?? false;
    const landing = await landed(durable);
    return landing === undefined ? notDurable() : told(recorded, replayed, landing);
  }

  get inFlight(): number { return this.#parts.flights.size; }
}

async function resent(earlier: Flight<Decision>, call: DecideCall): Promise<DecideAnswer> {
  const { transaction_id: id } = earlier.answered;
  if (!sameRequest(requestBytes(earlier.record), call.bytes)) {
    return refusedFor(earlier, conflict('transaction', id));
  }
  const landing = await landed(earlier.durable);
  return landing === undefined ? notDurable() : decided(earlier.answered, true, landing);
}

async function toldAgain(
  earlier: Flight<Recorded>, call: DecideCall, id: string,
): Promise<RecordAnswer> {
  if (!sameRequest(requestBytes(earlier.record), call.bytes)) {
    return refusedFor(earlier, conflict('event', id));
  }
  const landing = await landed(earlier.durable);
  return landing === undefined ? notDurable() : told(earlier.answered, true, landing);
}

/** The key of the record that an Idempotency-Key of its own gets: one key names one request of a tenant. */
function nameOf({ tenant, idempotencyKey }: DecideCall, id: string): string | undefined {
  if (idempotencyKey === undefined || idempotencyKey === id) return undefined;
  return recordKey(tenant, 'key', idempotencyKey);
}

function decided(decision: Decision, replayed: boolean, { degraded, instead }: Landing): DecideAnswer {
  if (instead !== undefined) return { kind: 'decided', decision: readDecision(instead), replayed: true };
  return { kind: 'decided', decision, replayed, ...(degraded.length === 0 ? {} : { degraded }) };
}

const told = (recorded: Recorded, replayed: boolean, { instead }: Landing): RecordAnswer =>
  (instead === undefined ? { kind: 'recorded', recorded, replayed }
    : { kind: 'recorded', recorded: readRecorded(instead), replayed: true });

/** Histograms count from 1. */
const microseconds = (ms: number): number => Math.max(1, Math.round(ms * 1_000));

const notDurable = () => ({ kind: 'refused', refusal: unavailable() }) as const;

/** A conflict is only with what is durable: what does not land was never there, and takes no id. */
async function refusedFor(
  earlier: Pick<Flight<unknown>, 'durable'>, refusal: ReturnType<typeof refused>,
): Promise<ReturnType<typeof refused>> {
  return await landed(earlier.durable) === undefined ? notDurable() : refusal;
}

const conflict = (what: string, id: string) => refused(
  'id_conflict', `${what} ${id} was sent before with another payload; nothing was changed`,
  [{ pointer: `/${what}/id`, detail: 'an id names one payload for ever; send a new one under a new id' }],
);

const keyConflict = (id: string) => refused(
  'id_conflict', `this Idempotency-Key was used before for ${id}; nothing was changed`,
  [{ pointer: '', detail: 'leave the header out: the id in the body is the key' }],
);
