/**
 * What a window feature is, after parsing and checking. One definition, two readers: the scan and the naive
 * oracle.
 */
import type { FieldDefinition } from '#domain/field.ts';
import type { MissingReason } from '#domain/missing.ts';
import type { AggregateName, Expr, WindowExpr } from '#expression/ast.ts';
import type { Cell, Type } from '#expression/type.ts';

export interface FeatureDefinition {
  readonly name: string;
  readonly aggregate: AggregateName;
  /** False for `prior_*`: the current event is left out. */
  readonly includesCurrent: boolean;
  /**
   * The log that is read: past events whose `past` field equals the current event's `current` field. Indexed
   * field.
   */
  readonly key: { readonly past: FieldDefinition; readonly current: FieldDefinition };
  /**
   * Further equalities between past and current event (composite keys); a missing side makes the feature
   * missing.
   */
  readonly alsoEqual: readonly { readonly past: FieldDefinition; readonly current: FieldDefinition }[];
  readonly window: WindowExpr;
  /** Checked expressions; bare fields are the past event, `this.` fields the current one. */
  readonly value?: Expr;
  /** Which events form the stream; default: transactions. `last N` and `since` count within the stream. */
  readonly of?: Expr;
  /** Which events of the stream count. */
  readonly where?: Expr;
  /** Only events after the latest past event for which this holds (itself left out). */
  readonly since?: Expr;
  /** Type of the result. */
  readonly type: Type;
}

/** All that says which events a feature counts, and what of them. */
export const conditionsIn = (
  { value, of, where, since }: Pick<FeatureDefinition, 'value' | 'of' | 'where' | 'since'>,
): readonly Expr[] => [value, of, where, since].filter((expr) => expr !== undefined);

/** The values of all features of a policy for one event, by feature index. */
export interface FeatureValues {
  readonly cells: Cell[];
  /** Why a cell is missing; undefined where it is there. */
  readonly reasons: (MissingReason | undefined)[];
  /** Set where the entity is past the exact cap: what is certain about the value. */
  readonly bounds: (FeatureBound | undefined)[];
}

/** Printed in the decision when a window reached into tiles: the true value is within [low, high]. */
export interface FeatureBound {
  readonly precision: 'tiled';
  readonly hopMs: number;
  readonly low: number;
  readonly high: number;
}
