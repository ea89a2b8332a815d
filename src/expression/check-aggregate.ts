import { isZone } from '#domain/zone.ts';
import { LIMITS } from '#domain/limits.ts';
import type { AggregateExpr, AggregateName, Expr } from './ast.ts';
import { checkCondition, report, type CheckContext, type Typed, type Checked } from './check-context.ts';
import { printDuration } from './print-literal.ts';
import { printExpression } from './print.ts';
import { BOOL, comparable, DECIMAL, DURATION, INSTANT, INT, isOrdered, typeName } from './type-rules.ts';
import type { Type } from './type.ts';

/** Checks an aggregate and replaces it by the feature that the scope makes of it. */
export function checkAggregate(expr: Extract<Expr, { kind: 'aggregate' }>, context: CheckContext): Checked {
  const { scope } = context;
  const { aggregate, span } = expr;
  if (scope.row === 'past') {
    return report(context, 'E401', span, `\`${aggregate.name}\` stands inside another aggregate`,
      'name the inner one as a feature and compare outside');
  }
  if (scope.onAggregate === undefined) {
    return report(context, 'E401', span, `\`${aggregate.name}\` looks at past events; none can be seen here`);
  }
  // The aggregate is computed before the rule runs, so no `let` of the rule is seen in it.
  const inner: CheckContext = { ...context, scope: { ...scope, row: 'past' }, locals: new Map() };
  const errorsBefore = context.errors.length;
  const keys = checkKeys(aggregate, inner);
  const value = checkValue(aggregate, inner);
  const type = value === 'wrong' ? undefined : resultType(aggregate.name, value?.type, aggregate, inner);
  const conditions = checkConditions(aggregate, inner);
  checkWindow(aggregate, inner);
  if (type === undefined || value === 'wrong' || context.errors.length > errorsBefore) return undefined;
  const checked: AggregateExpr = {
    ...aggregate, keys, ...conditions, ...(value && { value }),
    // It never means this event: the time since it is always 0.
    prior: aggregate.prior || aggregate.name === 'time_since_last',
  };
  const feature = scope.onAggregate(checked, type);
  return { kind: 'feature', name: feature.name, index: feature.index, type, span };
}

function checkKeys(aggregate: AggregateExpr, context: CheckContext): AggregateExpr['keys'] {
  const keys = aggregate.keys.flatMap(({ past, current }) => {
    const pastField = context.check(past, context);
    const currentField = pastField && context.check(current, context);
    if (pastField === undefined || currentField === undefined) return [];
    return isKey(pastField, context) && isKey(currentField, context) &&
      alike(pastField, currentField, context)
      ? [{ past: pastField, current: currentField }] : [];
  });
  const isIndexed = ({ past }: { past: Expr }): boolean => past.kind === 'field' && past.field.indexed;
  if (keys.length === aggregate.keys.length && !keys.some(isIndexed)) {
    const indexed = context.scope.schema.fields.filter((field) => field.indexed)
      .map((field) => `\`${field.path}\``);
    report(context, 'E403', aggregate.span, 'no key of the aggregate has a log of its own',
      `one key must be of ${indexed.join(', ')}`);
  }
  return [...keys.filter(isIndexed), ...keys.filter((key) => !isIndexed(key))];
}

function isKey(key: Typed, context: CheckContext): boolean {
  const { kind } = key.type;
  if (key.kind === 'field' && kind !== 'geo' && kind !== 'money') return true;
  report(context, 'E403', key.span, `\`${printExpression(key)}\` cannot be a key`,
    'a key is a field that can be equal');
  return false;
}

function alike(past: Typed, current: Typed, context: CheckContext): boolean {
  if (comparable(past.type, current.type)) return true;
  report(context, 'E301', past.span, `\`${printExpression(past)}\` is ${typeName(past.type)} and ` +
    `\`this.${printExpression(current)}\` is ${typeName(current.type)}; they are never equal`);
  return false;
}

/** Aggregates of events, not of a value of theirs, and what they give. */
export const VALUELESS: ReadonlyMap<AggregateName, Type> = new Map([
  ['count', INT], ['exists', BOOL], ['time_since_last', DURATION], ['first_seen', INSTANT],
]);

function checkValue(aggregate: AggregateExpr, context: CheckContext): Typed | undefined | 'wrong' {
  const { name, value, span } = aggregate;
  if (VALUELESS.has(name)) {
    if (value === undefined) return undefined;
    report(context, 'E406', value.span, `\`${name}\` takes no value`,
      `\`where known(${printExpression(value)})\` counts events that have it`);
    return 'wrong';
  }
  if (value === undefined) {
    report(context, 'E406', span, `\`${name}\` needs a value`, `${name}(amount as EUR by card over 24h)`);
    return 'wrong';
  }
  const checked = context.check(value, context);
  if (checked?.type.kind === 'money' && checked.type.currency === null) {
    report(context, 'E302', value.span,
      `\`${printExpression(value)}\` is money in the currency of each transaction`,
      `Write \`${printExpression(value)} as EUR\` (converted at the day's rate).`);
    return 'wrong';
  }
  return checked ?? 'wrong';
}

const EXACT_SUMS: ReadonlySet<Type['kind']> = new Set(['int', 'money', 'duration']);

/**
 * What an aggregate gives. sum, avg and stddev take what adds exactly (int, money, duration), so that no
 * order of events matters; avg and stddev of money are half-even to the minor unit, of durations to the ms.
 */
function resultType(
  name: AggregateName, value: Type | undefined, aggregate: AggregateExpr, context: CheckContext,
): Type | undefined {
  if (value === undefined) return VALUELESS.get(name);
  const wrong = (takes: string): undefined =>
    report(context, 'E406', (aggregate.value ?? aggregate).span,
      `\`${name}\` takes ${takes}, not ${typeName(value)}`);
  switch (name) {
    case 'sum':
      return EXACT_SUMS.has(value.kind) ? value
        : wrong('whole numbers, money or durations, which add exactly');
    case 'avg': case 'stddev':
      if (!EXACT_SUMS.has(value.kind)) return wrong('whole numbers, money or durations, which add exactly');
      return value.kind === 'int' ? DECIMAL : value;
    case 'min': case 'max':
      return isOrdered(value) ? value : wrong('what has an order');
    case 'distinct':
      return value.kind === 'geo' || value.kind === 'histogram' ? wrong('what can be equal') : INT;
    case 'histogram':
      return value.kind === 'int' ? { kind: 'histogram' }
        : wrong('a whole number, such as `first_digit(amount)`');
    case 'first': case 'last':
      return value.kind === 'histogram' || value.kind === 'period' ? wrong('a value of an event') : value;
    case 'count': case 'exists': case 'time_since_last': case 'first_seen':
      return VALUELESS.get(name);
  }
}

function checkConditions(
  aggregate: AggregateExpr, context: CheckContext,
): Pick<AggregateExpr, 'of' | 'where' | 'since'> {
  const made: { of?: Expr; where?: Expr; since?: Expr } = {};
  for (const clause of ['of', 'where', 'since'] as const) {
    const condition = aggregate[clause];
    const checked = condition && checkCondition(condition, context, `what follows \`${clause}\``);
    if (checked !== undefined) made[clause] = checked;
  }
  return made;
}

function checkWindow({ window, span }: AggregateExpr, context: CheckContext): void {
  const longest = printDuration(LIMITS.windowMsMax);
  switch (window.kind) {
    case 'sliding':
      if (window.fromMs > LIMITS.windowMsMax) {
        report(context, 'E405', span, `the window is longer than ${longest}`,
          '`over ever` looks back over all that is kept');
      } else if (window.fromMs <= window.toMs) {
        report(context, 'E405', span, 'the window is empty', 'the earlier end comes first: `over 30d..3d`');
      }
      break;
    case 'tumbling':
      if (window.spanMs <= 0 || window.spanMs > LIMITS.windowMsMax) {
        report(context, 'E405', span, `a tumbling window is from 1ms to ${longest} long`);
      }
      break;
    case 'last':
      if (window.count < 1 || window.count > LIMITS.lastEventCountMax) {
        report(context, 'E405', span, `\`last\` takes 1 to ${LIMITS.lastEventCountMax} events`);
      }
      break;
    case 'calendar':
      if (!isZone(window.zone)) {
        report(context, 'E307', span, `unknown time zone "${window.zone}"`,
          'zones are named like "Europe/Paris" (IANA time zone database)');
      }
      break;
    case 'ever':
      break;
  }
}
