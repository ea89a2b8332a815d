/**
 * Which types go together, and what becomes of them. No conversion is implied; plain numbers mix, units do
 * not.
 */
import type { FieldDefinition } from '#domain/field.ts';
import type { BinaryOp } from './ast.ts';
import type { Type } from './type.ts';

export const BOOL: Type = { kind: 'bool' };
export const INT: Type = { kind: 'int' };
export const DECIMAL: Type = { kind: 'decimal' };
const RATIO: Type = { kind: 'ratio' };
export const STRING: Type = { kind: 'string' };
export const DURATION: Type = { kind: 'duration' };
export const INSTANT: Type = { kind: 'instant' };
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** A field's type in expressions: money as sent has no currency yet. */
export const typeOfField = ({ type }: FieldDefinition): Type =>
  type.kind === 'money' ? { kind: 'money', currency: null } : type;

export const isNumber = (type: Type): boolean => type.kind === 'int' || type.kind === 'decimal' ||
  type.kind === 'ratio';
export const isText = (type: Type): boolean =>
  type.kind === 'string' || type.kind === 'enum' || type.kind === 'entity';
/** Money in one known currency, durations, distances, speeds: what can be added, scaled and compared. */
export const isQuantity = (type: Type): boolean =>
  type.kind === 'duration' || type.kind === 'distance' || type.kind === 'speed' ||
  (type.kind === 'money' && type.currency !== null);
export const isOrdered = (type: Type): boolean =>
  isNumber(type) || isQuantity(type) || type.kind === 'instant' || type.kind === 'date' ||
    type.kind === 'clock';

/** What stands for a value of the type in generated code. */
export function cellKind(type: Type): 'bool' | 'number' | 'text' | 'object' {
  if (type.kind === 'bool') return 'bool';
  if (isText(type)) return 'text';
  return type.kind === 'geo' || type.kind === 'histogram' || type.kind === 'list' ? 'object' : 'number';
}

/** How a type is called in messages. */
export function typeName(type: Type): string {
  switch (type.kind) {
    case 'money': return type.currency === null ? 'money in the currency of the transaction'
      : `money in ${type.currency}`;
    case 'enum': return `one of ${type.values.map((value) => `"${value}"`).join(', ')}`;
    case 'entity': return `${'aio'.includes(type.entity.charAt(0)) ? 'an' : 'a'} ${type.entity}`;
    case 'list': return `a list of ${typeName(type.of)}`;
    case 'bool': return 'true or false';
    case 'int': return 'a whole number';
    case 'decimal': return 'a number';
    case 'string': return 'a text';
    case 'instant': return 'an instant';
    case 'clock': return 'a time of day';
    case 'geo': return 'a location';
    case 'ratio': case 'duration': case 'period': case 'date': case 'distance': case 'speed':
    case 'histogram':
      return `a ${type.kind}`;
  }
}

/** Same kind, same currency: values that add, and that `min` and `??` can choose between. */
function sameUnit(a: Type, b: Type): boolean {
  if (a.kind === 'money' && b.kind === 'money') return a.currency !== null && a.currency === b.currency;
  return a.kind === b.kind && a.kind !== 'list';
}

/** Can they be equal? Texts of any kind can, entities only of one kind. */
export function comparable(a: Type, b: Type): boolean {
  if (a.kind === 'entity' && b.kind === 'entity') return a.entity === b.entity;
  if (isText(a) && isText(b)) return true;
  if (a.kind === 'bool' && b.kind === 'bool') return true;
  return (isNumber(a) && isNumber(b)) || (isOrdered(a) && sameUnit(a, b));
}

/** The common type of two values of which one is taken, or undefined. */
export function joined(a: Type, b: Type): Type | undefined {
  if (isNumber(a) && isNumber(b)) return a.kind === b.kind ? a : DECIMAL;
  if (a.kind === 'entity' && b.kind === 'entity') return a.entity === b.entity ? a : undefined;
  if (a.kind === 'enum' && b.kind === 'enum' && a.values.join() === b.values.join()) return a;
  if (isText(a) && isText(b)) return STRING;
  return sameUnit(a, b) ? a : undefined;
}

/** The type of `a op b`, or undefined where the two do not go together. */
export function binaryType(op: BinaryOp, a: Type, b: Type): Type | undefined {
  switch (op) {
    case 'and': case 'or':
      return a.kind === 'bool' && b.kind === 'bool' ? BOOL : undefined;
    case '==': case '!=':
      return comparable(a, b) ? BOOL : undefined;
    case '<': case '<=': case '>': case '>=':
      return isOrdered(a) && comparable(a, b) ? BOOL : undefined;
    case '~=':
      return isText(a) && isText(b) ? BOOL : undefined;
    case '??':
      return joined(a, b);
    case '+':
      return sumType(a, b) ?? (a.kind === 'duration' ? sumType(b, a) : undefined);
    case '-':
      if ((a.kind === 'instant' || a.kind === 'date') && a.kind === b.kind) return DURATION;
      return sumType(a, b);
    case '*':
      return productType(a, b) ?? productType(b, a);
    case '/':
      return quotientType(a, b);
  }
}

function sumType(a: Type, b: Type): Type | undefined {
  if (isNumber(a) && isNumber(b)) return a.kind === b.kind ? a : DECIMAL;
  if (isQuantity(a) && sameUnit(a, b)) return a;
  if (a.kind === 'instant' && (b.kind === 'duration' || b.kind === 'period')) return a;
  return a.kind === 'date' && b.kind === 'period' ? a : undefined;
}

function productType(a: Type, b: Type): Type | undefined {
  if (isNumber(a) && isNumber(b)) return a.kind === b.kind ? a : DECIMAL;
  if (isQuantity(a) && isNumber(b)) return a;
  return a.kind === 'speed' && b.kind === 'duration' ? { kind: 'distance' } : undefined;
}

function quotientType(a: Type, b: Type): Type | undefined {
  if (isNumber(a) && isNumber(b)) return DECIMAL;
  if (isQuantity(a) && sameUnit(a, b)) return RATIO;
  if (a.kind === 'distance' && b.kind === 'duration') return { kind: 'speed' };
  return a.kind === 'distance' && b.kind === 'speed' ? DURATION : undefined;
}
