import type { Expr } from './ast.ts';
import { bound, type Emission } from './emission.ts';
import { cellKind } from './type-rules.ts';
import { typeOf } from './tree.ts';
import type { Type } from './type.ts';

type Binary = Extract<Expr, { kind: 'binary' }>;

/**
 * Kleene `and` is the least operand, `or` the greatest. What decides ends the search; else their sum tells
 * the rest.
 */
export function joinKleene(op: 'and' | 'or', operands: readonly Expr[], emission: Emission): string {
  return joinSources(op, operands.map((operand) => emission.emit(operand)), emission);
}

export function joinSources(op: 'and' | 'or', sources: readonly string[], emission: Emission): string {
  const parts = sources.map((source) => bound(source, emission.unit));
  const [only] = sources;
  if (parts.length === 1 && only !== undefined) return only;
  const decides = op === 'and' ? 0 : 2;
  const search = parts.map(({ first }) => `${first}===${decides}`).join('||');
  const sum = parts.map(({ again }) => again).join('+');
  // No operand decides: all of an `and` are 1 or 2, all of an `or` 0 or 1.
  return op === 'and' ? `(${search}?0:${sum}===${2 * parts.length}?2:1)` : `(${search}?2:${sum}===0?0:1)`;
}

const OPPOSITE = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const;

export function emitBinary(expr: Binary, emission: Emission): string {
  const { op } = expr;
  switch (op) {
    case 'and': case 'or':
      return joinKleene(op, [expr.left, expr.right], emission);
    case '==': case '!=':
      return emitEquality(typeOf(expr.left), op === '==', emission.emit(expr.left),
        emission.emit(expr.right), emission);
    case '<': case '<=': case '>': case '>=': {
      const a = bound(emission.emit(expr.left), emission.unit);
      const b = bound(emission.emit(expr.right), emission.unit);
      // A missing side is NaN: neither the comparison nor its opposite holds.
      return `(${a.first}${op}${b.first}?2:${a.again}${OPPOSITE[op]}${b.again}?0:1)`;
    }
    case '~=':
      return `$.sameFolded(${emission.emit(expr.left)},${emission.emit(expr.right)})`;
    case '??':
      return emitDefault(expr, emission);
    case '+': case '-':
      return emitSum(expr, op, emission);
    case '*':
      return emitProduct(expr, emission);
    case '/':
      return emitQuotient(expr, emission);
  }
}

/** Kleene equality of two sources of one type. */
export function emitEquality(
  type: Type, equal: boolean, left: string, right: string, emission: Emission,
): string {
  const a = bound(left, emission.unit);
  const b = bound(right, emission.unit);
  const [yes, no] = equal ? [2, 0] : [0, 2];
  switch (cellKind(type)) {
    case 'number':
      return `(${a.first}===${b.first}?${yes}:${a.again}<${b.again}||${a.again}>${b.again}?${no}:1)`;
    case 'bool':
      return `(${a.first}===1|${b.first}===1?1:${a.again}===${b.again}?${yes}:${no})`;
    case 'text': case 'object':
      if (right.startsWith('"')) return `(${a.first}===${right}?${yes}:${a.again}===undefined?1:${no})`;
      return `(${a.first}===undefined|${b.first}===undefined?1:${a.again}===${b.again}?${yes}:${no})`;
  }
}

function emitDefault(expr: Binary, emission: Emission): string {
  const [left, right] = [emission.emit(expr.left), emission.emit(expr.right)];
  const kind = cellKind(typeOf(expr));
  if (kind === 'text' || kind === 'object') return `(${left}??${right})`;
  const value = bound(left, emission.unit);
  return kind === 'bool'
    ? `(${value.first}===1?${right}:${value.again})`
    : `(${value.first}===${value.again}?${value.again}:${right})`;
}

/** Whole numbers that must stay exact. */
const isWhole = ({ kind }: Type): boolean =>
  kind === 'int' || kind === 'money' || kind === 'duration' || kind === 'instant' || kind === 'date';

function emitSum(expr: Binary, op: '+' | '-', emission: Emission): string {
  const [left, right] = [emission.emit(expr.left), emission.emit(expr.right)];
  const [a, b] = [typeOf(expr.left), typeOf(expr.right)];
  if (b.kind === 'period') {
    const months = op === '+' ? right : `(-${right})`;
    return `$.${a.kind === 'date' ? 'addMonthsToDate' : 'addMonths'}(${left},${months})`;
  }
  if (a.kind === 'date') return `((${left}-${right})*86400000)`;
  const sum = `${left}${op}${right}`;
  return isWhole(typeOf(expr)) ? `$.exact(${sum})` : `(${sum})`;
}

function emitProduct(expr: Binary, emission: Emission): string {
  const [left, right] = [emission.emit(expr.left), emission.emit(expr.right)];
  const [a, b] = [typeOf(expr.left), typeOf(expr.right)];
  const type = typeOf(expr);
  if (type.kind === 'money' || type.kind === 'duration') {
    // A whole factor rounds nothing.
    if (a.kind === 'int' || b.kind === 'int') return `$.exact(${left}*${right})`;
    return a.kind === type.kind ? `$.scale(${left},${right})` : `$.scale(${right},${left})`;
  }
  if (type.kind === 'int') return `$.exact(${left}*${right})`;
  if (a.kind === 'duration') return `(${left}/1000*${right})`;
  if (b.kind === 'duration') return `(${left}*(${right}/1000))`;
  return `(${left}*${right})`;
}

/** Nothing is divided by zero: `||NaN` makes the quotient missing. */
function emitQuotient(expr: Binary, emission: Emission): string {
  const [left, right] = [emission.emit(expr.left), emission.emit(expr.right)];
  const [a, b] = [typeOf(expr.left), typeOf(expr.right)];
  if (a.kind === 'distance' && b.kind === 'duration') return `(${left}/(${right}/1000||NaN))`;
  if (a.kind === 'distance' && b.kind === 'speed') return `$.wholeHalfEven(${left}/(${right}||NaN)*1000)`;
  return `(${left}/(${right}||NaN))`;
}
