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
 */
import type { Decision } from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { isRefusal, type ParsedFact } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { Arrivals, Arriving, Placed, PlacedFact, PlacedPayment } from '#decisioning/arrivals.ts';
import { unavailable, type Recorded } from '#decisioning/call.ts';
import { landedFlight, type Flights } from '#decisioning/flights.ts';
import { readDecision } from '#decisioning/record.ts';
import type { Admitted, EngineState } from '#decisioning/state.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import { NOTHING_KNOWN, type Known, type LogCall, type LogName, type WindowLog } from '#ports/window-log.ts';
import { digestOf, entryId, fleetPlace, sameDigest } from './identity.ts';
import type { FactLook, FleetFacts } from './fleet-facts.ts';
import type { Keeper } from './keeper.ts';
import { namedAs, ownCalls, ownLog, ownName, type Asked, type OwnLog, type Told } from './own-log.ts';
import type { PastJudge } from './past-judge.ts';
import { placesOf, type LogPlace } from './places.ts';
import type { SharedWindows } from './shared-windows.ts';
import { SEEN_BYTES, type EntryCodec, type Pin } from './window-entry.ts';

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
  /** The record with this key, where it can be found. */
  readonly find: (key: string) => Promise<LogRecord | undefined>;
}

/** What the shared logs answered, or what is to be done instead. */
export type PaymentLook =
  | (Asked & { readonly kind: 'asked'; readonly admitted: Admitted; readonly pin: Pin;
      readonly places: readonly LogPlace[] })
  | Placed<Decision, PlacedPayment, never>;

export class FleetArrivals implements Arrivals<PaymentLook, FactLook> {
  readonly #parts: FleetArrivalsParts;

  constructor(parts: FleetArrivalsParts) {
    this.#parts = parts;
  }

  async lookForPayment(arriving: Arriving<ParsedEvent>): Promise<PaymentLook> {
    const { state, windows, codec, log } = this.#parts;
    const { call: { tenant }, parsed, receivedAtMs, key } = arriving;
    const digest = digestOf(parsed);
    const admitted = state.admit(parsed);
    if (isRefusal(admitted)) return this.#refusedUnlessKnown(arriving, digest, admitted);
    const pin = { receivedAtMs, publication: admitted.inForce?.position ?? 0, digest };
    const places = placesOf(state.schema, admitted);
    const id = entryId(key);
    const bytes = codec.writeEvent(admitted.event, pin);
    const own = ownCalls(arriving, ownName(tenant, 'tx', parsed.id), id, bytes);
    const shared = callsTo(places, id, bytes, (name) => windows.known(name));
    const answers = await log.call([...own, ...shared]);
    return {
      kind: 'asked', admitted, pin, places,
      own: answers.slice(0, own.length), shared: answers.slice(own.length),
    };
  }

  placePayment(
    arriving: Arriving<ParsedEvent>, look: PaymentLook,
  ): Placed<Decision, PlacedPayment, PaymentLook> {
    if (look.kind !== 'asked') return look;
    const { admitted, pin, places } = look;
    const { windows, codec } = this.#parts;
    const id = entryId(arriving.key);
    const own = ownLog(look, codec, id);
    if (own.holder !== undefined) return namedAs(own.holder);
    if (!own.isNew) return { kind: 'again', look: this.#copy(arriving, pin.digest, own) };
    const seqs: Record<string, number> = {};
    let isLatest = true;
    for (const [i, answer] of look.shared.entries()) {
      const { name, label } = places[i]!;
      if (answer.kind === 'diverged') {
        windows.forget(name);
        isLatest = false;
        continue;
      }
      windows.enter(name, answer.behind);
      isLatest &&= windows.known(name).seq === answer.seq;
      seqs[label] = answer.seq;
    }
    // These windows have gone on, because a later payment was entered while this one waited; or they knew
    // entries that the log has lost.
    if (!isLatest) return { kind: 'again', look: this.#inThePast(arriving, pin, own.waited, false) };
    const { state } = this.#parts;
    const { waited } = own;
    return this.#placed(arriving, { admitted, windows, state, places, seqs, waited, isReplay: false });
  }

  lookForFact(arriving: Arriving<ParsedFact>): Promise<FactLook> {
    return this.#parts.facts.lookForFact(arriving);
  }

  placeFact(_arriving: Arriving<ParsedFact>, look: FactLook): Placed<Recorded, PlacedFact, FactLook> {
    return look;
  }

  /** Where it would be refused now, and yet was taken in before, it has its answer. */
  async #refusedUnlessKnown(
    arriving: Arriving<ParsedEvent>, digest: Uint8Array, refusal: Refusal,
  ): Promise<PaymentLook> {
    const { log, codec } = this.#parts;
    const id = entryId(arriving.key);
    const name = ownName(arriving.call.tenant, 'tx', arriving.parsed.id);
    const own = await log.call(ownCalls(arriving, name, id, undefined));
    const known = ownLog({ own }, codec, id);
    if (known.holder !== undefined) return namedAs(known.holder);
    return known.pin === undefined ? { kind: 'refused', refusal } : this.#copy(arriving, digest, known);
  }

  /** A copy came before it: it has that one's answer, found or judged again. */
  async #copy(
    arriving: Arriving<ParsedEvent>, digest: Uint8Array, { pin, waited }: OwnLog,
  ): Promise<PaymentLook> {
    const { flights, find } = this.#parts;
    const flight = flights.decisions.get(arriving.key);
    if (flight !== undefined) return { kind: 'earlier', flight };
    const record = await find(arriving.key);
    if (record !== undefined) return { kind: 'earlier', flight: landedFlight(record, readDecision) };
    if (pin === undefined) return { kind: 'refused', refusal: unavailable() };
    if (!sameDigest(pin.digest, digest)) return { kind: 'conflict' };
    return this.#inThePast(arriving, pin, waited, true);
  }

  /** On windows made for it alone. Entries that an earlier attempt did not come to are appended. */
  async #inThePast(
    arriving: Arriving<ParsedEvent>, pin: Pin, waited: readonly Told[], isReplay: boolean,
  ): Promise<PaymentLook> {
    const { log, past, codec, state: { schema } } = this.#parts;
    const { admitted, windows, state } = await past.open(arriving.call, pin);
    const places = placesOf(schema, admitted);
    const bytes = codec.writeEvent(admitted.event, pin);
    const calls = callsTo(places, entryId(arriving.key), bytes, () => NOTHING_KNOWN);
    const seqs: Record<string, number> = {};
    for (const [i, answer] of (calls.length === 0 ? [] : await log.call(calls)).entries()) {
      if (answer.kind !== 'read') throw new Error('who knows nothing cannot miss anything');
      const { name, label } = places[i]!;
      windows.enter(name, answer.behind, answer.seq);
      seqs[label] = answer.seq;
    }
    return this.#placed(arriving, { admitted, windows, state, places, seqs, waited, isReplay });
  }

  #placed(arriving: Arriving<ParsedEvent>, place: Place): PlacedPayment {
    const { keeper } = this.#parts;
    const { admitted, windows, state, places, seqs, waited, isReplay } = place;
    const names = places.flatMap(({ name, isSeenOnly }) => (isSeenOnly ? [] : [name]));
    const { receivedAtMs, tenant } = admitted.event;
    const row = windows.place(admitted.event);
    const id = entryId(arriving.key);
    for (const { change: { transactionId, what, value, knownAtMs } } of waited) {
      windows.store.changeOnce(tenant, transactionId, what, value, knownAtMs);
    }
    return {
      kind: 'placed', position: 0, receivedAtMs, event: admitted.event, live: admitted.live, isReplay,
      judge: () => state.judgeRow(admitted, row, fleetPlace(id, seqs)),
      keep: (record, { marks }) => keeper.keep(record, { tenant, marks, waited, names, seqs }),
    };
  }
}

const callsTo = (
  places: readonly LogPlace[], id: string, bytes: Uint8Array, known: (name: LogName) => Known,
): readonly LogCall[] => places.map(({ name, isSeenOnly }) =>
  ({ name, known: known(name), id, bytes: isSeenOnly ? SEEN_BYTES : bytes }));

interface Place {
  readonly admitted: Admitted;
  readonly windows: SharedWindows;
  readonly state: EngineState;
  readonly places: readonly LogPlace[];
  readonly seqs: Readonly<Record<string, number>>;
  readonly waited: readonly Told[];
  readonly isReplay: boolean;
}
