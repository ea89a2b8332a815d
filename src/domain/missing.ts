/**
 * Why a value is not there. A missing value is never zero, false or the empty text: a comparison with it is
 * unknown (Kleene), and what unknown does is written in the policy.
 * - absent: the field was not sent
 * - no_history: no past event to aggregate
 * - no_rate: no exchange rate for that currency and day
 * - overflow: an exact integer no longer fits (beyond 2^53 - 1)
 * - division_by_zero
 * - stale: a fact older than its `max_age`, or never delivered
 * - degraded: a store was late or failed
 * - required: a `require` condition was not met
 */
export const MISSING_REASONS = [
  'absent', 'no_history', 'no_rate', 'overflow', 'division_by_zero', 'stale', 'degraded', 'required',
] as const;
export type MissingReason = (typeof MISSING_REASONS)[number];
