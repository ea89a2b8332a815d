/**
 * One answered payment against the naive books: what was counted, what was decided, and under which policy.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Message, Payment } from './message.ts';
import { naiveFeatures } from './naive-features.ts';
import type { Arrival } from './naive-features.ts';
import { naiveJudgement } from './naive-policy.ts';
import type { Edition, Measures } from './naive-policy.ts';
import { Violation } from './violation.ts';

/** The members of an answered decision that the auditor works out for itself. */
export interface SeenDecision {
  readonly object: string;
  readonly transaction_id: string;
  readonly outcome: string;
  readonly fraud: object;
  readonly aml: object;
  readonly reasons: readonly { readonly rule: string; readonly effect: string }[];
  readonly unknown: readonly { readonly rule: string }[];
  readonly features: Readonly<Record<string, unknown>>;
  readonly policy: { readonly name: string; readonly version: number; readonly hash: string };
  readonly log_position: { readonly position: number };
  readonly degraded: readonly { readonly part: string }[];
  readonly adjusted?: object;
  readonly created_at: string;
}

const AHEAD_MS = 5 * 60_000;
const BEHIND_MS = 7 * 86_400_000;

/** Event time as it counts for an arrival at this moment, and what the answer has to say of it. */
export function effectiveTime(
  message: Message,
  receivedAtMs: number,
): { readonly tMs: number; readonly adjusted: unknown } {
  const sentMs = message.occurredAtMs;
  const tMs = Math.min(Math.max(sentMs, receivedAtMs - BEHIND_MS), receivedAtMs + AHEAD_MS);
  const text = (ms: number): string => new Date(ms).toISOString();
  return {
    tMs,
    adjusted: tMs === sentMs ? undefined : { occurred_at: { from: text(sentMs), to: text(tMs) } },
  };
}

/** Throws a Violation where anything in the decision is not what the books say. */
export function checkDecision(
  key: string,
  seen: SeenDecision,
  now: Arrival<Payment>,
  before: readonly Arrival[],
  limits: Edition,
  measures: Measures,
): void {
  const features = naiveFeatures(now, before);
  for (const [name, value] of Object.entries(features)) {
    if (!isDeepStrictEqual(seen.features[name], value)) {
      const [got, want] = [JSON.stringify(seen.features[name]), JSON.stringify(value)];
      throw new Violation('P2', key, `${name} at position ${now.position} is ${got}, the books say ${want}`);
    }
  }
  const judged = naiveJudgement(now, features, limits, measures);
  const same = (what: string, got: unknown, want: unknown): void => {
    if (isDeepStrictEqual(got, want)) return;
    throw new Violation(
      'P6',
      key,
      `${what} at position ${now.position} is ${JSON.stringify(got)}, the books say ${JSON.stringify(want)}`,
    );
  };
  same('outcome', seen.outcome, judged.outcome);
  same('fraud', seen.fraud, judged.fraud);
  same('aml', seen.aml, judged.aml);
  same('reasons', seen.reasons.map(({ rule, effect }) => `${rule} ${effect}`).toSorted(), judged.reasons);
  same('rules that cannot say', seen.unknown.map(({ rule }) => rule).toSorted(), judged.unknown);
  same('policy', seen.policy, { name: 'audit', version: limits.version, hash: limits.hash });
  same('object', seen.object, 'decision');
  same('transaction', seen.transaction_id, now.message.id);
  same('degraded', seen.degraded.map(({ part }) => part).toSorted(), judged.degraded);
  same('adjusted', seen.adjusted, effectiveTime(now.message, now.receivedAtMs).adjusted);
}
