import type { EventSchema, FieldDefinition } from '#domain/field.ts';

/**
 * Numbers of the fields in entries of the shared logs. They hold for ever: versions of the program that run
 * beside each other read the same entries. A new field gets the next number; none is used again.
 */
export const FIELD_CODES: Readonly<Record<string, number>> = {
  't': 1, 'kind': 2, 'direction': 3, 'amount': 4, 'channel': 5, 'status': 6, 'label': 7,
  'debtor.account_id': 8, 'debtor.customer_id': 9, 'debtor.country': 10, 'debtor.type': 11,
  'debtor.segment': 12, 'debtor.opened_at': 13, 'debtor.added_at': 14, 'debtor.changed_at': 15,
  'creditor.account_id': 16, 'creditor.customer_id': 17, 'creditor.country': 18, 'creditor.type': 19,
  'creditor.segment': 20, 'creditor.opened_at': 21, 'creditor.added_at': 22, 'creditor.changed_at': 23,
  'card.id': 24, 'card.bin': 25, 'card.country': 26, 'merchant.id': 27, 'merchant.mcc': 28,
  'merchant.country': 29, 'terminal.id': 30, 'device.id': 31, 'device.ip': 32, 'location': 33, 'purpose': 34,
};

/** A custom field has no number: its name stands in the entry. */
export const CUSTOM_CODE = 0;

/**
 * Fields that an entry carries: those that windows read, but for the type of the event, which stands before.
 */
export const carriedFields = (schema: EventSchema): readonly FieldDefinition[] =>
  schema.fields.filter(({ history, path }) => history && path !== 'event');
