/** A schema with fields of every type, names of every type, and random events and worlds over them. */
import type { ParsedEvent } from '#domain/event.ts';
import { eventSchema, type FieldDefinition } from '#domain/field.ts';
import { parseRateTable, type RateTable } from '#domain/rates.ts';
import type { Scope } from '#expression/scope.ts';
import type { Type } from '#expression/type.ts';
import { missing, type Value } from '#expression/value.ts';
import type { Mark, World } from '#expression/world.ts';
import type { SeededRandom } from '../simulation/seeded-random.ts';

const custom = (name: string, type: 'bool' | 'int' | 'decimal' | 'string' | 'money' | 'instant' | 'date',
  history = true) =>
  ({ name, type, history, description: name });

export const SCHEMA = eventSchema([
  custom('flag', 'bool'), custom('n', 'int'), custom('x', 'decimal'), custom('word', 'string'),
    custom('fee', 'money'),
  custom('at', 'instant'), custom('day', 'date'), custom('secret', 'string', false),
]);

const EUR: Type = { kind: 'money', currency: 'EUR' };
/** One name of every type, for features and for parameters alike. */
const TYPED: readonly (readonly [string, Type])[] = [
  ['bool', { kind: 'bool' }], ['int', { kind: 'int' }], ['decimal', { kind: 'decimal' }],
    ['ratio', { kind: 'ratio' }],
  ['text', { kind: 'string' }], ['money', EUR], ['duration', { kind: 'duration' }],
    ['instant', { kind: 'instant' }],
  ['date', { kind: 'date' }], ['clock', { kind: 'clock' }], ['distance', { kind: 'distance' }],
  ['speed', { kind: 'speed' }], ['geo', { kind: 'geo' }], ['histogram', { kind: 'histogram' }],
];
export const FEATURES = TYPED.map(([name, type], index) => ({ name: `f_${name}`, type, index }));
export const PARAMS = TYPED.slice(0, 12).map(([name, type], index) => ({ name: `p_${name}`, type, index }));

const byName = <T extends { name: string }>(items: readonly T[]): ReadonlyMap<string, T> =>
  new Map(items.map((item) => [item.name, item]));

export const scopeOf = (row: 'current' | 'past'): Scope => ({
  schema: SCHEMA, row, features: byName(FEATURES), params: byName(PARAMS), defines: new Map(),
  lists: new Map([
    ['words', { index: 0, of: { kind: 'string' } }],
      ['cards', { index: 1, of: { kind: 'entity', entity: 'card' } }],
    ['numbers', { index: 2, of: { kind: 'int' } }],
  ]),
});

const RATES: RateTable = ratesOf();

function ratesOf(): RateTable {
  const parsed = parseRateTable({
    version: 'test', base: 'EUR',
    rates: {
      USD: [{ from: '1969-01-01', rate: '1.0812' }, { from: '2026-06-01', rate: '1.0777' }],
      JPY: [{ from: '2020-01-01', rate: '162.5' }], BHD: [{ from: '2020-01-01', rate: '0.41' }],
    },
  });
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  return parsed.table;
}

const TEXTS = ['', ' ', 'a', 'A', 'ab', 'É', 'é', 'straße', 'STRASSE', '😀b', 'Europe/Paris',
  'declined'] as const;
const INTS = [0, 1, 2, 3, 9, 10, 50, 100, 105, 150, 999, 12_345, 1e9, 9_007_199_254_740_991, -1,
  -50] as const;
const INSTANTS = [0, 1_700_000_000_000, 1_774_746_000_000, 1_792_891_800_000, 1_795_428_000_123, -1] as const;
const PLACES = [0, 48.85, -33.87, 90, 1e-5, 2.35, 151.2] as const;

const ints = (random: SeededRandom): number => random.pick(INTS);
const decimals = (random: SeededRandom): number =>
  random.pick([0, 0.5, 0.07, 1.5, 1e-7, 2.345, 100, 12_345.678, -0.5]);

function numberOf(kind: string, random: SeededRandom): number {
  switch (kind) {
    case 'bool': return random.between(0, 1);
    case 'decimal': case 'ratio': case 'distance': case 'speed': return decimals(random);
    case 'geo': return random.pick(PLACES);
    case 'instant': return random.pick(INSTANTS) + random.between(0, 2) * 3_600_000;
    case 'date': return random.between(-1, 20_800);
    case 'clock': return random.between(0, 23) * 3_600_000;
    case 'duration': return random.between(-2, 800) * 3_600_000;
    default: return ints(random);
  }
}

function textOf(field: FieldDefinition, random: SeededRandom): string {
  if (field.type.kind === 'money') return random.pick(['EUR', 'USD', 'JPY', 'BHD', 'CHF']);
  if (field.type.kind !== 'enum') return random.pick(TEXTS);
  return field.type.values[random.between(0, field.type.values.length - 1)] ?? '';
}

/** Every field is there or missing, whatever it means together. Money has both its slots or neither. */
function randomEvent(random: SeededRandom): ParsedEvent {
  const numbers = Array.from({ length: SCHEMA.numberSlotCount }, () => Number.NaN);
  const texts: (string | undefined)[] = Array.from({ length: SCHEMA.textSlotCount }, () => undefined);
  for (const field of SCHEMA.fields) {
    if (field.path !== 't' && random.chance(0.25)) continue;
    if (field.numberSlot >= 0) numbers[field.numberSlot] = numberOf(field.type.kind, random);
    if (field.secondNumberSlot >= 0) numbers[field.secondNumberSlot] = numberOf('geo', random);
    if (field.textSlot >= 0) texts[field.textSlot] = textOf(field, random);
  }
  return { type: 'transaction', tenant: 'test', id: 'tx', position: 1, receivedAtMs: 0, numbers, texts };
}

function randomValue(name: string, type: Type, random: SeededRandom): Value {
  if (random.chance(0.2)) return missing('no_history', name);
  if (type.kind === 'bool') return { kind: 'bool', value: random.chance(0.5) };
  if (type.kind === 'string') return { kind: 'text', value: random.pick(TEXTS) };
  if (type.kind === 'geo') return { kind: 'geo',
    value: { lat: numberOf('geo', random), lon: numberOf('geo', random) } };
  if (type.kind !== 'histogram') return { kind: 'number', value: numberOf(type.kind, random) };
  const counts = Array.from({ length: 10 }, () => random.between(0, 3) * random.between(0, 1));
  return { kind: 'histogram', value: counts };
}

const LISTS: readonly ReadonlySet<string
  | number>[] = [new Set(['a', 'é']), new Set(['ab']), new Set([0, 3, 100])];

export function randomWorld(random: SeededRandom): World {
  const features = FEATURES.map(({ name, type }) => randomValue(name, type, random));
  const params = PARAMS.map(({ name, type }) => randomValue(name, type, random));
  const current = randomEvent(random);
  const isCurrent = random.chance(0.2);
  const event = isCurrent ? current : randomEvent(random);
  const tMs = current.numbers[0] ?? 0;
  const marks = Array.from({ length: 2 }, (): Mark | undefined => random.chance(0.3) ? undefined : {
    value: decimals(random), fromMs: tMs - random.between(-1, 3) * 600_000, untilMs: tMs +
      random.between(0, 2) * 600_000,
  });
  const [status, label] = [random.pick([undefined, 'approved', 'declined']),
    random.pick([undefined, 'chargeback'])];
  const read = (values: readonly Value[], index: number): Value => values[index] ??
    missing('absent', 'nothing');
  return {
    current,
    past: { event, isCurrent, statusAt: () => status, labelAt: () => label },
    feature: (index) => read(features, index),
    param: (index) => read(params, index),
    inList: (list, value) => LISTS[list]?.has(value) === true,
    rates: RATES,
    mark: (path, value, name) => marks[(path.length + value.length + name.length) % 2],
    salt: 'rule-1',
  };
}
