import {
  WINDOWS_CAUSES, type Decision, type Degradation, type FeaturePrecision, type FeatureValue, type Task,
  type WindowsCause,
} from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { formatInstant } from '#domain/instant.ts';
import { graver, type Outcome } from '#domain/outcome.ts';
import { formatCell } from '#policy/format-cell.ts';
import type { PolicyEffect } from '#policy/policy-result.ts';
import { placeInLog, type DecisionPlace } from './decision-id.ts';
import type { Judgement, LivePolicy } from './live-policies.ts';

/** Where no policy decides this kind of payment, nobody has said that it may pass. */
export const WITHOUT_POLICY: Outcome = 'review';

const NOT_SCREENED: Decision['screening'] = { status: 'not_configured', hits: 0, list_version: null };

/** Why a payment could not be judged. */
export interface Failure { readonly cause: string }

const WINDOWS = 'windows';
const WITHOUT_WINDOWS = 'rules_without_windows';

/** Why the decision was made without windows; undefined where it was made with them. */
export function windowsCause({ degraded }: Pick<Decision, 'degraded'>): WindowsCause | undefined {
  const part = degraded.find((one) => one.part === WINDOWS);
  return part && WINDOWS_CAUSES.find((cause) => cause === part.cause);
}

/**
 * The answer, from what was judged. The order of the keys is part of it: the same decision is the same bytes.
 * `cause`: windows could not be asked, and it was judged without.
 */
export function decisionOf(
  event: ParsedEvent, live: LivePolicy | undefined, judged: Judgement | Failure,
  adjusted: Decision['adjusted'], place: DecisionPlace = placeInLog(event.position), cause?: WindowsCause,
): Decision {
  const fallback = live?.policy.fallback ?? WITHOUT_POLICY;
  const failed = 'cause' in judged;
  const axis = { outcome: fallback, score: 0, band: 'none' };
  const { fraud, aml, reasons, unknown, effects } = failed
    ? { fraud: axis, aml: axis, reasons: [], unknown: [], effects: [] } : judged.result;
  const precision = failed || live === undefined ? undefined : precisionOf(live, judged);
  return {
    id: place.id, object: 'decision', transaction_id: event.id,
    outcome: graver(fraud.outcome, aml.outcome), fraud, aml, reasons, unknown,
    tasks: effects.flatMap((effect) => taskOf(effect, live)),
    features: failed || live === undefined ? {} : featuresOf(live, judged),
    aml_features: live?.amlFeatures ?? [],
    ...(precision === undefined ? {} : { precision }),
    screening: NOT_SCREENED,
    policy: live === undefined
      ? { name: 'none', version: 0, hash: 'none' }
      : { name: live.policy.name, version: live.policy.version, hash: live.policy.hash },
    log_position: place.logPosition,
    degraded: degradedOf(judged, fallback, cause),
    ...(adjusted === undefined ? {} : { adjusted }),
    created_at: formatInstant(event.receivedAtMs),
  };
}

/** Unknown is not no: where the policy could not be applied, its fallback stands in and is named. */
function degradedOf(
  judged: Judgement | Failure, fallback: Outcome, cause: WindowsCause | undefined,
): readonly Degradation[] {
  const parts = 'cause' in judged ? [{ part: 'policy', cause: judged.cause, fallback }]
    : judged.result.degraded ?? [];
  return cause === undefined ? parts : [{ part: WINDOWS, cause, fallback: WITHOUT_WINDOWS }, ...parts];
}

function taskOf(effect: PolicyEffect, live: LivePolicy | undefined): readonly Task[] {
  if (effect.kind === 'label') return [];
  const { rule } = effect;
  // A hold that comes of the band of a score names no rule, but the score of its axis.
  const ofBand = rule === 'fraud-score' ? 'fraud' : 'aml';
  const axis = live?.policy.rules.find(({ id }) => id === rule)?.axis ?? ofBand;
  switch (effect.kind) {
    case 'report': return [{ kind: 'report', rule, axis, value: effect.report }];
    case 'queue': return [{ kind: 'queue', rule, axis, value: effect.queue }];
    case 'hold': return [{ kind: 'hold_until', rule, axis, value: formatInstant(effect.untilMs) }];
  }
}

function featuresOf(live: LivePolicy, { values }: Judgement): Record<string, FeatureValue> {
  const { features: definitions } = live.policy;
  // A copy of one shape: an object that is given thirty names one by one becomes a hash table in V8, and is
  // three times slower to make and to write down.
  const features = { ...blankOf(definitions) };
  for (let i = 0; i < definitions.length; i++) {
    const { name, type } = definitions[i]!;
    features[name] = formatCell(values.cells[i], type);
  }
  return features;
}

const blanks = new WeakMap<LivePolicy['policy']['features'], Readonly<Record<string, FeatureValue>>>();

/** Every feature missing, as an object that JSON.parse made: of one fixed shape. */
function blankOf(definitions: LivePolicy['policy']['features']): Readonly<Record<string, FeatureValue>> {
  let blank = blanks.get(definitions);
  if (blank === undefined) {
    const text = JSON.stringify(Object.fromEntries(definitions.map(({ name }) => [name, null])));
    blank = JSON.parse(text) as Readonly<Record<string, FeatureValue>>;
    blanks.set(definitions, blank);
  }
  return blank;
}

/** Undefined where every window was exact. */
function precisionOf(live: LivePolicy, { values }: Judgement): Record<string, FeaturePrecision> | undefined {
  const found: Record<string, FeaturePrecision> = {};
  values.bounds.forEach((bound, i) => {
    const feature = live.policy.features[i];
    if (bound === undefined || feature === undefined) return;
    const { precision, hopMs, low, high } = bound;
    const { name, type } = feature;
    found[name] = { precision, hop_ms: hopMs, low: formatCell(low, type), high: formatCell(high, type) };
  });
  return Object.keys(found).length === 0 ? undefined : found;
}
