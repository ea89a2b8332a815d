import type { EventType } from './field.ts';

/**
 * One parsed event: a transaction that asks for a decision, or a fact that was only told (login, refund,
 * ...).
 * Values stand in slots; the event schema says which field has which slot (`FieldDefinition.slots`).
 * A missing number is NaN, a missing text is undefined. Slot 0 of `numbers` is t, the effective event time in
 * ms.
 */
export interface ParsedEvent {
  readonly type: EventType;
  readonly tenant: string;
  /** The caller's id of this event, unique within tenant and type family; the idempotency key. */
  readonly id: string;
  /** Arrival order: the position in the log. Assigned when the event is recorded; -1 before. */
  position: number;
  /** When it arrived, ms since 1970-01-01T00:00:00Z. */
  readonly receivedAtMs: number;
  readonly numbers: number[];
  readonly texts: (string | undefined)[];
}

/** The slot of t (effective `occurred_at`), the same in every schema. */
export const T_SLOT = 0;
