import { fieldNamed, type FieldDefinition } from '#domain/field.ts';
import type { Expr } from './ast.ts';
import { report, type CheckContext, type Checked } from './check-context.ts';
import { didYouMean } from './suggest.ts';
import { BOOL, typeOfField } from './type-rules.ts';

type Name = Extract<Expr, { kind: 'name' }>;

/**
 * A bare name is, in this order: a `let`, a define, a feature, a parameter, a field. `this.` is always a
 * field.
 */
export function checkName(expr: Name, context: CheckContext): Checked {
  const { name, span } = expr;
  const { scope } = context;
  if (name === 'this' && expr.current) return checkThis(expr, context);
  if (expr.current) return checkField(expr, context);
  const local = context.locals.get(name);
  if (local !== undefined) return { kind: 'local', name, index: local.index, type: local.type, span };
  const define = scope.defines.get(name);
  if (define !== undefined) return inline(define, expr, context);
  const feature = scope.features.get(name);
  if (feature !== undefined) {
    const { index, type } = feature;
    if (scope.row === 'current') return { kind: 'feature', name, index, type, span };
    return report(context, 'E404', span, `the feature \`${name}\` is known for this event, not for past ones`,
      'compare with the feature outside the aggregate');
  }
  const param = scope.params.get(name);
  if (param !== undefined) return { kind: 'param', name, index: param.index, type: param.type, span };
  return checkField(expr, context);
}

/** `this` alone is a condition: is the past event this very one? */
function checkThis(expr: Name, context: CheckContext): Checked {
  if (context.scope.row === 'past') return { ...expr, type: BOOL };
  return report(context, 'E407', expr.span, '`this` has a meaning only inside an aggregate');
}

function inline(define: Expr, use: Name, context: CheckContext): Checked {
  const { name, span } = use;
  if (context.defines.includes(name)) {
    const path = [...context.defines.slice(context.defines.indexOf(name)), name].join(' -> ');
    return report(context, 'E205', span, `\`${name}\` is defined by itself: ${path}`);
  }
  // A define sees no `let` of the place that uses it: its meaning is the same everywhere.
  return context.check(define, {
    ...context, locals: new Map(), defines: [...context.defines, name], site: context.site ?? span,
  });
}

function checkField(expr: Name, context: CheckContext): Checked {
  const { schema, row } = context.scope;
  const field = fieldNamed(schema, expr.name);
  if (field === undefined) return unknownName(expr, context);
  if (expr.current && row === 'current') {
    return report(context, 'E407', expr.span, '`this.` has a meaning only inside an aggregate',
      `write \`${expr.name}\``);
  }
  const of = row === 'past' && !expr.current ? 'past' : 'current';
  if (of === 'past' && !field.history) return notKept(field, expr, context);
  return { kind: 'field', field, row: of, type: typeOfField(field), span: expr.span };
}

function notKept(field: FieldDefinition, expr: Name, context: CheckContext): undefined {
  const custom = field.path.startsWith('custom.');
  const help = custom ? `declare it with \`history: true\``
    : `\`this.${expr.name}\` reads it from this event`;
  return report(context, 'E402', expr.span, `\`${field.path}\` is not kept of past events`, help);
}

function unknownName(expr: Name, context: CheckContext): undefined {
  if (context.taken.has(expr.name)) {
    return report(context, 'E404', expr.span,
      `\`${expr.name}\` is named outside the aggregate and not seen in it`,
      'aggregates are computed first: write the value itself, or a parameter');
  }
  const { schema, features, params, defines } = context.scope;
  const names = [...context.locals.keys(), ...defines.keys(), ...features.keys(), ...params.keys(),
    ...schema.aliases.keys(), ...schema.byPath.keys()];
  const custom = expr.name.startsWith('custom.') ? 'Declare it under `custom` in the event schema.'
    : undefined;
  return report(context, 'E201', expr.span, `unknown field \`${expr.name}\``,
    didYouMean(expr.name, names) ?? custom);
}
