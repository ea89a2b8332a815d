/**
 * A policy after parsing and checking: what the generated function, the judge, the tests and the reading
 * view share.
 */
import type { EventSchema, FieldDefinition } from '#domain/field.ts';
import type { Axis, Outcome } from '#domain/outcome.ts';
import type { AggregateExpr, Expr } from '#expression/ast.ts';
import type { Type } from '#expression/type.ts';
import type { FeatureDefinition } from '#features/definition.ts';
import type { PolicyDiagnostic } from './diagnostic.ts';
import type { ListDeclaration } from './lists.ts';
import type { PolicyTest } from './policy-test.ts';
import type { ReasonText } from './reason-text.ts';

export interface CompiledPolicy {
  readonly name: string;
  readonly title: string;
  readonly version: number;
  /**
   * `sha256:...` of the document without its `approvals`, lines ended by LF: what people approve and
   * decisions name.
   */
  readonly hash: string;
  readonly owner: string | undefined;
  readonly reviewers: readonly string[];
  readonly approvals: readonly Approval[];
  /** Dates of validity [from, until), as written. */
  readonly effective: { readonly from: string | undefined; readonly until: string | undefined };
  readonly gate: GateLimits;
  readonly brake: BrakeSettings;
  /** Kinds of payment it decides; empty is all. */
  readonly kinds: readonly string[];
  readonly currency: string | undefined;
  readonly time: TimeTolerance;
  /** Outcome on both axes where the policy cannot be applied. */
  readonly fallback: Outcome;
  /** What rules do that are unknown because windows cannot be asked, where they say nothing themselves. */
  readonly degradedUnknown: UnknownEffect | undefined;
  readonly references: ReadonlyMap<string, Reference>;
  readonly schema: EventSchema;
  readonly params: readonly Param[];
  readonly lists: readonly ListDeclaration[];
  /** The declared ones first, by name; then those that stand in rules, named by their text. */
  readonly features: readonly FeatureDefinition[];
  /** The checked tree of each feature, for the reading view. */
  readonly aggregates: readonly AggregateExpr[];
  readonly declaredFeatureCount: number;
  /** Names of features that only rules of the aml axis read: hidden with them (no tipping off). */
  readonly amlFeatures: readonly string[];
  readonly rules: readonly Rule[];
  readonly scoring: Readonly<Record<Axis, Scoring>>;
  readonly tests: readonly PolicyTest[];
  readonly warnings: readonly PolicyDiagnostic[];
  readonly source: string;
  readonly fileName: string;
}

export interface TimeTolerance {
  readonly aheadMs: number;
  readonly behindMs: number;
  readonly outside: 'clamp' | 'refuse';
}

/** How far rules may go before the brake puts them in shadow. */
export interface BrakeSettings {
  /** Hits are counted for each of its values; undefined only in a schema without `channel`. */
  readonly segment: FieldDefinition | undefined;
  /** Share of payments on which a rule may act where nothing better is known; undefined: the default. */
  readonly hitsMax: number | undefined;
}

/** Undefined: the default of the gate. */
export interface GateLimits {
  /** Share of the payments of a backtest on which a rule may be unable to say, 0 to 1. */
  readonly unknownRateMax: number | undefined;
  /** Payments above approve on the worst day of a backtest. */
  readonly alertsPerDayMax: number | undefined;
}

export interface Approval { readonly role: string; readonly by: string; readonly at: string;
  readonly hash: string }
export interface Reference { readonly text: string; readonly url: string | undefined }

/** A named value, evaluated once per event. */
export interface Param {
  readonly name: string;
  readonly type: Type;
  readonly value: ParamValue;
}

export type ParamValue =
  | { readonly kind: 'fixed'; readonly value: Expr }
  /** A missing text takes `otherwise`. */
  | { readonly kind: 'cases'; readonly by: Expr; readonly cases: ReadonlyMap<string, Expr>;
    readonly otherwise: Expr }
  /** Oldest first; the last one that has begun at t. Before the first the parameter is missing. */
  | { readonly kind: 'dated'; readonly values: readonly { readonly fromMs: number; readonly value: Expr }[] };

export type UnknownEffect = 'miss' | 'hit' | Outcome;
export const RULE_MODES = ['live', 'shadow', 'off'] as const;
export const RULE_DURINGS = ['degraded'] as const;
export type RuleDuring = (typeof RULE_DURINGS)[number];
export type RuleMode = (typeof RULE_MODES)[number];

export interface Rule {
  readonly id: string;
  readonly index: number;
  readonly axis: Axis;
  readonly title: string;
  readonly because: readonly string[];
  readonly when: Expr;
  readonly unless: Expr | undefined;
  /** Its `then`. */
  readonly does: Then;
  readonly unknown: UnknownEffect;
  /** `degraded`: it counts only while windows cannot be asked, and reads none. */
  readonly during: RuleDuring | undefined;
  /** In the place of `unknown` where it is unknown because windows cannot be asked. */
  readonly unknownDegraded: UnknownEffect;
  readonly reason: ReasonText;
  readonly final: boolean;
  readonly mode: RuleMode;
  /** Indexes of rules whose effect is dropped when this one hits. */
  readonly replaces: readonly number[];
  readonly owner: string | undefined;
  /** Share of payments above which the brake puts it in shadow, whatever is forecast, where it is stated. */
  readonly hitsMax: number | undefined;
}

export interface Then {
  /** Undefined is `none`. */
  readonly action: Outcome | undefined;
  readonly score: number;
  readonly reasonCode: string | undefined;
  readonly report: string | undefined;
  readonly queue: string | undefined;
  readonly label: { readonly name: string; readonly on: FieldDefinition } | undefined;
  /** How long a hold or a label lasts. */
  readonly lasts: Lasting | undefined;
}

export type Lasting =
  | { readonly kind: 'for'; readonly duration: Expr }
  | { readonly kind: 'until'; readonly instant: Expr };

export interface Scoring {
  /** Whether a rule's score counts, by rule index. */
  readonly counts: readonly boolean[];
  readonly floor: number;
  readonly cap: number;
  /** By rising score; the last one has no upper end. */
  readonly bands: readonly Band[];
}

export interface Band {
  /** Exclusive; Infinity for the last. */
  readonly below: number;
  readonly action: Outcome;
  readonly name: string;
  /** How long a hold lasts, or undefined. */
  readonly holdMs: number | undefined;
}
