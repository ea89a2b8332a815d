/**
 * Where what comes in gets its place in the order of arrival, and is kept. A node that decides alone has
 * its log for both; in a fleet the shared windows are the order, and the topic of decisions keeps.
 */
import type { Decision } from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import type { ParsedFact } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { DecideCall, Recorded } from './call.ts';
import type { Durable, Flight } from './flights.ts';
import type { LivePolicy } from './live-policy.ts';
import type { Judged } from './state.ts';

/** What came in, read. */
export interface Arriving<Parsed> {
  readonly call: DecideCall;
  readonly parsed: Parsed;
  readonly receivedAtMs: number;
  /** Idempotency key of its record. */
  readonly key: string;
  /** Key of the record that an Idempotency-Key of its own gets: a second name. */
  readonly name: string | undefined;
  /** By `performance.now()`: when an answer is wanted; Infinity where nobody waits. */
  readonly answerBy: number;
}

/** A look is what was found before it is placed; one that need not wait is no promise. */
export interface Arrivals<PaymentLook = unknown, FactLook = unknown> {
  lookForPayment(arriving: Arriving<ParsedEvent>): PaymentLook | Promise<PaymentLook>;
  /** INVARIANT: from here until what is placed is kept, nothing waits. */
  placePayment(
    arriving: Arriving<ParsedEvent>, look: PaymentLook,
  ): Placed<Decision, PlacedPayment, PaymentLook>;
  lookForFact(arriving: Arriving<ParsedFact>): FactLook | Promise<FactLook>;
  placeFact(arriving: Arriving<ParsedFact>, look: FactLook): Placed<Recorded, PlacedFact, FactLook>;
}

export type Placed<Answered, Fresh, Look> =
  | Fresh
  /** A copy came before it. */
  | { readonly kind: 'earlier'; readonly flight: Flight<Answered> }
  /** Its second name is that of another. */
  | { readonly kind: 'named'; readonly flight: Omit<Flight<string>, 'record'> }
  /** A copy came before it that said something else, and whose record cannot be read now. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** Others came while it was looked for. */
  | { readonly kind: 'again'; readonly look: Look | Promise<Look> };

interface InPlace {
  readonly kind: 'placed';
  readonly position: number;
  readonly receivedAtMs: number;
}

export interface PlacedPayment extends InPlace {
  readonly event: ParsedEvent;
  readonly live: LivePolicy | undefined;
  /** A copy of what came before, which is judged again, to the same answer. */
  readonly isReplay?: boolean;
  judge(): Judged;
  keep(record: LogRecord, judged: Judged): Durable;
}

export interface PlacedFact extends InPlace {
  readonly isReplay?: boolean;
  /** Counts it, and says so. */
  take(): Recorded;
  /** As of a payment. */
  keep(record: LogRecord): Durable;
}
