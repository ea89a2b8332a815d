/**
 * JavaScript from a checked expression. It embeds nothing but JSON literals, slot numbers and currencies that
 * the checker has accepted, so no text of a policy can become code.
 */
import { T_SLOT } from '#domain/event.ts';
import { PAGE_MASK, PAGE_SHIFT } from '#domain/history.ts';
import type { Expr } from './ast.ts';
import { emitBinary, joinKleene } from './emit-binary.ts';
import { emitCall } from './emit-call.ts';
import { emitSet } from './emit-set.ts';
import { bound, type Emission } from './emission.ts';
import type { EmitUnit } from './emit-unit.ts';
import { cellKind } from './type-rules.ts';
import { someNode, typeOf } from './tree.ts';

export interface EmitOptions {
  readonly unit: EmitUnit;
  /** Salt of `sample`: the rule's id. */
  readonly salt?: string;
}

/**
 * The source of an expression; its value is a `Cell`, see type.ts. Free names of the source: `e` the current
 * ParsedEvent; `r` the row of the past event; `c` the row of the current event, used by `this` alone; `N`,
 * `C`, `D` the numbers, codes and texts of `Columns`; `f` cells of features; `p` cells of parameters; `l0..`
 * and `k0..` what the unit declares; `$` the `EmitRuntime`.
 */
export function emitExpression(expr: Expr, { unit, salt = '' }: EmitOptions): string {
  const locals = new Map<number, string>();
  const emission: Emission = { unit, salt, locals, emit: (part) => emitShared(part, emission) };
  return emission.emit(expr);
}

/** Calls that cost more than a comparison and that many rules make with the same arguments. */
const DEAR: ReadonlySet<string> = new Set(['local_time', 'local_date', 'weekday', 'hour', 'lower']);

/** Reads nothing but the event being decided: the same for every rule, and for every past event of a scan. */
const readsOnlyCurrent = (expr: Expr): boolean =>
  !someNode(expr, ({ kind }) => kind === 'feature' || kind === 'param' || kind === 'local' ||
    kind === 'name') &&
  !someNode(expr, (node) => (node.kind === 'field' || node.kind === 'convert') && node.row === 'past');

function emitShared(expr: Expr, emission: Emission): string {
  const dear = expr.kind === 'convert' || (expr.kind === 'call' && DEAR.has(expr.name));
  const source = emit(expr, emission);
  // What holds a `let` of its own has names that are set where it stands.
  const apart = dear && readsOnlyCurrent(expr) &&
    !/\bl\d+\b/.test(source.replaceAll(/"(?:[^"\\]|\\.)*"/g, ''));
  return apart ? emission.unit.shared(source) : source;
}

function emit(expr: Expr, emission: Emission): string {
  switch (expr.kind) {
    case 'literal':
      return emitLiteral(expr.value);
    case 'name':
      // The checker leaves two names: `benford`, which its call knows, and `this`.
      if (expr.name === 'this') return '(r===c?2:0)';
      throw new TypeError(`the name ${expr.name} was not resolved`);
    case 'field':
      return emitField(expr, emission);
    case 'feature':
      return `f[${expr.index}]`;
    case 'param':
      return `p[${expr.index}]`;
    case 'local':
      return localName(emission.locals.get(expr.index));
    case 'unary': {
      const operand = emission.emit(expr.operand);
      return expr.op === 'not' ? `(2-${operand})` : `(-${operand})`;
    }
    case 'binary':
      if (expr.op === 'and' || expr.op === 'or') return joinKleene(expr.op, operandsOf(expr, expr.op),
        emission);
      return emitBinary(expr, emission);
    case 'in':
      return emitSet(expr.value, expr.set, emission);
    case 'convert':
      return emitConvert(expr, emission);
    case 'call':
      return emitCall(expr, emission);
    case 'let': {
      const value = emission.emit(expr.value);
      const name = emission.unit.local();
      emission.locals.set(expr.index ?? -1, name);
      return `(${name}=${value},${emission.emit(expr.body)})`;
    }
    case 'require':
      return `(${emission.emit(expr.condition)}===2?${emission.emit(expr.body)}:${missingOf(expr)})`;
    case 'aggregate':
      throw new TypeError('an aggregate is a feature after checking');
  }
}

function localName(name: string | undefined): string {
  if (name === undefined) throw new TypeError('a local is used outside its `let`');
  return name;
}

function emitLiteral(value: number | string | boolean): string {
  if (typeof value === 'boolean') return value ? '2' : '0';
  return typeof value === 'number' && value < 0 ? `(${value})` : JSON.stringify(value);
}

/** All operands of a chain of one operator: `a and b and c` is one join of three. */
function operandsOf(expr: Expr, op: 'and' | 'or'): readonly Expr[] {
  return expr.kind === 'binary' && expr.op === op
    ? [...operandsOf(expr.left, op), ...operandsOf(expr.right, op)] : [expr];
}

function missingOf(expr: Expr): string {
  const kind = cellKind(typeOf(expr));
  return kind === 'bool' ? '1' : kind === 'number' ? 'NaN' : 'undefined';
}

const pageOf = (columns: string, slot: number): string =>
  `${columns}[${slot}][r>>>${PAGE_SHIFT}][r&${PAGE_MASK}]`;
const numberAt = (row: 'current' | 'past', slot: number): string =>
  row === 'current' ? `e.numbers[${slot}]` : pageOf('N', slot);
const textAt = (row: 'current' | 'past', slot: number): string =>
  row === 'current' ? `e.texts[${slot}]` : `D[${pageOf('C', slot)}]`;

function emitField({ field, row }: Extract<Expr, { kind: 'field' }>, emission: Emission): string {
  if (row === 'past' && (field.path === 'status' || field.path === 'label')) {
    return `$.${field.path}At(r,e.numbers[${T_SLOT}])`;
  }
  switch (cellKindOfField(field.type.kind)) {
    case 'text':
      return textAt(row, field.textSlot);
    case 'geo':
      return `$.geo(${numberAt(row, field.numberSlot)},${numberAt(row, field.secondNumberSlot)})`;
    case 'number':
      return numberAt(row, field.numberSlot);
    case 'bool': {
      const value = bound(numberAt(row, field.numberSlot), emission.unit);
      return `(${value.first}===1?2:${value.again}===0?0:1)`;
    }
  }
}

function cellKindOfField(kind: string): 'bool' | 'number' | 'text' | 'geo' {
  if (kind === 'bool' || kind === 'geo') return kind;
  return kind === 'string' || kind === 'enum' || kind === 'entity' ? 'text' : 'number';
}

/** A past amount is converted at the rate of its own day. Most amounts are in the target currency already. */
function emitConvert(expr: Extract<Expr, { kind: 'convert' }>, emission: Emission): string {
  const { value, currency, row = 'current' } = expr;
  const target = JSON.stringify(currency);
  const type = typeOf(value);
  const time = numberAt(row, T_SLOT);
  if (value.kind === 'field') {
    const minor = numberAt(row, value.field.numberSlot);
    const from = bound(textAt(row, value.field.textSlot), emission.unit);
    return `(${from.first}===${target}?${minor}:$.convert(${minor},${from.again},${target},${time}))`;
  }
  const minor = emission.emit(value);
  const from = type.kind === 'money' ? type.currency : null;
  return from === currency ? minor : `$.convert(${minor},${JSON.stringify(from)},${target},${time})`;
}
