/**
 * Slow and obviously right: the judge of `emitExpression`, and what explains an unknown. It shares no code
 * with the emitter: exact numbers are BigInt here, conversions follow the definition, sets are searched one
 * by one.
 */
import type { FieldDefinition } from '#domain/field.ts';
import type { MissingReason } from '#domain/missing.ts';
import { convertExact } from '#domain/rates.ts';
import type { Expr } from './ast.ts';
import { interpretBinary } from './interpret-binary.ts';
import { interpretCall } from './interpret-call.ts';
import { interpretSet } from './interpret-set.ts';
import { typeOf } from './tree.ts';
import { bool, missing, number, text, type Value } from './value.ts';
import { eventOf, timeOf, type Interpretation, type World } from './world.ts';

export type { Value, World };

export const interpret = (expr: Expr, world: World): Value => evaluate(expr, world, new Map());

/** Why the expression is missing or unknown, or undefined where it is known. */
export function missingCause(expr: Expr, world: World): { name: string; reason: MissingReason } | undefined {
  const value = interpret(expr, world);
  return value.kind === 'missing' ? { name: value.because, reason: value.reason } : undefined;
}

function evaluate(expr: Expr, world: World, locals: ReadonlyMap<number, Value>): Value {
  const context: Interpretation = { world, locals, value: (part) => evaluate(part, world, locals) };
  switch (expr.kind) {
    case 'literal':
      if (typeof expr.value === 'boolean') return bool(expr.value);
      return typeof expr.value === 'number' ? number(expr.value) : text(expr.value);
    case 'name':
      if (expr.name === 'this') return bool(world.past?.isCurrent === true);
      throw new TypeError(`the name ${expr.name} was not resolved`);
    case 'field':
      return fieldValue(expr.field, expr.row, world);
    case 'feature':
      return world.feature(expr.index, expr.name);
    case 'param':
      return world.param(expr.index, expr.name);
    case 'local': {
      const value = locals.get(expr.index);
      if (value === undefined) throw new TypeError(`${expr.name} is used outside its \`let\``);
      return value;
    }
    case 'unary': {
      const value = context.value(expr.operand);
      if (value.kind === 'bool') return bool(!value.value);
      return value.kind === 'number' ? number(-value.value) : value;
    }
    case 'binary':
      return interpretBinary(expr, context);
    case 'in':
      return interpretSet(expr, context);
    case 'convert':
      return convertValue(expr, context);
    case 'call':
      return interpretCall(expr, context);
    case 'let':
      return evaluate(expr.body, world, new Map(locals).set(expr.index ?? -1, context.value(expr.value)));
    case 'require': {
      const condition = context.value(expr.condition);
      if (condition.kind !== 'bool') return condition;
      return condition.value ? context.value(expr.body) : missing('required', causeOf(expr.condition));
    }
    case 'aggregate':
      throw new TypeError('an aggregate is a feature after checking');
  }
}

/** The first feature, parameter or field that a condition reads: what a failed `require` was about. */
function causeOf(expr: Expr): string {
  switch (expr.kind) {
    case 'feature': case 'param': case 'local': return expr.name;
    case 'field': return expr.field.path;
    case 'binary': return causeOf(expr.left);
    case 'unary': return causeOf(expr.operand);
    case 'convert': case 'in': return causeOf(expr.value);
    case 'call': return expr.args[0] === undefined ? expr.name : causeOf(expr.args[0]);
    case 'literal': case 'name': case 'let': case 'require': case 'aggregate': return 'require';
  }
}

function fieldValue(field: FieldDefinition, row: 'current' | 'past', world: World): Value {
  const event = eventOf(row, world);
  const absent = missing('absent', field.path);
  const texts = (value: string | undefined): Value => (value === undefined ? absent : text(value));
  const numbers = event.numbers[field.numberSlot] ?? Number.NaN;
  if (row === 'past' && field.path === 'status') return texts(world.past?.statusAt(timeOf('current', world)));
  if (row === 'past' && field.path === 'label') return texts(world.past?.labelAt(timeOf('current', world)));
  switch (field.type.kind) {
    case 'string': case 'enum': case 'entity':
      return texts(event.texts[field.textSlot]);
    case 'bool':
      return numbers === 0 || numbers === 1 ? bool(numbers === 1) : absent;
    case 'geo': {
      const lon = event.numbers[field.secondNumberSlot] ?? Number.NaN;
      return Number.isNaN(numbers) || Number.isNaN(lon) ? absent
        : { kind: 'geo', value: { lat: numbers, lon } };
    }
    case 'int': case 'decimal': case 'money': case 'duration': case 'instant': case 'date':
      return Number.isNaN(numbers) ? absent : number(numbers);
  }
}

function convertValue(expr: Extract<Expr, { kind: 'convert' }>, { world, value }: Interpretation): Value {
  const minor = value(expr.value);
  if (minor.kind !== 'number') return minor;
  const type = typeOf(expr.value);
  const { row = 'current' } = expr;
  const sent = expr.value.kind === 'field' ? eventOf(row, world).texts[expr.value.field.textSlot] : undefined;
  const from = type.kind === 'money' && type.currency !== null ? type.currency : sent;
  const because = expr.value.kind === 'field' ? expr.value.field.path : `as ${expr.currency}`;
  if (from === undefined) return missing('absent', because);
  const converted = convertExact(world.rates, minor.value, from, expr.currency, timeOf(row, world));
  return 'minor' in converted ? number(converted.minor) : missing(converted.missing, because);
}
