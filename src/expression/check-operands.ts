import type { Expr, InSet, Span } from './ast.ts';
import { checkCondition, report, type CheckContext, type Checked, type Typed } from './check-context.ts';
import { printExpression } from './print.ts';
import { didYouMean } from './suggest.ts';
import { binaryType, BOOL, comparable, isOrdered, typeName } from './type-rules.ts';

type Binary = Extract<Expr, { kind: 'binary' }>;

export function checkBinary(expr: Binary, context: CheckContext): Checked {
  if (expr.op === 'and' || expr.op === 'or') {
    const left = checkCondition(expr.left, context, `what \`${expr.op}\` joins`);
    const right = checkCondition(expr.right, context, `what \`${expr.op}\` joins`);
    return left && right && { ...expr, left, right, type: BOOL };
  }
  const left = context.check(expr.left, context);
  const right = context.check(expr.right, context);
  if (left === undefined || right === undefined) return undefined;
  const type = binaryType(expr.op, left.type, right.type);
  if (type === undefined) return misfit(expr, left, right, context);
  // A default need not be a value of the enum: `kind ?? "none"` is a text.
  if (expr.op === '??') return { ...expr, left, right, type };
  if (!fitsEnum(left, right, context) || !fitsEnum(right, left, context)) return undefined;
  return { ...expr, left, right, type };
}

/**
 * A text written out beside an enum must be one of its values; otherwise the comparison can never be true.
 */
function fitsEnum(side: Typed, literal: Typed, context: CheckContext): boolean {
  if (side.type.kind !== 'enum') return true;
  if (literal.kind !== 'literal' || typeof literal.value !== 'string') return true;
  const { values } = side.type;
  if (values.includes(literal.value)) return true;
  report(context, 'E305', literal.span, `\`${printExpression(side)}\` is never "${literal.value}"`,
    didYouMean(literal.value, values) ?? `It is ${typeName(side.type)}.`);
  return false;
}

function misfit(expr: Binary, left: Typed, right: Typed, context: CheckContext): undefined {
  if (unknownCurrency(left, right, expr.span, context)) return undefined;
  return unlike(expr.op, left, right, expr.span, context);
}

/**
 * Money as sent, beside anything: the message that people meet first, so it says what to write. True:
 * reported.
 */
function unknownCurrency(left: Typed, right: Typed, span: Span, context: CheckContext): boolean {
  const sent = [left, right].find((side) => side.type.kind === 'money' && side.type.currency === null);
  if (sent === undefined) return false;
  const other = sent === left ? right : left;
  const name = printExpression(sent);
  const currency = other.type.kind === 'money' ? other.type.currency : null;
  const is = other === right && right.type.kind === 'money' && currency === null ? 'is too'
    : `is ${typeName(other.type)}`;
  report(context, 'E302', span,
    `\`${name}\` is money in the currency of the transaction; \`${printExpression(other)}\` ${is}`,
    currency === null ? `Write \`${name} as EUR\`, and money in EUR beside it.`
      : `Write \`${name} as ${currency}\` (converted at the day's rate).`);
  return true;
}

function unlike(op: string, left: Typed, right: Typed, span: Span, context: CheckContext): undefined {
  const kinds = [left.type.kind, right.type.kind];
  const message =
    `\`${printExpression(left)}\` is ${typeName(left.type)} and \`${printExpression(right)}\` is ` +
    `${typeName(right.type)}; \`${op}\` does not go with them`;
  if (kinds.includes('period') && kinds.includes('duration')) {
    return report(context, 'E306', span, message, 'a month has no fixed length: write days');
  }
  return report(context, 'E301', span, message, helpFor(op, left, right));
}

function helpFor(op: string, left: Typed, right: Typed): string | undefined {
  const [a, b] = [left.type, right.type];
  if (a.kind === 'money' && b.kind === 'money') {
    return `convert one: \`${printExpression(right)} as ${a.currency}\``;
  }
  if (a.kind === 'money' && (b.kind === 'int' || b.kind === 'decimal') && op !== '/') {
    return `an amount has a currency: \`${printExpression(right)} ${a.currency}\``;
  }
  if (op === '/' && (b.kind === 'int' || b.kind === 'decimal')) return 'multiply by a ratio: `50% * x`';
  if (a.kind === 'bool' || b.kind === 'bool') return 'conditions are joined with `and`, `or` and `not`';
  return undefined;
}

/**
 * What stands right of `in`, checked against the value on its left; undefined where an error was reported.
 */
export function checkSet(set: InSet, value: Checked, span: Span, context: CheckContext): InSet | undefined {
  switch (set.kind) {
    case 'list': return checkList(set.list, value, span, context);
    case 'values': {
      const values = set.values.map((item) => context.check(item, context));
      const sound = values.filter((item) => item !== undefined && value !== undefined &&
        fits(value, item, span, context));
      return sound.length === values.length ? { ...set, values: sound.filter((item) => item !== undefined) }
        : undefined;
    }
    case 'interval': {
      const low = context.check(set.low, context);
      const high = context.check(set.high, context);
      if (value === undefined || low === undefined || high === undefined) return undefined;
      if (!fits(value, low, span, context) || !fits(value, high, span, context)) return undefined;
      if (isOrdered(value.type)) return { ...set, low, high };
      return report(context, 'E301', span, `an interval of ${typeName(value.type)} makes no sense`,
        'list the values');
    }
  }
}

function fits(value: Typed, item: Typed, span: Span, context: CheckContext): boolean {
  if (comparable(value.type, item.type)) return fitsEnum(value, item, context);
  if (!unknownCurrency(value, item, span, context)) unlike('in', value, item, item.span, context);
  return false;
}

function checkList(name: string, value: Checked, span: Span, context: CheckContext): InSet | undefined {
  const { lists } = context.scope;
  const list = lists.get(name);
  if (list === undefined) {
    return report(context, 'E202', span, `unknown list "${name}"`, didYouMean(name, lists.keys()));
  }
  if (value === undefined) return undefined;
  if (comparable(value.type, list.of)) return { kind: 'list', list: name, index: list.index };
  return report(context, 'E301', span,
    `"${name}" lists ${typeName(list.of)}; \`${printExpression(value)}\` is ${typeName(value.type)}`);
}
