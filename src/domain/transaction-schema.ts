/**
 * What callers may send, as JSON Schema: one object is the static type, the validator and the OpenAPI
 * component.
 *
 * Shapes are closed: a field that nobody reads is refused, not dropped. Absent and null are the same, so
 * every optional field may be null. What a schema cannot say (decimals of a currency, days of a month, an IP
 * address) is checked where the value is read, in parse-event.ts.
 */
import { Type } from 'typebox';
import type { Static, TOptional, TProperties, TSchema, TUnsafe } from 'typebox';
import { CHANNELS, DIRECTIONS, EVENT_TYPES, KINDS, LABELS, PARTY_TYPES, STATUSES } from './field.ts';
import type { EventSchema, FieldDefinition } from './field.ts';
import { LIMITS } from './limits.ts';

type Maybe<T> = TOptional<TUnsafe<T | null>>;

const maybe = <T>(type: string, keywords: object): Maybe<T> =>
  Type.Optional(Type.Unsafe<T | null>({ type: [type, 'null'], ...keywords }));
const text = (description: string, keywords: object = {}): Maybe<string> =>
  maybe('string', { maxLength: LIMITS.textCharsMax, description, ...keywords });
const id = (description: string): Maybe<string> =>
  maybe('string', { minLength: 1, maxLength: LIMITS.idCharsMax, description });
const oneOf = <const T extends string>(values: readonly T[], description: string): Maybe<T> =>
  maybe('string', { enum: [...values, null], description });
const closed = <T extends TProperties>(properties: T, description: string) =>
  Type.Object(properties, { additionalProperties: false, description });
function maybeClosed<T extends TProperties>(
  properties: T,
  description: string,
): Maybe<Static<ReturnType<typeof closed<T>>>> {
  return maybe('object', { ...closed(properties, description), type: ['object', 'null'] });
}

const INSTANT = { minLength: 20, maxLength: 35, format: 'date-time' };
const instant = (description: string): Maybe<string> => text(description, INSTANT);
const country = (description: string): Maybe<string> =>
  text(description, { pattern: '^[A-Z]{2}$', maxLength: 2 });

const MONEY = {
  value: Type.String({
    pattern: '^-?[0-9]+([.][0-9]+)?$',
    maxLength: 24,
    description:
      'decimal text such as "120.50", with no more decimals than the currency has; never a JSON number',
  }),
  currency: Type.String({ pattern: '^[A-Z]{3}$', maxLength: 3, description: 'ISO 4217 code such as EUR' }),
};
const maybeMoney = (description: string) => maybeClosed(MONEY, description);

const requiredId = (description: string) =>
  Type.String({ minLength: 1, maxLength: LIMITS.idCharsMax, description });
const requiredInstant = (description: string) => Type.String({ ...INSTANT, description });
const requiredOneOf = <const T extends string>(values: readonly T[], description: string) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], description });

const party = (word: string) =>
  maybeClosed(
    {
      customer_id: id(`customer that owns the account of ${word}`),
      account_id: id(`account of ${word}`),
      name: text(`name of ${word}`),
      country: country(`ISO 3166-1 alpha-2 country of ${word}`),
      birth_date: text(`birth date of ${word}, such as 1980-02-29`, {
        format: 'date',
        minLength: 10,
        maxLength: 10,
      }),
      type: oneOf(PARTY_TYPES, `what ${word} is`),
      segment: text(`customer segment of ${word}`),
      opened_at: instant(`when the account of ${word} was opened`),
      added_at: instant(`when ${word} was added as a payee`),
      changed_at: instant(`last change of credentials or contact data of ${word}`),
      balance: maybeMoney(`balance of the account of ${word} before this payment`),
    },
    `${word}, in ISO 20022 terms`,
  );

const BLOCKS = {
  direction: oneOf(DIRECTIONS, 'debit: out of the debtor account; credit: into it'),
  channel: oneOf(CHANNELS, 'where it was started'),
  debtor: party('the payer'),
  creditor: party('the payee'),
  card: maybeClosed(
    {
      id: id('card token, never a card number'),
      bin: text('first six to eight digits', { pattern: '^[0-9]{6,8}$', maxLength: 8 }),
      country: country('ISO 3166-1 alpha-2 country of issue'),
    },
    'the card',
  ),
  merchant: maybeClosed(
    {
      id: id('merchant'),
      mcc: text('ISO 18245 merchant category code', { pattern: '^[0-9]{4}$', maxLength: 4 }),
      country: country('ISO 3166-1 alpha-2 country'),
    },
    'the merchant',
  ),
  terminal: maybeClosed({ id: id('terminal') }, 'the terminal'),
  device: maybeClosed(
    { id: id('device'), ip: text('IPv4 or IPv6 address', { maxLength: 45 }) },
    'the device',
  ),
  location: maybeClosed(
    {
      lat: Type.Number({ minimum: -90, maximum: 90, description: 'degrees, WGS 84' }),
      lon: Type.Number({ minimum: -180, maximum: 180, description: 'degrees, WGS 84' }),
    },
    'where it happened',
  ),
  purpose: text('ISO 20022 purpose code', { maxLength: 35 }),
  reference: text('remittance information'),
};

/** The statuses a payment can have when it asks for a decision; later ones are told by events. */
const ASKING_STATUSES = ['attempted', 'approved', 'declined'] as const;

const TRANSACTION = {
  id: requiredId('your id of the payment; sent again, it gets the same decision'),
  occurred_at: requiredInstant('event time, RFC 3339 with seconds and offset'),
  kind: requiredOneOf(KINDS, 'kind of payment'),
  amount: closed(MONEY, 'amount and currency (ISO 20022 InstructedAmount); not negative'),
  status: oneOf(ASKING_STATUSES, 'state of the payment'),
  ...BLOCKS,
};

const EVENT = {
  id: requiredId('your id of the event; sent again, it counts once'),
  type: requiredOneOf(
    EVENT_TYPES.filter((type) => type !== 'transaction'),
    'what happened',
  ),
  occurred_at: requiredInstant('event time, RFC 3339 with seconds and offset'),
  known_at: instant('since when a status, label or fact is known; default occurred_at'),
  transaction_id: id('the payment that a status, label or refund is about'),
  status: oneOf(STATUSES, 'new state of the payment (type status)'),
  label: oneOf(LABELS, 'what proved true (type label)'),
  fact: maybeClosed(
    {
      name: Type.String({
        minLength: 1,
        maxLength: LIMITS.idCharsMax,
        description: 'name in the policy language',
      }),
      value: Type.Number({ description: 'what was found' }),
      valid_until: instant('when it is no longer true; default never'),
    },
    'a named number about the one entity in the event (type fact)',
  ),
  kind: oneOf(KINDS, 'kind of payment'),
  amount: maybeMoney('amount and currency; not negative'),
  ...BLOCKS,
};

const CUSTOM_SHAPES: Readonly<
  Partial<Record<FieldDefinition['type']['kind'], (description: string) => TSchema>>
> = {
  bool: (description) => maybe<boolean>('boolean', { description }),
  int: (description) =>
    maybe<number>('integer', {
      minimum: -LIMITS.amountMinorMax,
      maximum: LIMITS.amountMinorMax,
      description,
    }),
  decimal: (description) => maybe<number>('number', { description }),
  string: (description) => text(description),
  money: maybeMoney,
  instant,
  date: (description) => text(description, { format: 'date', minLength: 10, maxLength: 10 }),
};

/** The fields that an installation declares; without any, `custom` may only be empty. */
function customBlock(schema: EventSchema): { custom: Maybe<Readonly<Record<string, unknown>>> } {
  const declared = schema.fields.filter((field) => field.path.startsWith('custom.'));
  if (declared.length > LIMITS.customFieldCountMax) {
    throw new RangeError(
      `${declared.length} custom fields; at most ${LIMITS.customFieldCountMax} are allowed`,
    );
  }
  const properties = declared.map((field) => {
    const shape = CUSTOM_SHAPES[field.type.kind];
    if (shape === undefined) throw new TypeError(`${field.path} cannot be of type ${field.type.kind}`);
    return [field.path.slice('custom.'.length), shape(field.description)] as const;
  });
  return { custom: maybeClosed(Object.fromEntries(properties), 'fields that this installation declares') };
}

/** The body of `POST /v1/decisions` and `/v1/simulate`. */
export const transactionCallSchema = (schema: EventSchema) =>
  closed(
    {
      transaction: closed({ ...TRANSACTION, ...customBlock(schema) }, 'the payment to decide'),
    },
    'a payment that asks for a decision',
  );

/** The body of `POST /v1/events`. */
export const eventCallSchema = (schema: EventSchema) =>
  closed(
    {
      event: closed({ ...EVENT, ...customBlock(schema) }, 'what happened'),
    },
    'a fact that is told, not asked about',
  );

/** The body of `POST /v1/decisions/{id}/labels`. */
export const labelCallSchema = closed(
  {
    id: id('your id of the label; default: of the decision and the label'),
    label: requiredOneOf(LABELS, 'what proved true'),
    occurred_at: requiredInstant('when it proved true, RFC 3339'),
    known_at: instant('since when it is known; default occurred_at'),
  },
  'what a decided payment proved to be',
);

export type TransactionCall = Static<ReturnType<typeof transactionCallSchema>>;
export type EventCall = Static<ReturnType<typeof eventCallSchema>>;
export type LabelCall = Static<typeof labelCallSchema>;
/** The payment as sent. */
export type TransactionRequest = TransactionCall['transaction'];
/** The event as sent. */
export type EventRequest = EventCall['event'];
