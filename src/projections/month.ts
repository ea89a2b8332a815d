/** The months, in UTC, by which records are kept. */
import type { WrittenRecord } from '#ports/topic.ts';

/** 2100-01-01: a clock that says more is wrong, and would be kept for ever. */
const WRITTEN_MS_MAX = 4_102_444_799_999;

/** When a record was written, as far as that can be: a topic may say nothing of it, or nonsense. */
export const placedAtMs = ({ writtenAtMs }: WrittenRecord): number =>
  Math.min(WRITTEN_MS_MAX, Math.max(0, Math.floor(writtenAtMs)));

export function monthStartMs(atMs: number): number {
  const at = new Date(atMs);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth());
}
