import type { AxisResult, Degradation, Reason, UnknownRule } from '#domain/decision.ts';
import type { FieldDefinition } from '#domain/field.ts';
import type { Outcome } from '#domain/outcome.ts';
import type { Cell } from '#expression/type.ts';

/** What a rule answers. */
export const MISS = 0;
export const UNKNOWN = 1;
export const HIT = 2;
/** The condition holds, and so does the exception. */
export const EXCEPTED = 3;
export type RuleAnswer = typeof MISS | typeof UNKNOWN | typeof HIT | typeof EXCEPTED;

/** Both arrays are the policy's own and are filled anew for each event. */
export interface RuleResults {
  /** A `RuleAnswer` by rule index; rules whose mode is off stay at MISS. */
  readonly answers: Uint8Array;
  /** Parameters of this event. */
  readonly params: readonly Cell[];
}

export interface PolicyResult {
  readonly outcome: Outcome;
  readonly fraud: AxisResult;
  readonly aml: AxisResult;
  /** The gravest first; shadow and excepted ones last. */
  readonly reasons: readonly Reason[];
  readonly unknown: readonly UnknownRule[];
  readonly effects: readonly PolicyEffect[];
  /** Rules that the brake kept from acting; absent where it kept none. */
  readonly degraded?: readonly Degradation[];
}

/** What else a decision sets in motion; the caller does it. */
export type PolicyEffect =
  /** Mark the entity `value` of the field, in [fromMs, untilMs). */
  | { readonly kind: 'label'; readonly rule: string; readonly field: FieldDefinition; readonly value: string;
      readonly name: string; readonly fromMs: number; readonly untilMs: number }
  | { readonly kind: 'report'; readonly rule: string; readonly report: string }
  | { readonly kind: 'queue'; readonly rule: string; readonly queue: string }
  /** The latest instant to which a hold was asked for. */
  | { readonly kind: 'hold'; readonly rule: string; readonly untilMs: number };
