import type { AggregateExpr, Expr, InSet, WindowExpr } from './ast.ts';
import { BUILTINS } from './builtins.ts';
import { POWER, powerOf } from './power.ts';
import { printDuration, printLiteral } from './print-literal.ts';

/**
 * Canonical text: the same for equal trees, and it parses back to the same tree. Works before and after
 * checking; after it, fields have their full path, so that `card` and `card.id` print alike.
 */
export function printExpression(expr: Expr): string {
  return printIn(expr, false);
}

export function printAggregate(aggregate: AggregateExpr): string {
  const clauses = [
    aggregate.value && print(aggregate.value, POWER.any, true),
    printKeys(aggregate),
    printWindow(aggregate.window),
    aggregate.of && `of ${print(aggregate.of, POWER.any, true)}`,
    aggregate.since && `since ${print(aggregate.since, POWER.any, true)}`,
    aggregate.where && `where ${print(aggregate.where, POWER.any, true)}`,
  ].filter((clause) => clause !== undefined);
  return `${aggregate.prior ? 'prior_' : ''}${aggregate.name}(${clauses.join(' ')})`;
}

/** A checked expression of an aggregate: what reads the current event says `this.`. */
export const printPastExpression = (expr: Expr): string => print(expr, POWER.any, true);

const printIn = (expr: Expr, past: boolean): string => print(expr, POWER.any, past);

/** In parentheses where the place binds tighter than the node. */
function print(expr: Expr, power: number, past: boolean): string {
  const text = printNode(expr, past);
  return powerOf(expr) < power ? `(${text})` : text;
}

function printNode(expr: Expr, past: boolean): string {
  switch (expr.kind) {
    case 'literal':
      return printLiteral(expr.value, expr.type);
    case 'name':
      return expr.current && expr.name !== 'this' ? `this.${expr.name}` : expr.name;
    case 'field':
      return past && expr.row === 'current' ? `this.${expr.field.path}` : expr.field.path;
    case 'feature': case 'param': case 'local':
      return expr.name;
    case 'unary':
      return expr.op === 'not'
        ? `not ${print(expr.operand, POWER.not, past)}`
        : `-${print(expr.operand, POWER.minus, past)}`;
    case 'binary': {
      const power = powerOf(expr);
      // Comparisons do not chain, so neither side may be one; the others group to the left.
      const left = print(expr.left, power === POWER.compare ? power + 1 : power, past);
      return `${left} ${expr.op} ${print(expr.right, power + 1, past)}`;
    }
    case 'in':
      return `${print(expr.value, POWER.compare + 1, past)} in ${printSet(expr.set, past)}`;
    case 'convert':
      return `${print(expr.value, POWER.as, past)} as ${expr.currency}`;
    case 'call':
      return printCall(expr.name, expr.args.map((arg) => print(arg, POWER.any, past)));
    case 'let':
      return `let ${expr.name} = ${print(expr.value, POWER.or, past)}; ${print(expr.body, POWER.any, past)}`;
    case 'require': {
      const condition = print(expr.condition, POWER.or, past);
      return `require ${condition} else unknown; ${print(expr.body, POWER.any, past)}`;
    }
    case 'aggregate':
      return printAggregate(expr.aggregate);
  }
}

/** Arguments that the checker added, such as the time an age is taken at, are not part of the text. */
function printCall(name: string, args: readonly string[]): string {
  const builtin = BUILTINS.get(name);
  const written = builtin === undefined || builtin.rest ? args : args.slice(0, builtin.params.length);
  if (name === 'sample') return `sample(${written.join(' by ')})`;
  if (name !== 'fact') return `${name}(${written.join(', ')})`;
  return `fact(${written.map((arg, i) => (i === 2 ? `max_age ${arg}` : arg)).join(', ')})`;
}

function printSet(set: InSet, past: boolean): string {
  switch (set.kind) {
    case 'list':
      return `list(${JSON.stringify(set.list)})`;
    case 'values':
      return `[${set.values.map((value) => print(value, POWER.any, past)).join(', ')}]`;
    case 'interval': {
      const comma = set.lowClosed && set.highClosed ? ' .. ' : ', ';
      const ends = [set.low, set.high].map((end) => print(end, POWER.any, past)).join(comma);
      return `${set.lowClosed ? '[' : '('}${ends}${set.highClosed ? ']' : ')'}`;
    }
  }
}

function printKeys({ keys }: AggregateExpr): string {
  const pairs =
    keys.map(({ past, current }) =>
    ({ past: print(past, POWER.any, true), current: print(current, POWER.any, true) }));
  if (pairs.every(({ past, current }) => current === `this.${past}`)) {
    const names = pairs.map(({ past }) => past);
    return `by ${names.length === 1 ? names.join() : `(${names.join(', ')})`}`;
  }
  return `match ${pairs.map(({ past, current }) => `${past} == ${current}`).join(', ')}`;
}

function printWindow(window: WindowExpr): string {
  switch (window.kind) {
    case 'sliding': {
      const to = window.toMs === 0 ? '' : `..${printDuration(window.toMs)}`;
      return `over ${printDuration(window.fromMs)}${to}`;
    }
    case 'calendar': return `over ${window.unit}(${JSON.stringify(window.zone)})`;
    case 'tumbling': return `tumbling ${printDuration(window.spanMs)}`;
    case 'last': return `last ${window.count}`;
    case 'ever': return 'over ever';
  }
}
