import type { EventSchema } from '#domain/field.ts';
import type { AggregateExpr, Expr } from './ast.ts';
import type { Type } from './type.ts';

/** What names mean where an expression stands. */
export interface Scope {
  readonly schema: EventSchema;
  /** What a bare field name reads: the event being decided, or the past event of a window. */
  readonly row: 'current' | 'past';
  /** Index into the cells `f` of generated code. */
  readonly features: ReadonlyMap<string, { readonly index: number; readonly type: Type }>;
  /** Index into the cells `p` of generated code. */
  readonly params: ReadonlyMap<string, { readonly index: number; readonly type: Type }>;
  /** Index that `EmitRuntime.inList` is called with. */
  readonly lists: ReadonlyMap<string, { readonly index: number; readonly of: Type }>;
  /** Named conditions, parsed and not checked: they are inlined and checked where they are used. */
  readonly defines: ReadonlyMap<string, Expr>;
  /**
   * Called for every checked aggregate; the node is replaced by the feature it returns. Without it an
   * aggregate is an error. In a checked aggregate every key is a field node, and `keys[0].past` is an indexed
   * field.
   */
  readonly onAggregate?: (aggregate: AggregateExpr, type: Type) =>
    { readonly name: string; readonly index: number };
}

/** A scope with nothing but the fields of the event being decided. */
export const fieldScope = (schema: EventSchema): Scope => ({
  schema, row: 'current', features: new Map(), params: new Map(), lists: new Map(), defines: new Map(),
});
