/**
 * The pipeline: parse, needs, gather, decide, record, answer; one for every door.
 *
 * INVARIANT: between the last look for an earlier copy and `log.append` nothing waits, so the order of
 * arrival, the
 * order in the windows and the order of the log are one order. Only the answer waits, for the disk.
 */
import { createHistogram } from 'node:perf_hooks';
import type { Decision } from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { isRefusal, parseEventCall, parseTransactionCall } from '#domain/parse-event.ts';
import { PassingMap } from '#domain/passing-map.ts';
import type { Clock } from '#ports/clock.ts';
import { LogUnavailable, type DecisionLog, type LogRecord } from '#ports/decision-log.ts';
import type { DecideAnswer, DecideCall, RecordAnswer, Recorded } from './call.ts';
import { refused } from './call.ts';
import type { LivePolicy } from './live-policy.ts';
import {
  decisionRecord, eventRecord, nameRecord, readDecision, readNamed, readRecorded, recordKey, requestBytes,
} from './record.ts';
import { sameRequest } from './same-request.ts';
import type { EngineState } from './state.ts';

interface Flight<Answered> {
  readonly record: LogRecord;
  readonly answered: Answered;
  readonly durable: Promise<void>;
}

export interface PipelineParts {
  readonly log: DecisionLog;
  readonly clock: Clock;
  readonly state: EngineState;
  /** Called once, when a write or a judgement fails: from then on this pipeline judges nothing. */
  readonly onFailure: (error: Error) => void;
  /** Called for each new decision, when it has its place in the log. */
  readonly onDecided: (live: LivePolicy | undefined, event: ParsedEvent, decision: Decision) => void;
}

export class Pipeline {
  readonly #log: DecisionLog;
  readonly #clock: Clock;
  readonly #onFailure: (error: Error) => void;
  readonly #onDecided: PipelineParts['onDecided'];
  readonly state: EngineState;
  /** Microseconds: from the call to the log's buffer; from there to the disk. */
  readonly stages = { judge: createHistogram(), durable: createHistogram() } as const;
  #sound = true;
  #stopped = false;
  /** Of the record appended last: records land in order, so with it all before it have landed. */
  #last: Promise<void> = Promise.resolve();
  /** Decided and not yet durable, by record key: concurrent copies of one payment share one decision. */
  readonly #decisions = new PassingMap<Flight<Decision>>();
  readonly #events = new PassingMap<Flight<Recorded>>();
  readonly #names = new PassingMap<Flight<string>>();

  constructor({ log, clock, state, onFailure, onDecided }: PipelineParts) {
    this.#log = log;
    this.#clock = clock;
    this.state = state;
    this.#onFailure = onFailure;
    this.#onDecided = onDecided;
  }

  async decide(call: DecideCall): Promise<DecideAnswer> {
    const startedAt = performance.now();
    const receivedAtMs = call.receivedAtMs ?? this.#clock.now();
    const parsed = parseTransactionCall(call.bytes, this.state.schema, receivedAtMs, call.tenant);
    if (isRefusal(parsed)) return { kind: 'refused', refusal: parsed };
    const { id } = parsed.event;
    const key = recordKey(call.tenant, 'tx', id);
    const name = nameOf(call, id);
    const before = this.#log.nextPosition;
    const nameLook = name === undefined ? undefined : this.#earlier(this.#names, name, readNamed);
    const named = nameLook instanceof Promise ? await nameLook : nameLook;
    if (named !== undefined && named.answered !== id) return refusedFor(named, keyConflict(named.answered));
    const look = this.#earlier(this.#decisions, key, readDecision);
    const earlier = look instanceof Promise ? await look : look;
    if (earlier !== undefined) return this.#resend(earlier, call);
    if (this.#log.nextPosition !== before) return this.decide({ ...call, receivedAtMs });
    if (!this.#sound || this.#stopped) return unavailable();

    const admitted = this.state.admit(parsed.event);
    if (isRefusal(admitted)) return { kind: 'refused', refusal: admitted };
    if (name !== undefined && named === undefined) this.#name(name, id, receivedAtMs);
    const position = this.#log.nextPosition;
    const judged = this.#certainly(() => this.state.judge(admitted, position));
    const record = decisionRecord(key, position, receivedAtMs, call.bytes, judged);
    const { durable } = this.#append(this.#decisions, record, judged.decision);
    this.#onDecided(admitted.live, admitted.event, judged.decision);
    const judgedAt = performance.now();
    this.stages.judge.record(microseconds(judgedAt - startedAt));
    const landedWell = await landed(durable);
    this.stages.durable.record(microseconds(performance.now() - judgedAt));
    return landedWell ? { kind: 'decided', decision: judged.decision, replayed: false } : unavailable();
  }

  /** Facts that are not asked about; they count in windows, once. */
  async record(call: DecideCall): Promise<RecordAnswer> {
    const receivedAtMs = call.receivedAtMs ?? this.#clock.now();
    const parsed = parseEventCall(call.bytes, this.state.schema, receivedAtMs, call.tenant);
    if (isRefusal(parsed)) return { kind: 'refused', refusal: parsed };
    const { id } = parsed.event;
    const key = recordKey(call.tenant, 'event', id);
    const name = nameOf(call, id);
    const before = this.#log.nextPosition;
    const nameLook = name === undefined ? undefined : this.#earlier(this.#names, name, readNamed);
    const named = nameLook instanceof Promise ? await nameLook : nameLook;
    if (named !== undefined && named.answered !== id) return refusedFor(named, keyConflict(named.answered));
    const look = this.#earlier(this.#events, key, readRecorded);
    const earlier = look instanceof Promise ? await look : look;
    if (earlier !== undefined) {
      if (!sameRequest(requestBytes(earlier.record), call.bytes)) {
        return refusedFor(earlier, conflict('event', id));
      }
      if (!(await landed(earlier.durable))) return unavailable();
      return { kind: 'recorded', recorded: earlier.answered, replayed: true };
    }
    if (this.#log.nextPosition !== before) return this.record({ ...call, receivedAtMs });
    if (!this.#sound || this.#stopped) return unavailable();

    if (name !== undefined && named === undefined) this.#name(name, id, receivedAtMs);
    const position = this.#log.nextPosition;
    const recorded = this.#certainly(() => this.state.take(parsed, position));
    const record = eventRecord(key, position, receivedAtMs, call.bytes, recorded);
    const { durable } = this.#append(this.#events, record, recorded);
    return (await landed(durable)) ? { kind: 'recorded', recorded, replayed: false } : unavailable();
  }

  /** A decision that leaves no trace: nothing counted, nothing recorded. */
  simulate(call: DecideCall): DecideAnswer {
    const receivedAtMs = call.receivedAtMs ?? this.#clock.now();
    const parsed = parseTransactionCall(call.bytes, this.state.schema, receivedAtMs, call.tenant);
    if (isRefusal(parsed)) return { kind: 'refused', refusal: parsed };
    const admitted = this.state.admit(parsed.event);
    if (isRefusal(admitted)) return { kind: 'refused', refusal: admitted };
    return { kind: 'decided', decision: this.state.trial(admitted), replayed: false };
  }

  get inFlight(): number { return this.#decisions.size + this.#events.size; }

  /** False once a write or a judgement has failed: the state is not that of the log, and judges no more. */
  get sound(): boolean { return this.#sound; }

  /** From now on nothing is judged; what was decided before is still answered. */
  stop(): void {
    this.#stopped = true;
  }

  /** When all that was appended has landed, or failed. */
  async settled(): Promise<void> {
    await this.#last.catch(() => {});
  }

  /** Appends a record whose effect on the state the caller sees to. */
  append(record: LogRecord, joined?: 'joined'): Promise<void> {
    const durable = this.#certainly(() => this.#log.append(record, joined));
    this.#last = durable;
    durable.catch((error: unknown) => { this.#fail(error); });
    return durable;
  }

  /** What throws half-way leaves a state that is not that of the log: it is made again. */
  #certainly<Result>(step: () => Result): Result {
    try {
      return step();
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  #fail(error: unknown): void {
    if (!this.#sound) return;
    this.#sound = false;
    this.#onFailure(error instanceof Error ? error : new Error(String(error)));
  }

  /**
   * The copy that came before: being written, or in the log. Undefined is certain, and it is known without
   * waiting
   * unless another key has the same hash; then the look is repeated until nothing was appended while it took.
   */
  #earlier<Answered>(
    flights: PassingMap<Flight<Answered>>, key: string, read: (record: LogRecord) => Answered,
  ): Flight<Answered> | undefined | Promise<Flight<Answered> | undefined> {
    const flight = flights.get(key);
    if (flight !== undefined || !this.#log.mayHave(key)) return flight;
    return this.#log.find(key).then((record) =>
      (record === undefined ? undefined : { record, answered: read(record), durable: Promise.resolve() }));
  }

  async #resend(earlier: Flight<Decision>, call: DecideCall): Promise<DecideAnswer> {
    const { transaction_id: id } = earlier.answered;
    if (!sameRequest(requestBytes(earlier.record), call.bytes)) {
      return refusedFor(earlier, conflict('transaction', id));
    }
    if (!(await landed(earlier.durable))) return unavailable();
    return { kind: 'decided', decision: earlier.answered, replayed: true };
  }

  /** An Idempotency-Key of its own is a second name of the transaction or event, recorded just before it. */
  #name(key: string, id: string, receivedAtMs: number): void {
    const position = this.#log.nextPosition;
    this.state.position = position;
    this.#append(this.#names, nameRecord(key, position, receivedAtMs, id), id);
  }

  #append<Answered>(
    flights: PassingMap<Flight<Answered>>, record: LogRecord, answered: Answered,
  ): Flight<Answered> {
    const durable = this.append(record);
    const flight = { record, answered, durable };
    flights.set(record.key, flight);
    const forget = (): void => { flights.delete(record.key); };
    durable.then(forget, forget);
    return flight;
  }
}

/** The key of the record that an Idempotency-Key of its own gets: one key names one request of a tenant. */
function nameOf({ tenant, idempotencyKey }: DecideCall, id: string): string | undefined {
  if (idempotencyKey === undefined || idempotencyKey === id) return undefined;
  return recordKey(tenant, 'key', idempotencyKey);
}

/** Histograms count from 1. */
const microseconds = (ms: number): number => Math.max(1, Math.round(ms * 1_000));

/** False where the log could not take it: then it is in no log, and what comes after it is not either. */
const landed = (durable: Promise<void>): Promise<boolean> => durable.then(() => true, (error: unknown) => {
  if (error instanceof LogUnavailable) return false;
  throw error;
});

const unavailable = () =>
  refused('log_unavailable', 'the decision log cannot be written; nothing was decided');

/** A conflict is only with what is durable: what does not land was never there, and takes no id. */
async function refusedFor(
  earlier: Flight<unknown>, refusal: ReturnType<typeof refused>,
): Promise<ReturnType<typeof refused>> {
  return (await landed(earlier.durable)) ? refusal : unavailable();
}

const conflict = (what: string, id: string) => refused(
  'id_conflict', `${what} ${id} was sent before with another payload; nothing was changed`,
  [{ pointer: `/${what}/id`, detail: 'an id names one payload for ever; send a new one under a new id' }],
);

const keyConflict = (id: string) => refused(
  'id_conflict', `this Idempotency-Key was used before for ${id}; nothing was changed`,
  [{ pointer: '', detail: 'leave the header out: the id in the body is the key' }],
);
