import { LIMITS } from '#domain/limits.ts';

/** What is kept of the shared logs, for whoever opens them. */
export const REDIS_LOGS = {
  /** Twice the exact tier, so that a node that comes new has all of it, late events too. */
  entriesPerLogMax: 2 * LIMITS.exactEventsPerEntityMax,
  retentionMs: LIMITS.windowMsMax + LIMITS.occurredBehindMsMax,
} as const;
