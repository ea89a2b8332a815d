import type { Axis, Outcome } from './outcome.ts';

/**
 * The answer to one transaction, as recorded; what a caller sees of it depends on its scopes (no tipping
 * off).
 */
export interface Decision {
  readonly id: string;
  readonly object: 'decision';
  readonly transaction_id: string;
  readonly outcome: Outcome;
  readonly fraud: AxisResult;
  readonly aml: AxisResult;
  readonly reasons: readonly Reason[];
  readonly unknown: readonly UnknownRule[];
  /** What a hit asks of others: a hold with its end, a report to file, a queue to stand in. */
  readonly tasks: readonly Task[];
  /** Every feature of the policy; null is missing. Shown with `?explain=full`. */
  readonly features: Readonly<Record<string, FeatureValue>>;
  /** Names of the features that only aml rules read: hidden with them, and this list is never shown. */
  readonly aml_features: readonly string[];
  /**
   * Features that reached past the exact tier: the true value is within [low, high]. Absent where all are
   * exact.
   */
  readonly precision?: Readonly<Record<string, FeaturePrecision>>;
  readonly screening: { readonly status: 'not_configured'; readonly hits: 0; readonly list_version: null };
  readonly policy: { readonly name: string; readonly version: number; readonly hash: string };
  readonly log_position: LogPosition;
  readonly degraded: readonly Degradation[];
  /** Present when occurred_at was outside the tolerance and the policy clamps. */
  readonly adjusted?: { readonly occurred_at: { readonly from: string; readonly to: string } };
  readonly created_at: string;
}

/** In the log of a node that decides alone, or, in a fleet, in the logs of the entities of the payment. */
export interface LogPosition {
  readonly position?: number;
  /** By path of the entity's field. */
  readonly windows?: Readonly<Record<string, number>>;
}

export interface AxisResult { readonly outcome: Outcome; readonly score: number; readonly band: string }

export interface Task {
  readonly kind: 'hold_until' | 'report' | 'queue';
  readonly rule: string;
  /** Tasks of the AML axis are shown with it, and hidden with it. */
  readonly axis: Axis;
  readonly value: string;
}

export interface Reason {
  readonly code: string;
  readonly rule: string;
  readonly axis: Axis;
  /** What the rule did: an outcome it raised to, `score`, `report`, `shadow` or `excepted`. */
  readonly effect: string;
  readonly text: string;
  readonly facts: readonly ReasonFact[];
  readonly references: readonly string[];
}

export interface ReasonFact {
  readonly name: string;
  readonly value: FeatureValue;
  readonly threshold?: FeatureValue;
}

/**
 * What a feature is outside: money as `"120.50 EUR"`, durations as `"24h"`, counts as numbers, missing as
 * null.
 */
export type FeatureValue = number | string | boolean | null | readonly number[];

export interface FeaturePrecision {
  readonly precision: 'tiled';
  readonly hop_ms: number;
  readonly low: FeatureValue;
  readonly high: FeatureValue;
}

export interface UnknownRule {
  readonly rule: string;
  readonly axis: Axis;
  readonly because: { readonly name: string; readonly reason: string };
  /** What `unknown:` in the policy made of it. */
  readonly effect: string;
}

/** Why a payment was decided without windows. */
export const WINDOWS_CAUSES = ['late', 'unreachable', 'refused', 'state_recovering'] as const;
export type WindowsCause = (typeof WINDOWS_CAUSES)[number];

export interface Degradation {
  readonly part: string;
  readonly cause: string;
  readonly fallback: string;
  /** Of a rule: what is said of the AML axis is hidden with it. */
  readonly axis?: Axis;
}
