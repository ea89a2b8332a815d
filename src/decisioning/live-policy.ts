/** One policy on the windows, as payments are judged by it. */
import type { ParsedEvent } from '#domain/event.ts';
import type { RateTable } from '#domain/rates.ts';
import type { PersistentWindowStore, TilePlan } from '#ports/window-store.ts';
import type { FeatureValues } from '#features/definition.ts';
import { amlFeatures } from '#policy/aml-features.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { policyCode } from '#policy/generate-policy.ts';
import type { Interventions } from '#policy/interventions.ts';
import type { BoundLists } from '#policy/lists.ts';
import {
  featuresOnStore, policyOnStore, UNASKED, type FeaturesOnStore, type FoundMark, type GivenMarks,
  type PolicyOnStore,
} from '#policy/policy-on-store.ts';
import type { PolicyEffect, PolicyResult } from '#policy/policy-result.ts';
import type { MarkEffect } from './record.ts';

export interface Judgement {
  readonly values: FeatureValues;
  readonly result: PolicyResult;
  readonly marks: readonly MarkEffect[];
  /** Marks that rules asked for. */
  readonly asked: readonly FoundMark[];
}

/** A judgement on recorded facts. */
export interface JudgedAgain extends Judgement {
  /** A `RuleAnswer` by rule index; valid until the next judgement. */
  readonly answers: Uint8Array;
}

/** Generated code on the windows: made once for a policy, its lists and its rates, whatever amends it. */
export interface BoundPolicy {
  readonly policy: CompiledPolicy;
  readonly listVersions: Readonly<Record<string, string>>;
  readonly amlFeatures: readonly string[];
  readonly store: PersistentWindowStore;
  /** The rate table, as text. */
  readonly ratesText: string;
  readonly features: FeaturesOnStore;
  readonly onStore: PolicyOnStore;
}

export interface LivePolicy {
  readonly policy: CompiledPolicy;
  readonly listVersions: Readonly<Record<string, string>>;
  readonly amlFeatures: readonly string[];
  readonly tilePlans: readonly TilePlan[];
  readonly bound: BoundPolicy;
  /** Rules in shadow by the brake, and snoozes; undefined where none is in force. */
  readonly interventions: Interventions | undefined;
  /** The event has been appended as `row`. */
  judge(event: ParsedEvent, row: number): Judgement;
  /**
   * Where windows cannot be asked. Pure: it reads no store, sets no marks, and needs no position; all
   * features are missing as `degraded`.
   */
  judgeDegraded(event: ParsedEvent): Judgement;
  /**
   * On what was measured when it was decided; throws MarkNotRecorded where that does not suffice. `unasked`:
   * as `judgeDegraded`.
   */
  judgeAgain(event: ParsedEvent, values: FeatureValues, asked: GivenMarks): JudgedAgain;
}

export function boundPolicy(
  policy: CompiledPolicy, lists: BoundLists, rates: { readonly table: RateTable; readonly text: string },
  store: PersistentWindowStore, features = featuresOnStore(policy, lists, rates.table, store),
  code = policyCode(policy),
): BoundPolicy {
  const onStore = policyOnStore(policy, lists, rates.table, store, features, code);
  return {
    policy, listVersions: lists.versions, amlFeatures: amlFeatures(policy.features, policy.rules), store,
    ratesText: rates.text, features, onStore,
  };
}

export function livePolicy(bound: BoundPolicy, interventions: Interventions | undefined): LivePolicy {
  const { policy, listVersions, onStore } = bound;
  return {
    policy, listVersions, amlFeatures: bound.amlFeatures, tilePlans: onStore.tilePlans, bound, interventions,
    judge(event, row) {
      const { values, result, marks: asked } = onStore.judge(event, row, interventions);
      return { values, result, marks: result.effects.flatMap(markOf), asked };
    },
    judgeDegraded(event) {
      const { values, result, marks: asked } = onStore.judgeDegraded(event, interventions);
      return { values, result, marks: [], asked };
    },
    judgeAgain(event, measured, given) {
      const again = onStore.judgeMeasured(event, measured, given, interventions);
      const { values, results, result, marks: asked } = again;
      const marks = given === UNASKED ? [] : result.effects.flatMap(markOf);
      const { answers } = results;
      return { values, result, marks, asked, answers };
    },
  };
}

function markOf(effect: PolicyEffect): readonly MarkEffect[] {
  if (effect.kind !== 'label') return [];
  const { field, value, name, fromMs, untilMs } = effect;
  return [{ field: field.path, value, mark: { name, value: 1, fromMs, untilMs } }];
}
