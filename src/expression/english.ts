/**
 * Reading view: the same tree in plain English, without markup. What the code does, in words, from the same
 * source.
 */
import type { AggregateExpr, AggregateName, Expr, InSet, WindowExpr } from './ast.ts';
import { englishLiteral, englishDuration } from './english-literal.ts';

type Read = (expr: Expr) => string;

/**
 * A condition or value in a sentence: `the amount in EUR is more than 500.00 EUR and the debtor country is
 * "NO"`.
 */
export const englishExpression = (expr: Expr): string => read(expr, nameOfField);

/** A feature in words: `the number of earlier events with the same card in the last 1 hour where ...`. */
export function englishAggregate(aggregate: AggregateExpr): string {
  const readPast: Read = (expr) => read(expr, nameOfPast);
  const { name, value, keys, window, of, where, since } = aggregate;
  const events = aggregate.prior ? 'earlier events' : 'events up to this one';
  const stream = of === undefined ? events : `${events} for which ${readPast(of)}`;
  const same = keys.map(({ past, current }) => {
    const [then, now] = [bare(readPast(past)), bare(readPast(current))];
    return now === `this ${then}` ? `the same ${then}` : `${then} equal to ${now}`;
  });
  const conditions = [
    where && `where ${readPast(where)}`,
    since && `since the last one for which ${readPast(since)}`,
  ].filter((condition) => condition !== undefined);
  const parts = [measure(name, value && readPast(value)), stream, `with ${series(same, 'and')}`,
    span(window), ...conditions];
  return parts.join(' ');
}

const bare = (phrase: string): string => phrase.replace(/^the /, '');

function measure(name: AggregateName, value: string | undefined): string {
  switch (name) {
    case 'count': return 'the number of';
    case 'exists': return 'there are';
    case 'time_since_last': return 'the time since the last of';
    case 'first_seen': return 'the time of the first of';
    case 'sum': return `the sum of ${value} over`;
    case 'avg': return `the average of ${value} over`;
    case 'min': return `the least ${value} of`;
    case 'max': return `the greatest ${value} of`;
    case 'stddev': return `the standard deviation of ${value} over`;
    case 'distinct': return `the number of different values of ${value} among`;
    case 'first': case 'last': return `the ${name} ${value} of`;
    case 'histogram': return `how often each ${value} occurs among`;
  }
}

function span(window: WindowExpr): string {
  switch (window.kind) {
    case 'sliding':
      return window.toMs === 0 ? `in the last ${englishDuration(window.fromMs)}`
        : `from ${englishDuration(window.fromMs)} to ${englishDuration(window.toMs)} ago`;
    case 'calendar': return `in this calendar ${window.unit} (${window.zone})`;
    case 'tumbling': return `in this span of ${englishDuration(window.spanMs)}`;
    case 'last': return `among the last ${window.count}`;
    case 'ever': return 'as far back as events are kept';
  }
}

/** `the debtor country`; ids lose their suffix: `the card`. */
function nameOfField(path: string): string {
  if (path === 't') return 'the time of the event';
  return `the ${path.replace(/^custom\./, '').replace(/(\.|_)id$/, '').replaceAll(/[._]/g, ' ')}`;
}

const nameOfPast = (path: string, row: 'current' | 'past'): string =>
  row === 'past' ? nameOfField(path) : nameOfField(path).replace(/^the /, 'this ');

type NameField = (path: string, row: 'current' | 'past') => string;

function read(expr: Expr, nameField: NameField): string {
  const words: Read = (part) => read(part, nameField);
  switch (expr.kind) {
    case 'literal': return englishLiteral(expr.value, expr.type);
    case 'name': return expr.name === 'this' ? 'it is this very event'
      : nameField(expr.name, expr.current ? 'current' : 'past');
    case 'field': return isCondition(expr) ? `${nameField(expr.field.path, expr.row)} holds`
      : nameField(expr.field.path, expr.row);
    case 'feature': case 'param': case 'local': return isCondition(expr) ? `${expr.name} holds` : expr.name;
    case 'unary': return expr.op === '-' ? `minus ${operand(expr.operand, words)}`
      : negation(expr.operand, words);
    case 'binary': return binary(expr, words);
    case 'in': return `${words(expr.value)} is ${membership(expr.set, words)}`;
    case 'convert': return `${words(expr.value)} in ${expr.currency}`;
    case 'call': return callWords(expr.name, expr.args, words);
    case 'let': return `${words(expr.body)}, where ${expr.name} is ${words(expr.value)}`;
    case 'require': return `${words(expr.body)} (it cannot be said unless ${words(expr.condition)})`;
    case 'aggregate': return englishAggregate(expr.aggregate);
  }
}

const isCondition = (expr: Expr): boolean => expr.type?.kind === 'bool';

/** Groups what has parts of its own, so that a sentence has one reading. */
function operand(expr: Expr, words: Read): string {
  const text = words(expr);
  return expr.kind === 'binary' || expr.kind === 'let' || expr.kind === 'require' ? `(${text})` : text;
}

const COMPARISON = {
  '==': 'is', '!=': 'is not', '<': 'is less than', '<=': 'is at most', '>': 'is more than',
    '>=': 'is at least',
  '~=': 'is, upper or lower case,',
} as const;
const ARITHMETIC = { '+': 'plus', '-': 'minus', '*': 'times', '/': 'divided by' } as const;

type Binary = Extract<Expr, { kind: 'binary' }>;

function binary(expr: Binary, words: Read): string {
  const { op, left, right } = expr;
  switch (op) {
    case 'and': return chain(expr, 'and').map((part) => (isOr(part) ? `(${words(part)})` : words(part)))
      .join(' and ');
    case 'or': {
      const parts = chain(expr, 'or').map((part) => operandOfOr(part, words));
      return `either ${parts.join(' or ')}`;
    }
    case '??': return `${operand(left, words)} (or ${operand(right, words)} where that is missing)`;
    case '+': case '-': case '*': case '/':
      return `${operand(left, words)} ${ARITHMETIC[op]} ${operand(right, words)}`;
    case '==': case '!=': case '<': case '<=': case '>': case '>=': case '~=':
      return ago(expr, COMPARISON[op], words) ?? `${words(left)} ${COMPARISON[op]} ${words(right)}`;
  }
}

const isOr = (expr: Expr): boolean => expr.kind === 'binary' && expr.op === 'or';

const operandOfOr = (expr: Expr, words: Read): string =>
  (expr.kind === 'binary' && expr.op === 'and' ? `(${words(expr)})` : words(expr));

function chain(expr: Expr, op: 'and' | 'or'): readonly Expr[] {
  return expr.kind === 'binary' && expr.op === op ? [...chain(expr.left, op), ...chain(expr.right, op)]
    : [expr];
}

/** `age(payee.added_at) < 24h`: "the payee added at was less than 24 hours ago". */
function ago({ left, right }: Binary, verb: string, words: Read): string | undefined {
  const [instant] = left.kind === 'call' && left.name === 'age' ? left.args : [];
  return instant && `${words(instant)} ${verb.replace('is', 'was')} ${words(right)} ago`;
}

function negation(expr: Expr, words: Read): string {
  if (expr.kind === 'in') return `${words(expr.value)} is not ${membership(expr.set, words)}`;
  const [first] = expr.kind === 'call' ? expr.args : [];
  if (expr.kind === 'call' && first !== undefined) {
    if (expr.name === 'missing') return `${words(first)} is known`;
    if (expr.name === 'known') return `${words(first)} is missing`;
  }
  return `it is not so that ${operand(expr, words)}`;
}

function membership(set: InSet, words: Read): string {
  switch (set.kind) {
    case 'list': return `on the list ${set.list}`;
    case 'values': return set.values.length === 1 ? series(set.values.map(words), 'or')
      : `one of ${series(set.values.map(words), 'or')}`;
    case 'interval': {
      const from = set.lowClosed ? `from ${words(set.low)}` : `after ${words(set.low)}`;
      return `${from} ${set.highClosed ? 'to' : 'to before'} ${words(set.high)}`;
    }
  }
}

function series(items: readonly string[], word: 'and' | 'or'): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} ${word} ${last}`;
}

function callWords(name: string, args: readonly Expr[], words: Read): string {
  const [a = '', b = '', c = ''] = args.map(words);
  switch (name) {
    case 'age': return `the time since ${a}`;
    case 'local_time': return `the time of day of ${a} in ${b}`;
    case 'local_date': return `the date of ${a} in ${b}`;
    case 'weekday': return `the day of the week of ${a} in ${b}`;
    case 'hour': return `the hour of ${a} in ${b}`;
    case 'abs': return `the size of ${a}`;
    case 'min': return `the least of ${series(args.map(words), 'and')}`;
    case 'max': return `the greatest of ${series(args.map(words), 'and')}`;
    case 'distance': return `the distance from ${a} to ${b}`;
    case 'missing': return `${a} is missing`;
    case 'known': return `${a} is known`;
    case 'blank': return `${a} is blank`;
    case 'lower': return `${a} in lower case`;
    case 'length': return `the length of ${a}`;
    case 'starts_with': return `${a} starts with ${b}`;
    case 'ends_with': return `${a} ends with ${b}`;
    case 'contains': return `${a} contains ${b}`;
    case 'matches': return `${a} matches ${b}`;
    case 'first_digit': return `the first digit of ${a}`;
    case 'is_round': return `${a} is a multiple of ${b}`;
    case 'chi_square': return `the chi-square of ${a} against Benford's law`;
    case 'sample': return `it is in the sample of ${a} by ${b}`;
    case 'has_label': return `${a} has the label ${b}`;
    case 'fact': return `the fact ${a} of ${b}, at most ${c} old`;
    default: return `${name} of ${series(args.map(words), 'and')}`;
  }
}
