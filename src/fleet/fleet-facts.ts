/**
 * What is told and not asked about, in a fleet. A login or a payee counts in the logs of its entities; a
 * refund in those of its payment too; a status or label goes into the log of its payment, and from there
 * into those of the payment's entities, or waits in it until the payment comes; a fact marks an entity.
 */
import { applyTolerance } from '#domain/apply-tolerance.ts';
import type { WindowsCause } from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import type { EventSchema } from '#domain/field.ts';
import { inheritFields } from '#domain/inherit-fields.ts';
import { isRefusal, type ParsedFact } from '#domain/parse-event.ts';
import type { Arriving, Placed, PlacedFact } from '#decisioning/arrivals.ts';
import { recordedOf, type Recorded } from '#decisioning/call.ts';
import { landedFlight, type Flights } from '#decisioning/flights.ts';
import { readRecorded, recordKey } from '#decisioning/record.ts';
import { EVENT_TOLERANCE } from '#decisioning/state.ts';
import {
  NOTHING_KNOWN, type LogAnswer, type LogCall, type LogName, type WindowLog,
} from '#ports/window-log.ts';
import { stageMs } from './budget.ts';
import { flightBytes } from './flight-bytes.ts';
import { digestOf, entryId, sameDigest } from './identity.ts';
import type { Keeper } from './keeper.ts';
import { namedAs, NOWHERE, ownCalls, ownLog, ownName, ownStanding, type OwnLog } from './own-log.ts';
import type { RecordFinder } from './record-finder.ts';
import { logNames, type SharedWindows } from './shared-windows.ts';
import { standingWith, type Standing, type StandingEntry } from './standing.ts';
import type { EntryCodec, Pin } from './window-entry.ts';
import { countedLater, windowsAway } from './windows-away.ts';

export interface FleetFactsParts {
  readonly log: WindowLog;
  readonly keeper: Keeper;
  readonly flights: Flights;
  readonly schema: EventSchema;
  readonly windows: SharedWindows;
  readonly codec: EntryCodec;
  readonly finder: RecordFinder;
}

export type FactLook = Placed<Recorded, PlacedFact, never>;

/** Where it counts, and how. */
interface Counted {
  readonly state: Recorded['state'];
  readonly seqs: Readonly<Record<string, number>>;
  readonly epoch: number;
  /** What was appended beside the event itself, and where it stands. */
  readonly beside: readonly StandingEntry[];
}

/** The same, with the answers to what was appended. */
interface Appended extends Pick<Counted, 'seqs' | 'epoch'> {
  readonly answers: readonly LogAnswer[];
}

export class FleetFacts {
  readonly #parts: FleetFactsParts;

  constructor(parts: FleetFactsParts) {
    this.#parts = parts;
  }

  async lookForFact(arriving: Arriving<ParsedFact>): Promise<FactLook> {
    try {
      return await this.#look(arriving);
    } catch (error) {
      return this.#countedLater(arriving, windowsAway(error));
    }
  }

  async #look(arriving: Arriving<ParsedFact>): Promise<FactLook> {
    const { codec, keeper } = this.#parts;
    const { parsed, key, receivedAtMs, call: { tenant } } = arriving;
    const digest = digestOf(parsed.event, saidBeside(parsed));
    const id = entryId(key);
    const pin: Pin = { receivedAtMs, publication: 0, digest };
    const { event } = timedEvent(parsed.event, receivedAtMs);
    if (event.type === 'refund') await this.#inherit(event, arriving);
    const name = ownName(tenant, 'event', event.id);
    const asked = await this.#parts.log.call(ownCalls(arriving, name, id, codec.writeEvent(event, pin)), {
      withinMs: stageMs('windows', arriving.answerBy), landed: keeper.takeLanded(),
      flight: { id, bytes: flightBytes('event', arriving.call, receivedAtMs) },
    });
    const own = ownLog({ own: asked }, codec, id);
    if (own.holder !== undefined) return namedAs(own.holder);
    if (own.isNew) return this.#counted(arriving, id, event, own, pin);
    const earlier = await this.#earlier(arriving);
    if (earlier !== undefined) return earlier;
    if (own.event === undefined || !sameDigest(own.event.pin.digest, digest)) return { kind: 'conflict' };
    // What the first copy said stands: its payment may have come since, and then it would inherit more.
    const { pin: first, numbers, texts } = own.event;
    const pinned = { ...event, receivedAtMs: first.receivedAtMs, numbers, texts };
    return this.#counted(arriving, id, pinned, own, first);
  }

  async #earlier({ key, answerBy }: Arriving<ParsedFact>): Promise<FactLook | undefined> {
    const { flights, finder } = this.#parts;
    const flight = flights.events.get(key);
    if (flight !== undefined) return { kind: 'earlier', flight };
    const { record } = await finder.find(key, stageMs('find', answerBy));
    return record && { kind: 'earlier', flight: landedFlight(record, readRecorded) };
  }

  /** Kept now; in the logs when they are there again. */
  async #countedLater(arriving: Arriving<ParsedFact>, cause: WindowsCause): Promise<FactLook> {
    const earlier = await this.#earlier(arriving);
    if (earlier !== undefined) return earlier;
    const { parsed, receivedAtMs } = arriving;
    const { event, adjusted } = timedEvent(parsed.event, receivedAtMs);
    const said = recordedOf(event, 'waiting', { windows: {} }, adjusted);
    const { keeper } = this.#parts;
    const pin = { receivedAtMs, publication: 0, digest: digestOf(parsed.event, saidBeside(parsed)) };
    const id = entryId(arriving.key);
    const standing = this.#standing(arriving, id, event, pin, NOWHERE);
    return {
      kind: 'placed', position: 0, receivedAtMs, isReplay: false,
      take: () => ({ ...said, degraded: [countedLater(cause)] }),
      keep: (record) => keeper.keepUnplaced(record, id, standing, arriving.answerBy),
    };
  }

  #standing(
    arriving: Arriving<ParsedFact>, id: string, event: ParsedEvent, pin: Pin,
    own: Pick<OwnLog, 'seq' | 'nameSeq' | 'epoch'>,
  ): Standing {
    const { call: { tenant } } = arriving;
    const bytes = this.#parts.codec.writeEvent(event, pin);
    return ownStanding(arriving, ownName(tenant, 'event', event.id), id, bytes, own);
  }

  /** Appended wherever it counts; where an earlier attempt did so, that is found. */
  async #counted(
    arriving: Arriving<ParsedFact>, id: string, event: ParsedEvent, own: OwnLog, pin: Pin,
  ): Promise<FactLook> {
    const { keeper } = this.#parts;
    const { parsed, call: { tenant }, answerBy } = arriving;
    const { adjusted } = timedEvent(parsed.event, pin.receivedAtMs);
    const isReplay = !own.isNew;
    const { state, seqs, beside, epoch } = await this.#count(arriving, id, event, pin, isReplay);
    const recorded = recordedOf(event, state, { windows: seqs }, adjusted);
    const standing = this.#standing(arriving, id, event, pin, { ...own, epoch: Math.min(own.epoch, epoch) });
    const kept = {
      id, tenant, marks: [], waited: [], names: [], answerBy, isReplay,
      standing: { ...standing, others: [...standing.others ?? [], ...beside] },
    };
    return {
      kind: 'placed', position: 0, receivedAtMs: pin.receivedAtMs, isReplay,
      take: () => recorded,
      keep: (record) => keeper.keep(record, { ...kept, seqs }),
    };
  }

  async #count(
    arriving: Arriving<ParsedFact>, id: string, event: ParsedEvent, pin: Pin, isReplay: boolean,
  ): Promise<Counted> {
    const { parsed, call: { tenant } } = arriving;
    const { codec, schema, windows } = this.#parts;
    if (event.type === 'status' || event.type === 'label') return this.#change(arriving, id);
    const { fact } = parsed;
    if (fact !== undefined) {
      const { name, value, untilMs } = fact;
      const bytes = codec.writeMark({ name, value, fromMs: event.numbers[0] ?? 0, untilMs });
      const marked = { tenant, field: fact.field.path, value: fact.entity };
      return this.#appendBeside(arriving, [{ name: marked, known: NOTHING_KNOWN, id, bytes }], []);
    }
    const bytes = codec.writeEvent(event, pin);
    const { seqs, epoch } = await this.#append(arriving, logNames(schema, tenant, event.texts).map((name) =>
      ({ name, known: isReplay ? NOTHING_KNOWN : windows.known(name), id, bytes })));
    return { state: 'counted', seqs, epoch, beside: [] };
  }

  #ask({ answerBy }: Arriving<ParsedFact>, calls: readonly LogCall[]): Promise<readonly LogAnswer[]> {
    return this.#parts.log.call(calls, { withinMs: stageMs('windows', answerBy) });
  }

  async #append(arriving: Arriving<ParsedFact>, calls: readonly LogCall[]): Promise<Appended> {
    const { windows } = this.#parts;
    const seqs: Record<string, number> = {};
    const answers = [...await this.#ask(arriving, calls)];
    let epoch = Infinity;
    for (const [i, answer] of answers.entries()) {
      const { name } = calls[i]!;
      if (answer.kind === 'read') {
        windows.enter(name, answer.behind);
        seqs[name.field] = answer.seq;
        epoch = Math.min(epoch, answer.epoch);
      } else {
        windows.forget(name);
        const again = await this.#append(arriving, [{ ...calls[i]!, known: NOTHING_KNOWN }]);
        Object.assign(seqs, again.seqs);
        answers.splice(i, 1, ...again.answers);
        epoch = Math.min(epoch, again.epoch);
      }
    }
    return { seqs, answers, epoch };
  }

  /** Entries that say something of an entity. `before`: what was appended about the same before. */
  async #appendBeside(
    arriving: Arriving<ParsedFact>, calls: readonly LogCall[], before: readonly Beside[],
  ): Promise<Counted> {
    const { seqs, answers } = await this.#append(arriving, calls);
    return { state: 'counted', seqs, ...besideOf([...before, { calls, answers }]) };
  }

  /** Into the log of its payment; if that has come, into those of the payment's entities. */
  async #change(arriving: Arriving<ParsedFact>, id: string): Promise<Counted> {
    const { codec, keeper, schema } = this.#parts;
    const { parsed: { event, request, transactionId = '', knownAtMs }, call: { tenant } } = arriving;
    const what = event.type === 'status' ? 'status' : 'label';
    const value = (what === 'status' ? request.status : request.label) ?? '';
    const change = { kind: 'change', what, knownAtMs, transactionId, value } as const;
    const name = ownName(tenant, 'tx', transactionId);
    const bytes = codec.writeChange(change);
    const calls = [{ name, known: NOTHING_KNOWN, id, bytes }];
    const toPayment: Beside = { calls, answers: await this.#ask(arriving, calls) };
    const own = ownLog({ own: toPayment.answers }, codec, entryId(recordKey(tenant, 'tx', transactionId)));
    const { event: payment } = own;
    // Told before the payment came, it waited, and the payment has taken it along since: also for a copy.
    if (payment === undefined || own.waited.some((told) => told.id === id)) {
      return { state: 'waiting', seqs: {}, ...besideOf([toPayment]) };
    }
    const names = logNames(schema, tenant, payment.texts);
    return this.#appendBeside(arriving, keeper.changeCalls(names, [{ id, change }]), [toPayment]);
  }

  async #inherit(event: ParsedEvent, arriving: Arriving<ParsedFact>): Promise<void> {
    const { codec, schema } = this.#parts;
    const { parsed: { transactionId = '' }, call: { tenant } } = arriving;
    const id = entryId(recordKey(tenant, 'tx', transactionId));
    const name: LogName = ownName(tenant, 'tx', transactionId);
    const about = await this.#ask(arriving, [{ name, known: NOTHING_KNOWN, id, bytes: undefined }]);
    const { event: payment } = ownLog({ own: about }, codec, id);
    if (payment === undefined) return;
    const { numbers, texts } = payment;
    inheritFields(schema, event, {
      number: (slot) => numbers[slot] ?? Number.NaN, text: (slot) => texts[slot],
    });
  }
}

interface Beside { readonly calls: readonly LogCall[]; readonly answers: readonly LogAnswer[] }

function besideOf(all: readonly Beside[]): Pick<Counted, 'beside' | 'epoch'> {
  const calls = all.flatMap((one) => one.calls);
  const { others = [], epoch = 0 } = standingWith(
    { epoch: Infinity }, [], calls, all.flatMap((one) => one.answers));
  return { beside: others, epoch };
}

/** Its time within the tolerance of events, which clamps. */
function timedEvent(event: ParsedEvent, receivedAtMs: number) {
  const copy = { ...event, receivedAtMs, numbers: [...event.numbers], texts: [...event.texts] };
  const timed = applyTolerance(copy, EVENT_TOLERANCE);
  if (isRefusal(timed)) throw new Error('the tolerance of events clamps');
  return timed;
}

/** What an event says beside the fields of its payment. */
const saidBeside = ({ transactionId, knownAtMs, request, fact }: ParsedFact): string =>
  [transactionId, knownAtMs, request.status, request.label, fact?.name, fact?.value, fact?.untilMs]
    .join('\0');
