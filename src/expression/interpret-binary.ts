import { addMonths } from '#domain/instant.ts';
import { decimalFraction, divideHalfEven } from '#domain/rounding.ts';
import type { Expr } from './ast.ts';
import { missingOf, type Interpretation } from './world.ts';
import { printExpression } from './print.ts';
import { typeOf } from './tree.ts';
import { bool, missing, number, type Known, type Value } from './value.ts';

type Binary = Extract<Expr, { kind: 'binary' }>;

export function interpretBinary(expr: Binary, context: Interpretation): Value {
  const left = context.value(expr.left);
  const right = context.value(expr.right);
  const { op } = expr;
  if (op === 'and' || op === 'or') {
    // What decides an `and` is a false side, an `or` a true one, even beside an unknown one.
    for (const side of [left, right]) if (side.kind === 'bool' && side.value === (op === 'or')) return side;
    return left.kind === 'missing' ? missingOf(left, right, context) : right;
  }
  if (op === '??') return left.kind === 'missing' ? right : left;
  if (left.kind === 'missing') return missingOf(left, right, context);
  if (right.kind === 'missing') return right;
  if (op === '==') return bool(left.value === right.value);
  if (op === '!=') return bool(left.value !== right.value);
  if (op === '~=') return bool(fold(left) === fold(right));
  return arithmetic(expr, op, numberIn(left), numberIn(right));
}

function fold(value: Known): string {
  if (value.kind !== 'text') throw new TypeError(`${value.kind} where the checker promised a text`);
  return value.value.toUpperCase().toLowerCase().normalize('NFC');
}

function numberIn(value: Known): number {
  if (value.kind !== 'number') throw new TypeError(`${value.kind} where the checker promised a number`);
  return value.value;
}

function arithmetic(
  expr: Binary, op: '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/', a: number, b: number,
): Value {
  switch (op) {
    case '<': return bool(a < b);
    case '<=': return bool(a <= b);
    case '>': return bool(a > b);
    case '>=': return bool(a >= b);
    case '+': case '-': return sum(expr, a, op === '+' ? b : -b);
    case '*': return product(expr, a, b);
    case '/': return quotient(expr, a, b);
  }
}

const because = (expr: Expr): string => printExpression(expr);
const isWhole = (kind: string): boolean => ['int', 'money', 'duration', 'instant', 'date'].includes(kind);

/** A whole number that a double holds exactly, or missing. */
function whole(exact: bigint, expr: Expr): Value {
  const fits = exact <= BigInt(Number.MAX_SAFE_INTEGER) && exact >= -BigInt(Number.MAX_SAFE_INTEGER);
  return fits ? number(Number(exact)) : missing('overflow', because(expr));
}

const plain = (result: number, expr: Expr): Value =>
  (Number.isNaN(result) ? missing('overflow', because(expr)) : number(result));

function sum(expr: Binary, a: number, b: number): Value {
  const left = typeOf(expr.left).kind;
  if (typeOf(expr.right).kind === 'period') {
    if (left === 'date') return number(addMonths(a, b));
    const date = new Date(a);
    const midnight = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
    return number(addMonths(midnight / 86_400_000, b) * 86_400_000 + (a - midnight));
  }
  if (left === 'date') return number((a + b) * 86_400_000);
  return isWhole(typeOf(expr).kind) ? whole(BigInt(a) + BigInt(b), expr) : plain(a + b, expr);
}

function product(expr: Binary, a: number, b: number): Value {
  const { kind } = typeOf(expr);
  if (kind === 'int') return whole(BigInt(a) * BigInt(b), expr);
  if (kind === 'money' || kind === 'duration') {
    const [amount, factor] = typeOf(expr.left).kind === kind ? [a, b] : [b, a];
    const fraction = decimalFraction(String(factor));
    if (fraction === undefined) return missing('overflow', because(expr));
    return whole(divideHalfEven(BigInt(amount) * fraction.numerator, fraction.denominator), expr);
  }
  if (typeOf(expr.left).kind === 'duration') return plain((a / 1_000) * b, expr);
  if (typeOf(expr.right).kind === 'duration') return plain(a * (b / 1_000), expr);
  return plain(a * b, expr);
}

function quotient(expr: Binary, a: number, b: number): Value {
  if (b === 0) return missing('division_by_zero', because(expr));
  const [left, right] = [typeOf(expr.left).kind, typeOf(expr.right).kind];
  if (left === 'distance' && right === 'duration') return plain(a / (b / 1_000), expr);
  if (left === 'distance' && right === 'speed') {
    const ms = (a / b) * 1_000;
    const below = Math.floor(ms);
    const up = ms - below > 0.5 || (ms - below === 0.5 && below % 2 !== 0);
    return Number.isFinite(ms) ? whole(BigInt(up ? below + 1 : below), expr)
      : missing('overflow', because(expr));
  }
  return plain(a / b, expr);
}
