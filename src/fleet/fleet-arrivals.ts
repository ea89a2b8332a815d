/**
 * Arrivals of a node of a fleet: the place of a payment is the next entry in the shared log of each of its
 * entities.
 *
 *   look    one round trip: appends to all of them, and brings what others appended; the log of the payment
 * itself,
 *           by its id, says whether a copy came before, and pins what the first one was judged by
 *   place   enters what was brought, and the payment, into this node's windows
 *   keep    to the topic of decisions
 *
 * There is no other flag for "seen before" than the entries: a copy, on any node, after whatever failed,
 * finds those that are there and appends those that are not. A payment that is not the last entry of a log
 * any more is judged on windows made for it alone, from the logs up to its own entries.
 *
 * Where the logs cannot be asked in time, it is judged without windows. Its record names no entries then, and
 * it gets them when the logs are there again.
 */
import type { Decision, WindowsCause } from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { isRefusal, type ParsedFact } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { Arrivals, Arriving, Placed, PlacedFact, PlacedPayment } from '#decisioning/arrivals.ts';
import { unavailable, type Recorded } from '#decisioning/call.ts';
import { landedFlight, type Flight, type Flights } from '#decisioning/flights.ts';
import { readDecision } from '#decisioning/record.ts';
import type { Admitted, EngineState } from '#decisioning/state.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import { NOTHING_KNOWN, type Known, type LogCall, type LogName, type WindowLog } from '#ports/window-log.ts';
import { stageMs } from './budget.ts';
import { flightBytes } from './flight-bytes.ts';
import { digestOf, entryId, fleetPlace, sameDigest } from './identity.ts';
import type { FactLook, FleetFacts } from './fleet-facts.ts';
import type { Keeper } from './keeper.ts';
import {
  namedAs, NOWHERE, ownCalls, ownLog, ownName, ownStanding, type Asked, type OwnLog, type Told,
} from './own-log.ts';
import type { PastJudge } from './past-judge.ts';
import { placesOf, type LogPlace } from './places.ts';
import type { RecordFinder } from './record-finder.ts';
import type { SharedWindows } from './shared-windows.ts';
import type { Standing } from './standing.ts';
import { SEEN_BYTES, type EntryCodec, type Pin } from './window-entry.ts';
import { windowsAway } from './windows-away.ts';

export interface FleetArrivalsParts {
  readonly log: WindowLog;
  readonly keeper: Keeper;
  readonly flights: Flights;
  /** Of this node, with what is live now. */
  readonly state: EngineState;
  readonly windows: SharedWindows;
  readonly codec: EntryCodec;
  readonly past: PastJudge;
  readonly facts: FleetFacts;
  readonly finder: RecordFinder;
}

/** What the shared logs answered, or what is to be done instead. */
export type PaymentLook =
  | (Asked & { readonly kind: 'asked'; readonly id: string; readonly admitted: Admitted; readonly pin: Pin;
      readonly places: readonly LogPlace[]; readonly bytes: Uint8Array })
  | { readonly kind: 'without_windows'; readonly admitted: Admitted; readonly cause: WindowsCause }
  | Placed<Decision, PlacedPayment, never>;

export class FleetArrivals implements Arrivals<PaymentLook, FactLook> {
  readonly #parts: FleetArrivalsParts;
  /** Copies that are judged again now, by record key. */
  readonly #judgingAgain = new Map<string, Promise<void>>();

  constructor(parts: FleetArrivalsParts) {
    this.#parts = parts;
  }

  async lookForPayment(arriving: Arriving<ParsedEvent>): Promise<PaymentLook> {
    const { state } = this.#parts;
    const admitted = state.admit(arriving.parsed);
    const digest = digestOf(arriving.parsed);
    if (isRefusal(admitted)) return this.#refusedUnlessKnown(arriving, digest, admitted);
    // So far from its time it may have come before, so long ago that the shared logs have forgotten it.
    const long = admitted.adjusted === undefined ? undefined : await this.#foundRecord(arriving);
    if (long !== undefined) return earlier(long);
    return this.#orWithoutWindows(arriving, admitted, this.#asked(arriving, digest, admitted));
  }

  placePayment(
    arriving: Arriving<ParsedEvent>, look: PaymentLook,
  ): Placed<Decision, PlacedPayment, PaymentLook> {
    const { flights, finder, codec } = this.#parts;
    if (look.kind !== 'asked' && look.kind !== 'without_windows') return look;
    const flight = flights.decisions.get(arriving.key) ?? landedWhere(finder.recent(arriving.key));
    if (flight !== undefined) return { kind: 'earlier', flight };
    if (look.kind === 'without_windows') return this.#placedNowhere(arriving, look);
    const { id, admitted, pin } = look;
    const own = ownLog(look, codec, id);
    if (own.holder !== undefined) return namedAs(own.holder);
    const again = (next: Promise<PaymentLook>) =>
      ({ kind: 'again', look: this.#orWithoutWindows(arriving, admitted, next) }) as const;
    if (!own.isNew) return again(this.#copy(arriving, pin.digest, own));
    const seqs = this.#entered(look);
    // These windows have gone on, because a later payment was entered while this one waited; or they knew
    // entries that the log has lost.
    if (seqs === undefined) return again(this.#inThePast(arriving, pin, own, false));
    const { state, windows } = this.#parts;
    const { waited } = own;
    const { places, bytes } = look;
    const standing = this.#standing(arriving, id, bytes, own);
    const place = { id, admitted, windows, state, places, seqs, waited, standing, isReplay: false };
    return this.#placed(arriving, place);
  }

  lookForFact(arriving: Arriving<ParsedFact>): Promise<FactLook> {
    return this.#parts.facts.lookForFact(arriving);
  }

  placeFact(_arriving: Arriving<ParsedFact>, look: FactLook): Placed<Recorded, PlacedFact, FactLook> {
    return look;
  }

  async #asked(
    arriving: Arriving<ParsedEvent>, digest: Uint8Array, admitted: Admitted,
  ): Promise<PaymentLook> {
    const { state, windows, codec, log, keeper } = this.#parts;
    const { call: { tenant }, parsed, receivedAtMs, key, answerBy } = arriving;
    const pin = { receivedAtMs, publication: admitted.inForce?.position ?? 0, digest };
    const places = placesOf(state.schema, admitted);
    const id = entryId(key);
    const bytes = codec.writeEvent(admitted.event, pin);
    const own = ownCalls(arriving, ownName(tenant, 'tx', parsed.id), id, bytes);
    const shared = callsTo(places, id, bytes, (name) => windows.known(name));
    const answers = await log.call([...own, ...shared], {
      withinMs: stageMs('windows', answerBy), landed: keeper.takeLanded(),
      flight: { id, bytes: flightBytes('payment', arriving.call, receivedAtMs) },
    });
    return {
      kind: 'asked', id, admitted, pin, places, bytes,
      own: answers.slice(0, own.length), shared: answers.slice(own.length),
    };
  }

  /** Where it stands in each log; undefined where it is not the last entry of one as this node knows it. */
  #entered(
    { places, shared }: Extract<PaymentLook, { kind: 'asked' }>,
  ): Readonly<Record<string, number>> | undefined {
    const { windows } = this.#parts;
    const seqs: Record<string, number> = {};
    let isLatest = true;
    for (const [i, answer] of shared.entries()) {
      const { name, label } = places[i]!;
      if (answer.kind === 'diverged') {
        windows.forget(name);
        isLatest = false;
        continue;
      }
      windows.enter(name, answer.behind);
      isLatest &&= answer.seq > 0 && windows.known(name).seq === answer.seq;
      seqs[label] = answer.seq;
    }
    return isLatest ? seqs : undefined;
  }

  /** Where it would be refused now, and yet was taken in before, it has its answer. */
  async #refusedUnlessKnown(
    arriving: Arriving<ParsedEvent>, digest: Uint8Array, refusal: Refusal,
  ): Promise<PaymentLook> {
    const { log, codec } = this.#parts;
    const { key, answerBy, call: { tenant }, parsed } = arriving;
    const id = entryId(key);
    const name = ownName(tenant, 'tx', parsed.id);
    try {
      const asked = ownCalls(arriving, name, id, undefined);
      const own = await log.call(asked, { withinMs: stageMs('windows', answerBy) });
      const known = ownLog({ own }, codec, id);
      if (known.holder !== undefined) return namedAs(known.holder);
      if (known.pin !== undefined) return await this.#copy(arriving, digest, known);
      const isLongAgo = refusal.code === 'outside_time_tolerance';
      const record = isLongAgo ? await this.#foundRecord(arriving) : undefined;
      return record === undefined ? { kind: 'refused', refusal } : earlier(record);
    } catch (error) {
      windowsAway(error);
      const record = await this.#foundRecord(arriving);
      return record === undefined ? { kind: 'refused', refusal } : earlier(record);
    }
  }

  /** A copy came before it: it has that one's answer, found or judged again. */
  async #copy(
    arriving: Arriving<ParsedEvent>, digest: Uint8Array, own: OwnLog,
  ): Promise<PaymentLook> {
    const flight = this.#parts.flights.decisions.get(arriving.key);
    if (flight !== undefined) return { kind: 'earlier', flight };
    const record = await this.#foundRecord(arriving);
    if (record !== undefined) return earlier(record);
    const { pin } = own;
    if (pin === undefined) return { kind: 'refused', refusal: unavailable() };
    if (!sameDigest(pin.digest, digest)) return { kind: 'conflict' };
    const running = this.#judgingAgain.get(arriving.key);
    if (running === undefined) return this.#judgedAgain(arriving, pin, own);
    await running;
    return this.#copy(arriving, digest, own);
  }

  /** It is dear, so a storm of copies is judged once: the others wait until that one is in flight. */
  async #judgedAgain(arriving: Arriving<ParsedEvent>, pin: Pin, own: OwnLog): Promise<PaymentLook> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#judgingAgain.set(arriving.key, promise);
    const end = (): void => {
      this.#judgingAgain.delete(arriving.key);
      resolve();
    };
    try {
      const look = await this.#inThePast(arriving, pin, own, true);
      if (look.kind !== 'placed') {
        end();
        return look;
      }
      const judge: typeof look.judge = () => {
        // Nothing waits between here and the flight, so whoever hears of the end finds it there.
        void Promise.resolve().then(end);
        return look.judge();
      };
      return { ...look, judge };
    } catch (error) {
      end();
      throw error;
    }
  }

  async #foundRecord({ key, answerBy }: Arriving<ParsedEvent>): Promise<LogRecord | undefined> {
    return (await this.#parts.finder.find(key, stageMs('find', answerBy))).record;
  }

  /** On windows made for it alone. Entries that an earlier attempt did not come to are appended. */
  async #inThePast(
    arriving: Arriving<ParsedEvent>, pin: Pin, own: OwnLog, isReplay: boolean,
  ): Promise<PaymentLook> {
    const { log, past, codec, state: { schema } } = this.#parts;
    const { admitted, windows, state } = await past.open(arriving.call, pin);
    const places = placesOf(schema, admitted);
    const bytes = codec.writeEvent(admitted.event, pin);
    const id = entryId(arriving.key);
    const calls = callsTo(places, id, bytes, () => NOTHING_KNOWN);
    const withinMs = stageMs('windows', arriving.answerBy);
    const seqs: Record<string, number> = {};
    let { epoch } = own;
    for (const [i, answer] of (calls.length === 0 ? [] : await log.call(calls, { withinMs })).entries()) {
      if (answer.kind !== 'read') throw new Error('who knows nothing cannot miss anything');
      const { name, label } = places[i]!;
      windows.enter(name, answer.behind, answer.seq);
      seqs[label] = answer.seq;
      epoch = Math.min(epoch, answer.epoch);
    }
    const standing = this.#standing(arriving, id, bytes, { ...own, epoch });
    const { waited } = own;
    return this.#placed(arriving, { id, admitted, windows, state, places, seqs, waited, standing, isReplay });
  }

  /** What was kept of it before is its answer; else it is decided without windows. */
  async #orWithoutWindows(
    arriving: Arriving<ParsedEvent>, admitted: Admitted, look: Promise<PaymentLook>,
  ): Promise<PaymentLook> {
    try {
      return await look;
    } catch (error) {
      const cause = windowsAway(error);
      const record = await this.#foundRecord(arriving);
      return record === undefined ? { kind: 'without_windows', admitted, cause } : earlier(record);
    }
  }

  #placedNowhere(
    arriving: Arriving<ParsedEvent>,
    { admitted, cause }: Extract<PaymentLook, { kind: 'without_windows' }>,
  ): PlacedPayment {
    const { keeper, state, codec } = this.#parts;
    const { event, live, inForce } = admitted;
    const { receivedAtMs } = event;
    const pin = { receivedAtMs, publication: inForce?.position ?? 0, digest: digestOf(arriving.parsed) };
    const id = entryId(arriving.key);
    const standing = this.#standing(arriving, id, codec.writeEvent(event, pin), NOWHERE);
    // The logs may have taken it and not answered: those that it only looked at too.
    const seen = placesOf(state.schema, admitted).filter(({ isSeenOnly }) => isSeenOnly);
    const at = seen.map(({ name: { field, value } }) => [field, value, 0] as const);
    const looked = at.length === 0 ? [] : [{ id, bytes: SEEN_BYTES, at }];
    const all = { ...standing, others: [...standing.others ?? [], ...looked] };
    const place = fleetPlace(id, {});
    return {
      kind: 'placed', position: 0, receivedAtMs: event.receivedAtMs, event, live, isReplay: false,
      judge: () => state.judgeDegraded(admitted, place, cause),
      keep: (record) => keeper.keepUnplaced(record, id, all, arriving.answerBy),
    };
  }

  #standing(
    arriving: Arriving<ParsedEvent>, id: string, bytes: Uint8Array,
    own: Pick<OwnLog, 'seq' | 'nameSeq' | 'epoch'>,
  ): Standing {
    const { call: { tenant }, parsed } = arriving;
    return ownStanding(arriving, ownName(tenant, 'tx', parsed.id), id, bytes, own);
  }

  #placed(arriving: Arriving<ParsedEvent>, place: Place): PlacedPayment {
    const { keeper } = this.#parts;
    const { id, admitted, windows, state, places, seqs, waited, standing, isReplay } = place;
    const names = places.flatMap(({ name, isSeenOnly }) => (isSeenOnly ? [] : [name]));
    const { receivedAtMs, tenant } = admitted.event;
    const row = windows.place(admitted.event);
    const { answerBy } = arriving;
    for (const { change: { transactionId, what, value, knownAtMs } } of waited) {
      windows.store.changeOnce(tenant, transactionId, what, value, knownAtMs);
    }
    return {
      kind: 'placed', position: 0, receivedAtMs, event: admitted.event, live: admitted.live, isReplay,
      judge: () => state.judgeRow(admitted, row, fleetPlace(id, seqs)),
      keep: (record, { marks }) =>
        keeper.keep(record, { id, tenant, marks, waited, names, seqs, standing, answerBy, isReplay }),
    };
  }
}

const earlier = (record: LogRecord): PaymentLook =>
  ({ kind: 'earlier', flight: landedFlight(record, readDecision) });

const landedWhere = (record: LogRecord | undefined): Flight<Decision> | undefined =>
  record && landedFlight(record, readDecision);

const callsTo = (
  places: readonly LogPlace[], id: string, bytes: Uint8Array, known: (name: LogName) => Known,
): readonly LogCall[] => places.map(({ name, isSeenOnly }) =>
  ({ name, known: known(name), id, bytes: isSeenOnly ? SEEN_BYTES : bytes }));

interface Place {
  /** Of its entries. */
  readonly id: string;
  readonly admitted: Admitted;
  readonly windows: SharedWindows;
  readonly state: EngineState;
  readonly places: readonly LogPlace[];
  readonly seqs: Readonly<Record<string, number>>;
  readonly waited: readonly Told[];
  readonly standing: Standing;
  readonly isReplay: boolean;
}
