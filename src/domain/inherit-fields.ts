import type { ParsedEvent } from './event.ts';
import type { EventSchema } from './field.ts';

const NOT_INHERITED = new Set(['t', 'event', 'status', 'label']);

/** Values of a past event, by slot. */
export interface SlotValues {
  number(slot: number): number;
  text(slot: number): string | undefined;
}

/**
 * Gives an event (a refund) the fields it lacks from its payment: parties, card, merchant; not time or
 * status.
 */
export function inheritFields(schema: EventSchema, event: ParsedEvent, payment: SlotValues): void {
  for (const { path, history, numberSlot, secondNumberSlot, textSlot } of schema.fields) {
    if (!history || NOT_INHERITED.has(path)) continue;
    const lacksNumber = numberSlot < 0 || Number.isNaN(event.numbers[numberSlot] ?? Number.NaN);
    if (!lacksNumber || (textSlot >= 0 && event.texts[textSlot] !== undefined)) continue;
    for (const slot of [numberSlot, secondNumberSlot]) {
      if (slot >= 0) event.numbers[slot] = payment.number(slot);
    }
    if (textSlot >= 0) event.texts[textSlot] = payment.text(textSlot);
  }
}
