/** The smallest change of each measured value, alone, that would have given a lower outcome. */
import type { ParsedEvent } from '#domain/event.ts';
import { LIMITS } from '#domain/limits.ts';
import { outcomeRank, type Axis, type Outcome } from '#domain/outcome.ts';
import type { FeatureValues } from '#features/definition.ts';
import type { World } from '#expression/world.ts';
import type { Rule } from '#policy/compiled-policy.ts';
import { formatCell } from '#policy/format-cell.ts';
import type { GivenMarks } from '#policy/policy-on-store.ts';
import type { LivePolicy } from '#decisioning/live-policy.ts';
import type { Counterfactual, SmallestChange } from './explanation.ts';
import { numericValues, type NumericValue } from './numeric-value.ts';
import { ifRecorded } from './part-value.ts';
import { turningPoints } from './turning-points.ts';

/** A payment as it was judged, to be judged again with something changed. */
export interface Trial {
  readonly live: LivePolicy;
  readonly event: ParsedEvent;
  readonly values: FeatureValues;
  readonly marks: GivenMarks;
  /** The axis whose outcome is looked at; undefined is the overall outcome. */
  readonly axis: Axis | undefined;
}

const MEANING = 'one value changes alone: all others, and what was measured from it, stay as they were';

export function counterfactual(trial: Trial, rules: readonly Rule[]): Counterfactual {
  const outcome = outcomeOf(trial) ?? 'approve';
  const head = { of: trial.axis === undefined ? 'overall' : 'fraud', outcome, meaning: MEANING } as const;
  if (outcome === 'approve') return { ...head, changes: [] };
  const acting = rules.filter(({ mode }) => mode === 'live');
  const changes = numericValues(trial.live.policy, acting, trial.event, trial.values)
    .map((value) => smallestChange(trial, acting, value, outcome));
  return { ...head, changes };
}

/** The outcome had the rule missed; undefined where the record cannot tell. */
export const outcomeWithout = (trial: Trial, rule: Rule): Outcome | undefined => outcomeOf(trial, rule.index);

function outcomeOf({ live, event, values, marks, axis }: Trial, without?: number): Outcome | undefined {
  return ifRecorded(() => {
    const { result } = live.bound.onStore.judgeMeasured(event, values, marks, live.interventions, without);
    return axis === undefined ? result.outcome : result[axis].outcome;
  });
}

function smallestChange(
  trial: Trial, rules: readonly Rule[], value: NumericValue, outcome: Outcome,
): SmallestChange {
  const { name, kind, type, currency, now, unit, least } = value;
  const shown = (cell: number) => formatCell(cell, type, currency);
  const head = { name, kind, value: shown(now) };
  const points = turningPoints(trial.live.policy, rules, value, (at) => worldAt(trial, value, at))
    .filter((point) => point !== now && point >= least && Math.abs(point) <= LIMITS.amountMinorMax)
    // The nearest first; of two as near, the lower one.
    .toSorted((a, b) => Math.abs(a - now) - Math.abs(b - now) || a - b)
    .slice(0, LIMITS.changeTrialsMax);
  for (const point of points) {
    const changed = outcomeOf(changedBy(trial, value, point));
    if (changed === undefined || outcomeRank(changed) >= outcomeRank(outcome)) continue;
    const by = unit === 1 ? point - now : Number((point - now).toFixed(6));
    return { ...head, to: shown(point), by, outcome: changed };
  }
  return { ...head, to: null, by: null, outcome: null };
}

function changedBy(trial: Trial, { kind, index }: NumericValue, to: number): Trial {
  const { event, values } = trial;
  if (kind === 'field') return { ...trial, event: { ...event, numbers: event.numbers.with(index, to) } };
  return { ...trial, values: { ...values, cells: values.cells.with(index, to) } };
}

function worldAt(trial: Trial, value: NumericValue, to: number): Omit<World, 'salt'> {
  const { live, event, values, marks } = changedBy(trial, value, to);
  return live.bound.onStore.worldMeasured(event, values, marks);
}
