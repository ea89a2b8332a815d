import type { Expr } from './ast.ts';
import type { Diagnostic } from './diagnostic.ts';

export type ParseResult = { readonly expr: Expr } | { readonly errors: readonly Diagnostic[] };

/** Text to tree. No names are resolved and no types known, save those of literals. */
export function parseExpression(text: string): ParseResult {
  throw new Error(`not written yet: ${text}`);
}
