/**
 * Arrivals of a node that decides alone: the place of what comes in is the next one of its log.
 *
 * INVARIANT: between the last look for an earlier copy and the append nothing waits, so the order of
 * arrival, the order in the windows and the order of the log are one order.
 */
import type { Decision } from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { isRefusal, type ParsedFact } from '#domain/parse-event.ts';
import type { PassingMap } from '#domain/passing-map.ts';
import type { DecisionLog, LogRecord } from '#ports/decision-log.ts';
import type { Arrivals, Arriving, Placed, PlacedFact, PlacedPayment } from './arrivals.ts';
import { unavailable, type Recorded } from './call.ts';
import { addFlight, landedFlight, type Flight, type Flights } from './flights.ts';
import { nameRecord, readDecision, readNamed, readRecorded } from './record.ts';
import type { EngineState } from './state.ts';

/** What was found of copies, and where the log ended when they were looked for. */
interface Look<Answered> {
  readonly before: number;
  readonly named: Flight<string> | undefined;
  readonly earlier: Flight<Answered> | undefined;
}

export interface LocalArrivalsParts {
  readonly log: DecisionLog;
  readonly state: EngineState;
  readonly flights: Flights;
  /** Called once, when a write or a judgement fails: from then on nothing gets a place here. */
  readonly onFailure: (error: Error) => void;
}

export class LocalArrivals implements Arrivals<Look<Decision>, Look<Recorded>> {
  readonly state: EngineState;
  readonly #log: DecisionLog;
  readonly #flights: Flights;
  readonly #onFailure: (error: Error) => void;
  #sound = true;
  #stopped = false;
  /** Of the record appended last: records land in order, so with it all before it have landed. */
  #last: Promise<void> = Promise.resolve();

  constructor({ log, state, flights, onFailure }: LocalArrivalsParts) {
    this.#log = log;
    this.state = state;
    this.#flights = flights;
    this.#onFailure = onFailure;
  }

  lookForPayment(arriving: Arriving<ParsedEvent>): Look<Decision> | Promise<Look<Decision>> {
    return this.#look(arriving, this.#flights.decisions, readDecision);
  }

  lookForFact(arriving: Arriving<ParsedFact>): Look<Recorded> | Promise<Look<Recorded>> {
    return this.#look(arriving, this.#flights.events, readRecorded);
  }

  placePayment(
    arriving: Arriving<ParsedEvent>, look: Look<Decision>,
  ): Placed<Decision, PlacedPayment, Look<Decision>> {
    const before = this.#before(arriving, look);
    if (before === 'again') return { kind: 'again', look: this.lookForPayment(arriving) };
    if (before !== undefined) return before;
    const admitted = this.state.admit(arriving.parsed);
    if (isRefusal(admitted)) return { kind: 'refused', refusal: admitted };
    const position = this.#position(arriving, look, arriving.parsed.id);
    const { event, live } = admitted;
    return {
      kind: 'placed', position, receivedAtMs: arriving.receivedAtMs, event, live,
      judge: () => this.#certainly(() => this.state.judge(admitted, position)),
      keep: (record) => this.append(record),
    };
  }

  placeFact(
    arriving: Arriving<ParsedFact>, look: Look<Recorded>,
  ): Placed<Recorded, PlacedFact, Look<Recorded>> {
    const before = this.#before(arriving, look);
    if (before === 'again') return { kind: 'again', look: this.lookForFact(arriving) };
    if (before !== undefined) return before;
    const { parsed, receivedAtMs } = arriving;
    const position = this.#position(arriving, look, parsed.event.id);
    return {
      kind: 'placed', position, receivedAtMs,
      take: () => this.#certainly(() => this.state.take(parsed, position)),
      keep: (record) => this.append(record),
    };
  }

  /** False once a write or a judgement has failed: the state is not that of the log, and judges no more. */
  get sound(): boolean { return this.#sound; }

  /** From now on nothing gets a place. */
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

  /** What keeps it from a place of its own. */
  #before<Answered>(
    { parsed }: Arriving<ParsedEvent | ParsedFact>, { before, named, earlier }: Look<Answered>,
  ) {
    const { id } = 'event' in parsed ? parsed.event : parsed;
    if (named !== undefined && named.answered !== id) return { kind: 'named', flight: named } as const;
    if (earlier !== undefined) return { kind: 'earlier', flight: earlier } as const;
    if (this.#log.nextPosition !== before) return 'again';
    return this.#sound && !this.#stopped ? undefined : { kind: 'refused', refusal: unavailable() } as const;
  }

  /** An Idempotency-Key of its own is a second name of the transaction or event, recorded just before it. */
  #position({ name, receivedAtMs }: Arriving<unknown>, { named }: Look<unknown>, id: string): number {
    const position = this.#log.nextPosition;
    if (name === undefined || named !== undefined) return position;
    this.state.position = position;
    const record = nameRecord(name, position, receivedAtMs, id);
    addFlight(this.#flights.names, record, id, this.append(record));
    return this.#log.nextPosition;
  }

  /**
   * Known without waiting unless another key has the same hash; then the look is repeated until nothing was
   * appended while it took.
   */
  #look<Answered>(
    { key, name }: Arriving<unknown>, flights: PassingMap<Flight<Answered>>,
    read: (record: LogRecord) => Answered,
  ): Look<Answered> | Promise<Look<Answered>> {
    const before = this.#log.nextPosition;
    const named = name === undefined ? undefined : this.#earlier(this.#flights.names, name, readNamed);
    const earlier = this.#earlier(flights, key, read);
    if (!(named instanceof Promise) && !(earlier instanceof Promise)) return { before, named, earlier };
    return Promise.all([named, earlier]).then(([one, other]) => ({ before, named: one, earlier: other }));
  }

  /** The copy that came before: being written, or in the log. Undefined is certain. */
  #earlier<Answered>(
    flights: PassingMap<Flight<Answered>>, key: string, read: (record: LogRecord) => Answered,
  ): Flight<Answered> | undefined | Promise<Flight<Answered> | undefined> {
    const flight = flights.get(key);
    if (flight !== undefined || !this.#log.mayHave(key)) return flight;
    return this.#log.find(key).then((record) => record && landedFlight(record, read));
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
}
