/** The functions of the language: what they take, what they give, and a line for the handbook. */
import {
  BOOL, DECIMAL, DURATION, INT, STRING, WEEKDAYS, isNumber, isOrdered, isQuantity, isText, joined,
} from './type-rules.ts';
import type { Type } from './type.ts';

/** What an argument must be. `text literal` and its like must be written out, so that they can be checked. */
export type Param =
  | 'any' | 'instant' | 'zone' | 'text' | 'location' | 'entity' | 'histogram' | 'distribution'
  | 'amount' | 'whole amount' | 'number or quantity' | 'ordered'
  | 'text literal' | 'whole literal' | 'ratio literal' | 'duration literal';

export interface Builtin {
  readonly name: string;
  readonly params: readonly Param[];
  /** The last parameter may repeat. */
  readonly rest: boolean;
  /** From the types of the arguments; undefined where they do not go together. */
  readonly result: (args: readonly Type[]) => Type | undefined;
  /** The result in words, for the handbook. */
  readonly gives: string;
  readonly doc: string;
}

const DISTANCE: Type = { kind: 'distance' };
const first = (args: readonly Type[]): Type | undefined => args[0];
const common = (args: readonly Type[]): Type | undefined =>
  args.reduce<Type | undefined>((type, arg) => type && joined(type, arg), args[0]);

function builtin(name: string, params: readonly Param[], result: Type, gives: string, doc: string): Builtin {
  return { name, params, rest: false, result: () => result, gives, doc };
}

const TABLE: readonly Builtin[] = [
  builtin('age', ['instant'], DURATION, 'duration',
    'How long before the event an instant was: `t - instant`.'),
  builtin('local_time', ['instant', 'zone'], { kind: 'clock' }, 'time of day', 'The time of day in a zone.'),
  builtin('local_date', ['instant', 'zone'], { kind: 'date' }, 'date', 'The date in a zone.'),
  builtin('weekday', ['instant', 'zone'], { kind: 'enum', values: WEEKDAYS }, '"mon" to "sun"',
    'The day of the week in a zone.'),
  builtin('hour', ['instant', 'zone'], INT, 'int', 'The hour of the day in a zone, 0 to 23.'),
  { name: 'abs', params: ['number or quantity'], rest: false, result: first, gives: 'the same type',
    doc: 'Without its sign.' },
  { name: 'min', params: ['ordered', 'ordered'], rest: true, result: common, gives: 'the same type',
    doc: 'The least; missing if any is.' },
  { name: 'max', params: ['ordered', 'ordered'], rest: true, result: common, gives: 'the same type',
    doc: 'The greatest; missing if any is.' },
  builtin('distance', ['location', 'location'], DISTANCE, 'distance',
    'Along the great circle of a sphere of 6,371,008.8 m, to the metre.'),
  builtin('missing', ['any'], BOOL, 'bool', 'Is there no value? Never unknown.'),
  builtin('known', ['any'], BOOL, 'bool', 'Is there a value? Never unknown.'),
  builtin('blank', ['text'], BOOL, 'bool', 'Missing, empty or only white space? Never unknown.'),
  builtin('lower', ['text'], STRING, 'string', 'In lower case.'),
  builtin('length', ['text'], INT, 'int', 'Number of characters (Unicode code points).'),
  builtin('starts_with', ['text', 'text'], BOOL, 'bool', 'Does the first text start with the second?'),
  builtin('ends_with', ['text', 'text'], BOOL, 'bool', 'Does the first text end with the second?'),
  builtin('contains', ['text', 'text'], BOOL, 'bool', 'Is the second text part of the first?'),
  builtin('matches', ['text', 'text literal'], BOOL, 'bool',
    'Does the whole text fit the pattern? `*` is any text, `?` any one character.'),
  builtin('first_digit', ['whole amount'], INT, 'int', 'The leading digit, 1 to 9; 0 of zero.'),
  builtin('is_round', ['amount', 'whole literal'], BOOL, 'bool',
    'Is the amount a whole multiple of so many units of its currency? Zero is not.'),
  builtin('chi_square', ['histogram', 'distribution'], DECIMAL, 'decimal',
    'How far the first digits in a histogram are from Benford\'s law; 8 degrees of freedom.'),
  builtin('sample', ['ratio literal', 'text'], BOOL, 'bool',
    'True for a fixed share, drawn by a hash of the rule and the text: `sample(1% by id)`.'),
  builtin('has_label', ['entity', 'text literal'], BOOL, 'bool',
    'Does the entity have the label at the time of the event?'),
  builtin('fact', ['text literal', 'entity', 'duration literal'], DECIMAL, 'decimal',
    'What a worker found out about an entity; missing where older: `fact("fan_out", debtor, max_age 10m)`.'),
];

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map(TABLE.map((entry) => [entry.name, entry]));

/** Those that look at the marks of an entity: what they say changes with what was marked. */
export const MARK_CALLS: ReadonlySet<string> = new Set(['has_label', 'fact']);

/** Does a type suit a parameter? Whether it is a literal is for the checker to see. */
export function suits(type: Type, param: Param): boolean {
  switch (param) {
    case 'any': return true;
    case 'instant': return type.kind === 'instant';
    case 'zone': case 'text literal': return type.kind === 'string';
    case 'text': return isText(type);
    case 'number or quantity': return isNumber(type) || isQuantity(type);
    case 'ordered': return isOrdered(type);
    case 'location': return type.kind === 'geo';
    case 'amount': return type.kind === 'money';
    case 'whole amount': return type.kind === 'money' || type.kind === 'int';
    case 'histogram': return type.kind === 'histogram';
    case 'distribution': return type.kind === 'enum' && type.values[0] === 'benford';
    case 'ratio literal': return type.kind === 'ratio';
    case 'duration literal': return type.kind === 'duration';
    case 'whole literal': return type.kind === 'int';
    case 'entity': return type.kind === 'entity';
  }
}

/** `sample(ratio literal, text) -> bool`. */
export const signatureOf = ({ name, params, rest, gives }: Builtin): string =>
  `${name}(${params.join(', ')}${rest ? ', ...' : ''}) -> ${gives}`;
