/**
 * Resolves names and finds types, bottom up; every error it can still see is reported, not only the first.
 */
import { currencyExponent } from '#domain/money.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Expr } from './ast.ts';
import { checkAggregate } from './check-aggregate.ts';
import { checkCall } from './check-call.ts';
import { checkCondition, report, type CheckContext, type Checked, type Typed } from './check-context.ts';
import { checkName } from './check-name.ts';
import { checkBinary, checkSet } from './check-operands.ts';
import { diagnostic, type Diagnostic } from './diagnostic.ts';
import { printExpression } from './print.ts';
import type { Scope } from './scope.ts';
import { nodeCountOf, someNode } from './tree.ts';
import { BOOL, isNumber, isQuantity, typeName } from './type-rules.ts';

export type CheckResult = { readonly expr: Typed } | { readonly errors: readonly Diagnostic[] };

/**
 * Resolves every name, gives every node its `type`, inlines defines and turns aggregates into features
 * through `scope.onAggregate`. The result is what `emitExpression` and `interpret` take.
 */
export function checkExpression(expr: Expr, scope: Scope): CheckResult {
  const context: CheckContext = {
    scope, errors: [], locals: new Map(), taken: new Set(), counter: { locals: 0 }, defines: [],
      site: undefined, check,
  };
  const checked = check(expr, context);
  if (checked === undefined || context.errors.length > 0) return { errors: context.errors };
  const nodes = nodeCountOf(checked);
  if (nodes > LIMITS.expressionNodeCountMax) {
    const message =
      `with its defines the expression has ${nodes} parts; the limit is ${LIMITS.expressionNodeCountMax}`;
    return { errors: [diagnostic('E112', expr.span, message, 'split the rule')] };
  }
  return { expr: checked };
}

function check(expr: Expr, context: CheckContext): Checked {
  switch (expr.kind) {
    case 'literal':
      return expr;
    case 'name':
      return checkName(expr, context);
    case 'unary':
      return checkUnary(expr, context);
    case 'binary':
      return checkBinary(expr, context);
    case 'in': {
      const value = check(expr.value, context);
      const set = checkSet(expr.set, value, expr.span, context);
      return value && set && { ...expr, value, set, type: BOOL };
    }
    case 'convert':
      return checkConvert(expr, context);
    case 'call':
      return checkCall(expr, context);
    case 'let':
      return checkLet(expr, context);
    case 'require': {
      const condition = checkCondition(expr.condition, context, 'what is required');
      const body = check(expr.body, context);
      return condition && body && { ...expr, condition, body, type: body.type };
    }
    case 'aggregate':
      return checkAggregate(expr, context);
    case 'field': case 'feature': case 'param': case 'local':
      // Already resolved: a define or a parameter that was checked before.
      return expr.type === undefined ? undefined : { ...expr, type: expr.type };
  }
}

function checkUnary(expr: Extract<Expr, { kind: 'unary' }>, context: CheckContext): Checked {
  if (expr.op === 'not') {
    const operand = checkCondition(expr.operand, context, 'what follows `not`');
    return operand && { ...expr, operand, type: BOOL };
  }
  const operand = check(expr.operand, context);
  if (operand === undefined) return undefined;
  if (isNumber(operand.type) || isQuantity(operand.type)) return { ...expr, operand, type: operand.type };
  return report(context, 'E301', expr.span, `nothing is the negative of ${typeName(operand.type)}`);
}

function checkConvert(expr: Extract<Expr, { kind: 'convert' }>, context: CheckContext): Checked {
  const value = check(expr.value, context);
  if (currencyExponent(expr.currency) === undefined) {
    return report(context, 'E104', expr.span, `${expr.currency} is not an ISO 4217 currency`);
  }
  if (value === undefined) return undefined;
  if (value.type.kind !== 'money') {
    return report(context, 'E301', expr.span,
      `only money is converted; \`${printExpression(expr.value)}\` is ${typeName(value.type)}`);
  }
  if (value.type.currency === null && value.kind !== 'field') {
    return report(context, 'E302', expr.span, 'the currency of a computed value is not known',
      `convert the field itself: \`amount as ${expr.currency}\``);
  }
  const row = rowOfConversion(value, context);
  return { ...expr, value, row, type: { kind: 'money', currency: expr.currency } };
}

/**
 * Inside an aggregate money is converted at the rate of the past event, unless all of it is of this event.
 */
function rowOfConversion(value: Typed, context: CheckContext): 'current' | 'past' {
  const reads = (row: 'current' | 'past'): boolean =>
    someNode(value, (node) => node.kind === 'field' && node.row === row);
  return context.scope.row === 'past' && (reads('past') || !reads('current')) ? 'past' : 'current';
}

function checkLet(expr: Extract<Expr, { kind: 'let' }>, context: CheckContext): Checked {
  const { name } = expr;
  const { scope } = context;
  const value = check(expr.value, context);
  const owner = context.taken.has(name) ? 'an earlier `let`'
    : scope.defines.has(name) ? 'a define'
    : scope.features.has(name) ? 'a feature'
    : scope.params.has(name) ? 'a parameter'
    : scope.schema.byPath.has(name) || scope.schema.aliases.has(name) ? 'a field' : undefined;
  if (owner !== undefined) {
    report(context, 'E204', expr.span, `\`${name}\` is already the name of ${owner}`,
      'names are assigned once');
  }
  if (value === undefined) return undefined;
  if (value.type.kind === 'period' || (value.type.kind === 'money' && value.type.currency === null)) {
    const money = value.type.kind === 'money';
    return report(context, money ? 'E302' : 'E306', expr.value.span,
      `${typeName(value.type)} cannot be named`,
      money ? `convert it: \`let ${name} = ${printExpression(expr.value)} as EUR;\`` : undefined);
  }
  const index = context.counter.locals++;
  context.taken.add(name);
  const locals = new Map(context.locals).set(name, { index, type: value.type });
  const body = check(expr.body, { ...context, locals });
  return body && { ...expr, value, body, index, type: body.type };
}
