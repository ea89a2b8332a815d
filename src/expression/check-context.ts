import type { Expr, Span } from './ast.ts';
import { diagnostic, type Diagnostic, type DiagnosticCode } from './diagnostic.ts';
import type { Scope } from './scope.ts';
import { typeName } from './type-rules.ts';
import { printExpression } from './print.ts';
import type { Type } from './type.ts';

/** A node after checking. */
export type Typed = Expr & { readonly type: Type };
/** Undefined where an error has been reported. */
export type Checked = Typed | undefined;

/** What the checks of one expression share: the scope, the names of `let` and the errors so far. */
export interface CheckContext {
  readonly scope: Scope;
  readonly errors: Diagnostic[];
  readonly locals: Map<string, { readonly index: number; readonly type: Type }>;
  /** Names that were `let` anywhere so far: each is assigned once. */
  readonly taken: Set<string>;
  readonly counter: { locals: number };
  /** Defines being inlined, outermost first; errors in them point at where the first is used. */
  readonly defines: readonly string[];
  readonly site: Span | undefined;
  /** Checks a part in this or another context. */
  readonly check: (expr: Expr, context: CheckContext) => Checked;
}

/** Reports and gives nothing: `return report(...)`. */
export function report(
  context: CheckContext, code: DiagnosticCode, span: Span, message: string, help?: string,
): undefined {
  const define = context.defines.at(-1);
  const where = define === undefined ? message : `in \`${define}\`: ${message}`;
  context.errors.push(diagnostic(code, context.site ?? span, where, help));
  return undefined;
}

/** Checks a condition: bool, or an error that says what it is instead. */
export function checkCondition(expr: Expr, context: CheckContext, role: string): Checked {
  const checked = context.check(expr, context);
  if (checked === undefined || checked.type.kind === 'bool') return checked;
  return report(context, 'E304', expr.span,
    `${role} is true or false; \`${printExpression(expr)}\` is ${typeName(checked.type)}`,
    'compare it with something, for example `> 0`');
}
