/**
 * Reads the fields of a transaction or event, whose shape has been checked, into the slots of a parsed event.
 */
import { T_SLOT } from './event.ts';
import type { EventSchema, FieldDefinition } from './field.ts';
import { parseDate, parseInstant } from './instant.ts';
import { pointerStep } from './json-fault.ts';
import { parseMoneyText } from './money.ts';
import { parseIp } from './parse-ip.ts';
import type { Fault } from './parse-shape.ts';

/** What a field is in JSON: the type, except where the words are fewer or more. */
type Reading = 'text' | 'ip' | 'number' | 'bool' | 'instant' | 'date' | 'money' | 'amount' | 'geo';

interface Place {
  /** Key in its block. */
  readonly name: string;
  readonly reading: Reading;
  readonly field: FieldDefinition;
}

interface Block {
  /** Key in the root; undefined for the root itself. */
  readonly name: string | undefined;
  readonly places: readonly Place[];
}

type Members = Readonly<Record<string, unknown>>;

export interface FieldReader {
  /** Adds a fault for each value that is no value; `base` is the pointer of `root`. */
  read(root: Members, base: string, numbers: number[], texts: (string | undefined)[], faults: Fault[]): void;
  /** All numbers missing, all texts missing. */
  readonly noNumbers: readonly number[];
  readonly noTexts: readonly (string | undefined)[];
}

const MOMENT = 'is not an RFC 3339 instant such as 2026-11-23T10:00:00.123Z';

export function fieldReader(schema: EventSchema): FieldReader {
  const blocks = blocksOf(schema);
  return {
    noNumbers: Array.from({ length: schema.numberSlotCount }, () => Number.NaN),
    noTexts: Array.from({ length: schema.textSlotCount }, () => undefined),
    read(root, base, numbers, texts, faults) {
      const occurredAt = parseInstant(parseText(root['occurred_at']));
      if (occurredAt === undefined) faults.push({ pointer: `${base}/occurred_at`, detail: MOMENT });
      else numbers[T_SLOT] = occurredAt;
      for (const block of blocks) {
        const members = block.name === undefined ? root : root[block.name];
        if (members === undefined || members === null) continue;
        const at = block.name === undefined ? base : base + pointerStep(block.name);
        for (const place of block.places) {
          const value = parseMembers(members)[place.name];
          if (value !== undefined && value !== null) readPlace(place, value, at, numbers, texts, faults);
        }
      }
    },
  };
}

function blocksOf(schema: EventSchema): readonly Block[] {
  const blocks = new Map<string | undefined, Place[]>();
  for (const field of schema.fields) {
    // `t` is occurred_at; the type of the event is the caller's to say.
    if (field.path === 't' || field.path === 'event') continue;
    const [first = '', second] = field.path.split('.');
    const block = second === undefined ? undefined : first;
    const places = blocks.get(block) ?? [];
    blocks.set(block, places);
    places.push({ name: second ?? first, reading: readingOf(field), field });
  }
  return [...blocks].map(([name, places]) => ({ name, places }));
}

function readingOf(field: FieldDefinition): Reading {
  const { kind } = field.type;
  switch (kind) {
    case 'string':
    case 'enum':
      return 'text';
    case 'entity':
      return field.type.entity === 'ip' ? 'ip' : 'text';
    case 'int':
    case 'decimal':
      return 'number';
    case 'money':
      return field.path === 'amount' ? 'amount' : 'money';
    case 'bool':
    case 'instant':
    case 'date':
    case 'geo':
      return kind;
    case 'duration':
      throw new TypeError(`${field.path}: a duration has no form in JSON`);
    default:
      return field.type satisfies never;
  }
}

// The shape has been checked; these say to the type system what the schema said. A wrong shape reads as
// nothing.
const parseText = (value: unknown): string => (typeof value === 'string' ? value : '');
const parseNumber = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);
const parseMembers = (value: unknown): Members => value as Members;

function readPlace(
  place: Place,
  value: unknown,
  at: string,
  numbers: number[],
  texts: (string | undefined)[],
  faults: Fault[],
): void {
  const { field } = place;
  switch (place.reading) {
    case 'text':
      texts[field.textSlot] = parseText(value);
      return;
    case 'number':
      // + 0 turns -0 into 0.
      numbers[field.numberSlot] = parseNumber(value) + 0;
      return;
    case 'bool':
      numbers[field.numberSlot] = value === true ? 1 : 0;
      return;
    case 'geo':
      numbers[field.numberSlot] = parseNumber(parseMembers(value)['lat']) + 0;
      numbers[field.secondNumberSlot] = parseNumber(parseMembers(value)['lon']) + 0;
      return;
    case 'ip': {
      const ip = parseIp(parseText(value));
      if (ip === undefined)
        faults.push({ pointer: at + pointerStep(place.name), detail: 'is not an IP address' });
      texts[field.textSlot] = ip;
      return;
    }
    case 'instant':
    case 'date': {
      const parsed = place.reading === 'date' ? parseDate(parseText(value)) : parseInstant(parseText(value));
      const detail = place.reading === 'date' ? 'is not a date such as 1980-02-29' : MOMENT;
      if (parsed === undefined) faults.push({ pointer: at + pointerStep(place.name), detail });
      else numbers[field.numberSlot] = parsed;
      return;
    }
    case 'money':
    case 'amount':
      readMoney(place, parseMembers(value), at + pointerStep(place.name), numbers, texts, faults);
      return;
    default:
      place.reading satisfies never;
  }
}

function readMoney(
  place: Place,
  money: Members,
  at: string,
  numbers: number[],
  texts: (string | undefined)[],
  faults: Fault[],
): void {
  const value = parseText(money['value']);
  const currency = parseText(money['currency']);
  const parsed = parseMoneyText(value, currency);
  if ('problem' in parsed) {
    const part = parsed.problem === 'unknown_currency' ? 'currency' : 'value';
    faults.push({ pointer: `${at}/${part}`, detail: parsed.detail });
  } else if (place.reading === 'amount' && value.startsWith('-')) {
    faults.push({
      pointer: `${at}/value`,
      detail: 'an amount is not negative; `direction` says which way it goes',
    });
  } else {
    numbers[place.field.numberSlot] = parsed.minor;
    texts[place.field.textSlot] = currency;
  }
}
