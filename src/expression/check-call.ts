import { isZone } from '#domain/zone.ts';
import { T_SLOT } from '#domain/event.ts';
import type { Expr } from './ast.ts';
import { BUILTINS, signatureOf, suits, type Builtin, type Param } from './builtins.ts';
import { report, type CheckContext, type Checked, type Typed } from './check-context.ts';
import { printExpression } from './print.ts';
import { didYouMean } from './suggest.ts';
import { INSTANT, typeName } from './type-rules.ts';

type Call = Extract<Expr, { kind: 'call' }>;

export function checkCall(expr: Call, context: CheckContext): Checked {
  const builtin = BUILTINS.get(expr.name);
  if (builtin === undefined) {
    return report(context, 'E203', expr.span, `unknown function \`${expr.name}\``,
      didYouMean(expr.name, BUILTINS.keys()));
  }
  const { params, rest } = builtin;
  if (expr.args.length < params.length || (!rest && expr.args.length > params.length)) {
    return report(context, 'E303', expr.span,
      `\`${expr.name}\` takes ${params.length}${rest ? ' or more' : ''} arguments, not ${expr.args.length}`,
      signatureOf(builtin));
  }
  const args =
    expr.args.map((arg, i) => checkArgument(arg, builtin, params[i] ?? params.at(-1) ?? 'any', context));
  const known = args.filter((arg) => arg !== undefined);
  if (known.length < args.length) return undefined;
  if (expr.name === 'sample' && context.scope.row === 'past') {
    return report(context, 'E303', expr.span, 'a sample is drawn of decisions, not of past events');
  }
  const type = builtin.result(known.map((arg) => arg.type));
  if (type === undefined) {
    return report(context, 'E301', expr.span,
      `\`${expr.name}\` chooses between values of one type; these are ` +
      known.map((arg) => typeName(arg.type)).join(' and '));
  }
  return { ...expr, args: expr.name === 'age' ? [...known, timeOfRow(expr, context)] : known, type };
}

/** `age(x)` is taken at the time of the event it reads: the past one inside an aggregate. */
function timeOfRow(expr: Call, context: CheckContext): Typed {
  const field = context.scope.schema.fields.find((one) => one.numberSlot === T_SLOT);
  if (field === undefined) throw new TypeError('an event schema has t in slot 0');
  return { kind: 'field', field, row: context.scope.row, type: INSTANT, span: expr.span };
}

function checkArgument(arg: Expr, builtin: Builtin, param: Param, context: CheckContext): Checked {
  if (param === 'distribution') return checkDistribution(arg, context);
  const checked = context.check(arg, context);
  if (checked === undefined) return undefined;
  if (!suits(checked.type, param)) {
    if (checked.type.kind === 'money' && checked.type.currency === null) {
      return report(context, 'E302', arg.span,
        `\`${printExpression(arg)}\` is money in the currency of the transaction`,
        `Write \`${printExpression(arg)} as EUR\` (converted at the day's rate).`);
    }
    return report(context, 'E303', arg.span,
      `\`${builtin.name}\` takes ${described(param)} here; ` +
        `\`${printExpression(arg)}\` is ${typeName(checked.type)}`,
      signatureOf(builtin));
  }
  if (param.endsWith('literal') && checked.kind !== 'literal') {
    return report(context, 'E303', arg.span,
      `\`${builtin.name}\` takes ${described(param)} here, written out`,
      signatureOf(builtin));
  }
  return checkArgumentValue(checked, builtin, param, context);
}

const described = (param: Param): string =>
  param === 'any' ? 'anything'
    : `${'aeio'.includes(param.charAt(0)) ? 'an' : 'a'} ${param.replace(' literal', '')}`;

/** What a literal must be beyond its type. */
function checkArgumentValue(checked: Typed, builtin: Builtin, param: Param, context: CheckContext): Checked {
  if (checked.kind === 'literal' && param === 'zone' && !isZone(String(checked.value))) {
    return report(context, 'E307', checked.span, `unknown time zone "${checked.value}"`,
      'zones are named like "Europe/Paris" (IANA time zone database)');
  }
  const share = builtin.name === 'sample' && param === 'ratio literal';
  if (checked.kind === 'literal' && share && Number(checked.value) > 1) {
    return report(context, 'E303', checked.span, 'a sample is at most 100%');
  }
  if (checked.kind === 'literal' && param === 'whole literal' && Number(checked.value) < 1) {
    return report(context, 'E303', checked.span, 'a multiple of 0 is only 0');
  }
  const marked = param === 'entity';
  if (marked && (checked.kind !== 'field' || !checked.field.indexed)) {
    return report(context, 'E303', checked.span, `\`${builtin.name}\` takes an entity field of the event`,
      signatureOf(builtin));
  }
  return checked;
}

/** `benford` is a word, not a name: no field can take its place. */
function checkDistribution(arg: Expr, context: CheckContext): Checked {
  if (arg.kind === 'name' && arg.name === 'benford') {
    return { ...arg, type: { kind: 'enum', values: ['benford'] } };
  }
  return report(context, 'E303', arg.span, 'the distribution to compare with is `benford`');
}
