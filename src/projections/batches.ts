import type { Clock } from '#ports/clock.ts';
import type { WrittenRecord } from '#ports/topic.ts';

export interface BatchBounds {
  readonly recordsMax: number;
  /** Of values, headers and keys; a record that is larger is a batch of its own. */
  readonly bytesMax: number;
  /** How long the first of a batch waits for others. */
  readonly waitMsMax: number;
}

/** What comes, in the order in which it comes, in pieces that are not empty. */
export async function* batchesOf(
  records: AsyncIterable<WrittenRecord>, bounds: BatchBounds, clock: Pick<Clock, 'sleep'>,
  waitMs = (): number => bounds.waitMsMax,
): AsyncIterable<readonly WrittenRecord[]> {
  const coming = records[Symbol.asyncIterator]();
  try {
    for (let asked = askedFor(coming), first = await asked; first.done !== true; first = await asked) {
      const batch = [first.value];
      let bytes = bytesOf(first.value);
      const late = clock.sleep(waitMs()).then(() => 'late' as const);
      asked = askedFor(coming);
      while (batch.length < bounds.recordsMax) {
        const got = await Promise.race([asked, late]);
        if (got === 'late' || got.done === true || bytes + bytesOf(got.value) > bounds.bytesMax) break;
        batch.push(got.value);
        bytes += bytesOf(got.value);
        asked = askedFor(coming);
      }
      yield batch;
    }
  } finally {
    // What is being waited for ends when whoever asked for it says so.
    coming.return?.().catch(() => {});
  }
}

/** Where it fails while a batch is being used, that is told when the next one is asked for. */
function askedFor(coming: AsyncIterator<WrittenRecord>): Promise<IteratorResult<WrittenRecord, unknown>> {
  const asked = coming.next();
  asked.catch(() => {});
  return asked;
}

function bytesOf({ key, value, headers }: WrittenRecord): number {
  let bytes = key.length + value.length;
  for (const [name, said] of Object.entries(headers)) bytes += name.length + said.length;
  return bytes;
}
