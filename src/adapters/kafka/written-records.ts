import type { readRecordsBatch } from '@platformatic/kafka';
import type { WrittenRecord } from '#ports/topic.ts';

type RecordsBatch = ReturnType<typeof readRecordsBatch>;

/** Bits of a batch: its time is the broker's own; it says where a transaction ends, and holds no record. */
const BROKER_TIME = 8;
const CONTROL = 32;

/**
 * What of an answer was asked for: from an offset on, and before another. `next` is where to go on; it passes
 * over what compaction has taken away.
 */
export function writtenRecords(
  partition: number, batches: readonly RecordsBatch[], from: number, before = Infinity,
): { readonly next: number; readonly written: readonly WrittenRecord[] } {
  const written: WrittenRecord[] = [];
  let next = from;
  for (const { firstOffset, lastOffsetDelta, attributes, firstTimestamp, maxTimestamp, records } of batches) {
    const first = Number(firstOffset);
    next = Math.max(next, first + lastOffsetDelta + 1);
    if ((attributes & CONTROL) !== 0) continue;
    for (const { offsetDelta, timestampDelta, key, value, headers } of records) {
      const offset = first + offsetDelta;
      if (offset < from || offset >= before) continue;
      const atMs = (attributes & BROKER_TIME) === 0 ? firstTimestamp + timestampDelta : maxTimestamp;
      written.push({
        key: key?.toString() ?? '', value: value ?? new Uint8Array(), headers: named(headers),
        place: { partition, offset }, writtenAtMs: Number(atMs),
      });
    }
  }
  return { next, written };
}

function named(headers: readonly (readonly [Buffer | null, Buffer | null])[]): Record<string, Uint8Array> {
  return Object.fromEntries(headers.map(([name, bytes]) =>
    [name?.toString() ?? '', bytes ?? new Uint8Array()]));
}
