/**
 * The event schema: which fields an event has, their types, and where each value stands in a parsed event.
 */

/**
 * Events we are told of. Only `transaction` asks for a decision; a window counts transactions unless it says
 * `of`.
 */
export const EVENT_TYPES = [
  'transaction', 'login', 'payee_added', 'profile_change', 'refund', 'status', 'label', 'fact',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export const ENTITY_KINDS = ['card', 'account', 'customer', 'merchant', 'terminal', 'device', 'ip'] as const;
export type EntityKind = (typeof ENTITY_KINDS)[number];

export type FieldType =
  | { readonly kind: 'bool' }
  | { readonly kind: 'int' }
  | { readonly kind: 'decimal' }
  | { readonly kind: 'string' }
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  /**
   * Money whose currency is known only with the event; `amount as USD` fixes it. Slots: minor units,
   * currency.
   */
  | { readonly kind: 'money' }
  | { readonly kind: 'duration' }
  | { readonly kind: 'instant' }
  | { readonly kind: 'date' }
  /** Slots: latitude and longitude in degrees (WGS 84). */
  | { readonly kind: 'geo' }
  | { readonly kind: 'entity'; readonly entity: EntityKind };

export interface FieldDefinition {
  /** Path in the JSON transaction, for example `card.id`; the name in the policy language too. */
  readonly path: string;
  readonly type: FieldType;
  /** Kept in the window store, so that windows can filter and aggregate it. Personal data is not. */
  readonly history: boolean;
  /** Entities with a log of their own: what `by` and `match` can look up. */
  readonly indexed: boolean;
  /**
   * Number slot (bool 0/1, int, decimal, money minor units, duration ms, instant ms, date days, geo
   * latitude), or -1.
   */
  readonly numberSlot: number;
  /** Second number slot (geo longitude), or -1. */
  readonly secondNumberSlot: number;
  /** Text slot (string, enum, entity, money currency), or -1. */
  readonly textSlot: number;
  readonly description: string;
}

export interface EventSchema {
  /**
   * `transaction.v1`, or with custom fields `transaction.v1+items:int,iban:string:now`: states of one name
   * have the same columns, so what is kept is part of it.
   */
  readonly name: string;
  readonly fields: readonly FieldDefinition[];
  readonly byPath: ReadonlyMap<string, FieldDefinition>;
  /** Short names of the policy language: `card` for `card.id`. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly numberSlotCount: number;
  readonly textSlotCount: number;
}

/** A field that an installation declares under `custom`. */
export interface CustomField {
  readonly name: string;
  readonly type: 'bool' | 'int' | 'decimal' | 'string' | 'money' | 'instant' | 'date';
  readonly history: boolean;
  readonly description: string;
}

type Draft = Omit<FieldDefinition, 'numberSlot' | 'secondNumberSlot' | 'textSlot'>;

const field = (path: string, type: FieldType, keep: 'history' | 'now', description: string): Draft =>
  ({ path, type, history: keep === 'history', indexed: false, description });
const entity = (path: string, kind: EntityKind, description: string): Draft =>
  ({ path, type: { kind: 'entity', entity: kind }, history: true, indexed: true, description });
const oneOf = (...values: string[]): FieldType => ({ kind: 'enum', values });

export const KINDS = ['card', 'transfer', 'cash', 'wallet', 'crypto'] as const;
export const DIRECTIONS = ['debit', 'credit'] as const;
export const CHANNELS = ['ecom', 'pos', 'atm', 'app', 'branch', 'api'] as const;
export const STATUSES = [
  'attempted', 'approved', 'declined', 'settled', 'reversed', 'refunded', 'charged_back',
] as const;
export const LABELS = ['chargeback', 'confirmed_fraud', 'false_positive', 'genuine'] as const;
export const PARTY_TYPES = ['individual', 'business'] as const;

const party = (role: 'debtor' | 'creditor', word: string): Draft[] => [
  entity(`${role}.account_id`, 'account', `account of ${word} (ISO 20022 ${role}Account)`),
  entity(`${role}.customer_id`, 'customer', `customer that owns ${word}'s account`),
  field(`${role}.name`, { kind: 'string' }, 'now', `name of ${word}`),
  field(`${role}.country`, { kind: 'string' }, 'history', `ISO 3166-1 alpha-2 country of ${word}`),
  field(`${role}.birth_date`, { kind: 'date' }, 'now', `birth date of ${word}`),
  field(`${role}.type`, oneOf(...PARTY_TYPES), 'history', `what ${word} is`),
  field(`${role}.segment`, { kind: 'string' }, 'history', `customer segment of ${word}`),
  field(`${role}.opened_at`, { kind: 'instant' }, 'history', `when the account of ${word} was opened`),
  field(`${role}.added_at`, { kind: 'instant' }, 'history', `when ${word} was added as a payee`),
  field(`${role}.changed_at`, { kind: 'instant' }, 'history',
    `last change of credentials or contact data of ${word}`),
  field(`${role}.balance`, { kind: 'money' }, 'now', `balance of ${word}'s account before this payment`),
];

// INVARIANT: `t` stays first: slot 0 of the numbers is the effective event time everywhere.
const BASE: readonly Draft[] = [
  field('t', { kind: 'instant' }, 'history', 'effective event time: occurred_at, clamped to the tolerance'),
  field('event', oneOf(...EVENT_TYPES), 'history', 'type of the event'),
  field('id', { kind: 'string' }, 'now', 'id of the transaction'),
  field('kind', oneOf(...KINDS), 'history', 'kind of payment'),
  field('direction', oneOf(...DIRECTIONS), 'history', 'debit: out of the debtor account; credit: into it'),
  field('amount', { kind: 'money' }, 'history', 'amount and currency (ISO 20022 InstructedAmount)'),
  field('channel', oneOf(...CHANNELS), 'history', 'where it was started'),
  field('status', oneOf(...STATUSES), 'history', 'state of the payment as known at the time of judgement'),
  field('label', oneOf(...LABELS), 'history', 'what proved true later, as known at the time of judgement'),
  ...party('debtor', 'the payer'),
  ...party('creditor', 'the payee'),
  entity('card.id', 'card', 'card token, never a number'),
  field('card.bin', { kind: 'string' }, 'history', 'first six or eight digits'),
  field('card.country', { kind: 'string' }, 'history', 'ISO 3166-1 alpha-2 country of issue'),
  entity('merchant.id', 'merchant', 'merchant'),
  field('merchant.mcc', { kind: 'string' }, 'history', 'ISO 18245 merchant category code'),
  field('merchant.country', { kind: 'string' }, 'history', 'ISO 3166-1 alpha-2 country'),
  entity('terminal.id', 'terminal', 'terminal'),
  entity('device.id', 'device', 'device'),
  entity('device.ip', 'ip', 'IP address, textual'),
  field('location', { kind: 'geo' }, 'history', 'where it happened, WGS 84 degrees'),
  field('purpose', { kind: 'string' }, 'history', 'ISO 20022 purpose code'),
  field('reference', { kind: 'string' }, 'now', 'remittance information'),
];

/** Short names in the policy language. */
const ALIASES: readonly (readonly [string, string])[] = [
  ['card', 'card.id'], ['merchant', 'merchant.id'], ['terminal', 'terminal.id'], ['device', 'device.id'],
  ['ip', 'device.ip'], ['debtor', 'debtor.account_id'], ['creditor', 'creditor.account_id'],
  ['customer', 'debtor.customer_id'], ['mcc', 'merchant.mcc'], ['bin', 'card.bin'], ['occurred_at', 't'],
];

const NUMBER_KINDS = new Set(['bool', 'int', 'decimal', 'money', 'duration', 'instant', 'date', 'geo']);
const TEXT_KINDS = new Set(['string', 'enum', 'entity', 'money']);

/** The schema of `transaction.v1` with an installation's custom fields. */
export function eventSchema(custom: readonly CustomField[] = []): EventSchema {
  let numberSlot = 0;
  let textSlot = 0;
  const drafts = [
    ...BASE,
    ...custom.map((c): Draft =>
      field(`custom.${c.name}`, { kind: c.type }, c.history ? 'history' : 'now', c.description)),
  ];
  const fields = drafts.map((draft): FieldDefinition => ({
    ...draft,
    numberSlot: NUMBER_KINDS.has(draft.type.kind) ? numberSlot++ : -1,
    secondNumberSlot: draft.type.kind === 'geo' ? numberSlot++ : -1,
    textSlot: TEXT_KINDS.has(draft.type.kind) ? textSlot++ : -1,
  }));
  const declared = custom.map((c) => `${c.name}:${c.type}${c.history ? '' : ':now'}`);
  const suffix = declared.length === 0 ? '' : `+${declared.join(',')}`;
  return {
    name: `transaction.v1${suffix}`,
    fields,
    byPath: new Map(fields.map((f) => [f.path, f])),
    aliases: new Map(ALIASES),
    numberSlotCount: numberSlot,
    textSlotCount: textSlot,
  };
}

/** A field by its path or its short name. */
export const fieldNamed = ({ byPath, aliases }: EventSchema, name: string): FieldDefinition | undefined =>
  byPath.get(aliases.get(name) ?? name);

/** The short names, each with its field. */
export const shortNames = (
  { byPath, aliases }: EventSchema,
): readonly { readonly name: string; readonly field: FieldDefinition }[] =>
  [...aliases].flatMap(([name, path]) => {
    const found = byPath.get(path);
    return found === undefined ? [] : [{ name, field: found }];
  });
