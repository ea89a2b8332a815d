import type { Decision, Degradation } from '#domain/decision.ts';
import { PassingMap } from '#domain/passing-map.ts';
import { LogUnavailable, type LogRecord } from '#ports/decision-log.ts';
import type { Recorded } from './call.ts';

/** How it is durable. */
export interface Landing {
  /** What was left out of that: its answer says so, and its record does not. */
  readonly degraded: readonly Degradation[];
  /** Another's record of the same key stood there first: that is the answer. */
  readonly instead?: LogRecord;
}

/** Settles when it is durable, whole where it says nothing; rejects with LogUnavailable where it is not. */
export type Durable = Promise<Landing | void>;

/** What was answered, or will be when it is durable. */
export interface Flight<Answered> {
  readonly record: LogRecord;
  readonly answered: Answered;
  readonly durable: Durable;
}

/** Answered and not yet durable, by record key: concurrent copies of one payment share one decision. */
export class Flights {
  readonly decisions = new PassingMap<Flight<Decision>>();
  readonly events = new PassingMap<Flight<Recorded>>();
  readonly names = new PassingMap<Flight<string>>();

  /** Those that wait for an answer; a name waits with what it names. */
  get size(): number { return this.decisions.size + this.events.size; }
}

export function addFlight<Answered>(
  flights: PassingMap<Flight<Answered>>, record: LogRecord, answered: Answered, durable: Durable,
): void {
  flights.set(record.key, { record, answered, durable });
  const forget = (): void => { flights.delete(record.key); };
  durable.then(forget, forget);
}

/** Of what is durable, and was found. */
export const landedFlight = <Answered>(
  record: LogRecord, read: (record: LogRecord) => Answered,
): Flight<Answered> => ({ record, answered: read(record), durable: Promise.resolve() });

const WHOLE: Landing = { degraded: [] };

/** Undefined where the log could not take it: then it is in no log, and what comes after it is not either. */
export const landed = (durable: Durable): Promise<Landing | undefined> =>
  durable.then((landing) => landing ?? WHOLE, (error: unknown) => {
    if (error instanceof LogUnavailable) return undefined;
    throw error;
  });
