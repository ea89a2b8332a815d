/** What the doors (HTTP, file, replay, simulation) hand in, and what they get back. */
import type { Decision, Degradation, LogPosition } from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { formatInstant } from '#domain/instant.ts';
import type { Refusal } from '#domain/refusal.ts';

export interface DecideCall {
  /** The JSON call as received: `{ "transaction": { ... } }`. */
  readonly bytes: Uint8Array;
  readonly tenant: string;
  /** Default: the transaction's id. */
  readonly idempotencyKey?: string;
  /** Arrival time in ms; default the engine's clock. Imports of history give the time of the event itself. */
  readonly receivedAtMs?: number;
  /** ms from the call within which an answer is wanted; what is left out then is said in it. */
  readonly deadlineMs?: number;
}

export type DecideAnswer =
  | {
    readonly kind: 'decided'; readonly decision: Decision; readonly replayed: boolean;
    /** Of this call, and not of the decision: how it was kept. */
    readonly degraded?: readonly Degradation[];
  }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** What was recorded of an event: it counts from this log position on. */
export interface Recorded {
  readonly object: 'event';
  readonly id: string;
  readonly type: string;
  /** `waiting`: the transaction it is about has not arrived yet. */
  readonly state: 'counted' | 'waiting';
  readonly log_position: LogPosition;
  readonly adjusted?: { readonly occurred_at: { readonly from: string; readonly to: string } };
  /** What was left out when it was told. */
  readonly degraded?: readonly Degradation[];
  readonly created_at: string;
}

export const recordedOf = (
  event: ParsedEvent, state: Recorded['state'], logPosition: LogPosition, adjusted: Recorded['adjusted'],
): Recorded => ({
  object: 'event', id: event.id, type: event.type, state, log_position: logPosition,
  ...(adjusted === undefined ? {} : { adjusted }), created_at: formatInstant(event.receivedAtMs),
});

export type RecordAnswer =
  | { readonly kind: 'recorded'; readonly recorded: Recorded; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export const refused = (
  code: Refusal['code'], detail: string, errors: Refusal['errors'] = [],
): { kind: 'refused'; refusal: Refusal } => ({ kind: 'refused', refusal: { code, detail, errors } });

export const unavailable = (): Refusal =>
  refused('log_unavailable', 'the decision log cannot be written; nothing was decided').refusal;
