import type { Expr } from './ast.ts';
import type { EmitUnit } from './emit-unit.ts';

/** What the parts of the emitter share. */
export interface Emission {
  readonly unit: EmitUnit;
  readonly salt: string;
  /** Names of `let` values by their index. */
  readonly locals: Map<number, string>;
  readonly emit: (expr: Expr) => string;
}

/** Sources that cost nothing to repeat: a number, a text, a name, a cell. */
const SIMPLE = /^(?:\d[\d.e+-]*|"(?:[^"\\]|\\.)*"|[a-z]\d*|[fp]\[\d+\]|e\.(?:numbers|texts)\[\d+\])$/;

/** A source that is used several times: `first` where it is evaluated first, `again` after that. */
export function bound(source: string, unit: EmitUnit): { readonly first: string; readonly again: string } {
  if (SIMPLE.test(source)) return { first: source, again: source };
  const name = unit.local();
  return { first: `(${name}=${source})`, again: name };
}
