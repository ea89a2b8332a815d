import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { dayMs } from './gate.ts';

export interface Expiry {
  readonly policy: string;
  /** The day that it was meant to hold until, 00:00 UTC; undefined: no day. */
  readonly until: string | undefined;
  readonly isExpired: boolean;
}

/** A policy whose day has passed goes on deciding, and somebody should know. */
export const expiryOf = (
  policies: readonly Pick<CompiledPolicy, 'name' | 'effective'>[], nowMs: number,
): readonly Expiry[] => policies.map(({ name, effective: { until } }) => {
  const endMs = dayMs(until);
  return { policy: name, until, isExpired: endMs !== undefined && nowMs >= endMs };
});
