/**
 * What takes a rule's effect away from outside of its policy: the brake, in a segment of payments, and a
 * snooze, for one entity. The rule is judged all the same, and the answer says what was withheld and why.
 */
import type { Degradation } from '#domain/decision.ts';
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';

export interface RuleBrake {
  /** Payments with this text in the slot; undefined: all. */
  readonly segment: { readonly slot: number; readonly value: string } | undefined;
  /** RFC 3339. */
  readonly since: string;
  readonly because: string;
}

export interface RuleSnooze {
  readonly id: string;
  readonly slot: number;
  readonly value: string;
  /** Holds in [fromMs, untilMs), by event time. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** The end as it was written. */
  readonly until: string;
}

export interface RuleIntervention {
  readonly brakes: readonly RuleBrake[];
  /** By slot, then by value: there may be thousands. */
  readonly snoozes: ReadonlyMap<number, ReadonlyMap<string, readonly RuleSnooze[]>>;
}

/** By rule index; undefined where nothing is in force. */
export type Interventions = readonly (RuleIntervention | undefined)[];

/** What became of a rule that would have acted. */
export interface Withheld {
  readonly effect: 'excepted' | 'shadow';
  /** Follows the reason's text. */
  readonly note: string;
  readonly brake: RuleBrake | undefined;
}

/** A snooze before a brake: it is about this very entity. */
export function withheld(
  { brakes, snoozes }: RuleIntervention, event: ParsedEvent,
): Withheld | undefined {
  const now = event.numbers[T_SLOT] ?? Number.NaN;
  for (const [slot, byValue] of snoozes) {
    const value = event.texts[slot];
    const found = value === undefined ? undefined
      : byValue.get(value)?.find(({ fromMs, untilMs }) => now >= fromMs && now < untilMs);
    if (found !== undefined) {
      return { effect: 'excepted', note: ` (snoozed until ${found.until}: ${found.id})`, brake: undefined };
    }
  }
  const brake = brakes.find(({ segment }) =>
    segment === undefined || event.texts[segment.slot] === segment.value);
  return brake && { effect: 'shadow', note: ` (in shadow since ${brake.since}: braked)`, brake };
}

/** As the answer tells it, under `degraded`; the axis keeps it from callers who may not know of the rule. */
export const brakedPart = (
  rule: string, axis: Degradation['axis'], { since, because }: RuleBrake,
): Degradation => ({
  part: `rule/${rule}`, cause: `braked since ${since}: ${because}`, fallback: 'shadow',
  ...(axis === undefined ? {} : { axis }),
});
