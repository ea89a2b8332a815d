/** Was there a reason to brake? Worked out from the answers, with a wide margin for when looks were taken. */
import type { SeenDecision } from './check-decision.ts';
import type { Held } from './naive-policy.ts';
import { Violation } from './violation.ts';

const PAYMENTS_MIN = 200;
/** More than a fifth of them. */
const ACTS_MIN = 41;
/** A minute; and the clock may have stepped within it, by up to two. */
const NEAR_MS = 200_000;
const WITHHELD: readonly string[] = ['excepted', 'shadow'];

export interface Answered {
  readonly kind: string;
  readonly receivedAtMs: number;
  readonly seen: SeenDecision;
}

/** Throws a Violation where the answers before it give no reason for it. */
export function checkBrake(
  { rule, kind, since }: Held, position: number, before: readonly Answered[],
): void {
  const sinceMs = Date.parse(since ?? '');
  const near = before.filter((one) => (kind === undefined || one.kind === kind)
    && one.seen.log_position.position < position && Math.abs(one.receivedAtMs - sinceMs) <= NEAR_MS);
  const acts = near.filter(({ seen }) => seen.unknown.some((one) => one.rule === rule)
    || seen.reasons.some((one) => one.rule === rule && !WITHHELD.includes(one.effect)));
  if (near.length >= PAYMENTS_MIN && acts.length >= ACTS_MIN) return;
  throw new Violation('P10', undefined, `${rule} is braked at position ${position} since ${since}: `
    + `it acted on ${acts.length} of ${near.length} payments of ${kind ?? 'any kind'}`);
}
