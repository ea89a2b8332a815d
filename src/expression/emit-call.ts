import { T_SLOT } from '#domain/event.ts';
import type { Expr } from './ast.ts';
import { bound, type Emission } from './emission.ts';
import { cellKind } from './type-rules.ts';
import { typeOf } from './tree.ts';

type Call = Extract<Expr, { kind: 'call' }>;

/** Functions of the language that are one call of the runtime with the same arguments. */
const DIRECT: ReadonlyMap<string, string> = new Map([
  ['local_time', '$.localClock'], ['local_date', '$.localDate'], ['weekday', '$.weekday'], ['hour', '$.hour'],
  ['abs', 'Math.abs'], ['min', 'Math.min'], ['max', 'Math.max'], ['distance', '$.distance'],
    ['blank', '$.blank'],
  ['lower', '$.lower'], ['length', '$.length'], ['starts_with', '$.startsWith'], ['ends_with', '$.endsWith'],
  ['contains', '$.contains'], ['matches', '$.matches'], ['first_digit', '$.firstDigit'],
]);

export function emitCall(expr: Call, emission: Emission): string {
  const direct = DIRECT.get(expr.name);
  if (direct !== undefined) return `${direct}(${expr.args.map((arg) => emission.emit(arg)).join(',')})`;
  const [first, second, third] = expr.args;
  if (first === undefined) throw new TypeError(`${expr.name} has no argument`);
  switch (expr.name) {
    case 'age':
      return `$.exact(${emission.emit(part(second))}-${emission.emit(first)})`;
    case 'missing':
      return emitMissing(first, 2, 0, emission);
    case 'known':
      return emitMissing(first, 0, 2, emission);
    case 'is_round':
      return `$.isRound(${emission.emit(first)},${currencyOf(first)},${emission.emit(part(second))})`;
    case 'chi_square':
      return `$.chiSquare(${emission.emit(first)})`;
    case 'sample': {
      const text = emission.emit(part(second));
      return `$.sample(${JSON.stringify(emission.salt)},${text},${emission.emit(first)})`;
    }
    case 'has_label':
      return `$.hasLabel(${entityOf(first, emission)},${emission.emit(part(second))},e.numbers[${T_SLOT}])`;
    case 'fact': {
      const entity = entityOf(part(second), emission);
      return `$.fact(${entity},${emission.emit(first)},${emission.emit(part(third))},e.numbers[${T_SLOT}])`;
    }
    default:
      throw new TypeError(`no code for ${expr.name}`);
  }
}

function part(arg: Expr | undefined): Expr {
  if (arg === undefined) throw new TypeError('the checker counts arguments');
  return arg;
}

function emitMissing(value: Expr, yes: number, no: number, emission: Emission): string {
  const source = emission.emit(value);
  switch (cellKind(typeOf(value))) {
    case 'bool': return `(${source}===1?${yes}:${no})`;
    case 'number': {
      const cell = bound(source, emission.unit);
      return `(${cell.first}===${cell.again}?${no}:${yes})`;
    }
    case 'text': case 'object': return `(${source}===undefined?${yes}:${no})`;
  }
}

/** Path and value of an entity field, the first two arguments of a mark. */
function entityOf(arg: Expr, emission: Emission): string {
  if (arg.kind !== 'field') throw new TypeError('the checker takes only fields here');
  return `${JSON.stringify(arg.field.path)},${emission.emit(arg)}`;
}

/** Only a field has an amount whose currency is not fixed by its type. */
function currencyOf(amount: Expr): string {
  const type = typeOf(amount);
  if (type.kind === 'money' && type.currency !== null) return JSON.stringify(type.currency);
  if (amount.kind !== 'field') throw new TypeError('the checker takes only fields here');
  const { textSlot } = amount.field;
  return amount.row === 'current' ? `e.texts[${textSlot}]` : `D[C[${textSlot}][r>>>12][r&4095]]`;
}
