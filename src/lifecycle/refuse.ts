/** Refusals of the life cycle, and a change that ends in one. */
import type { Refusal, RefusalCode } from '#domain/refusal.ts';
import { isRefusal } from '#domain/parse-event.ts';
import {
  RecordConflict, RecordRefused, type Json, type RecordStore, type RecordWrites,
} from '#ports/records.ts';
import type { Actor } from './parts.ts';

const FAULTS_SHOWN_MAX = 16;

export const refuse = (code: RefusalCode, detail: string, pointer?: string): Refusal =>
  ({ code, detail, errors: pointer === undefined ? [] : [{ pointer, detail }] });

/** All of them, up to a number of them; the detail says the first and how many there are. */
export function refuseAll(
  code: RefusalCode, faults: readonly { readonly pointer: string; readonly detail: string }[],
): Refusal {
  const [first = ''] = (faults[0]?.detail ?? '').split('\n');
  const detail = faults.length > 1 ? `${first} (and ${faults.length - 1} more)` : first;
  return { code, detail, errors: faults.slice(0, FAULTS_SHOWN_MAX) };
}

/** What keeps it from going live, all of it. */
export const gateClosed = (lacking: readonly string[]): Refusal =>
  refuseAll('gate_closed', lacking.map((detail) => ({ pointer: '', detail })));

/** What an audit entry says beside who and when. */
export interface Act {
  readonly action: string;
  readonly subject: string;
  readonly detail: Json;
}

class ChangeRefused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.refusal = refusal;
  }
}

/**
 * One audited change, or a refusal and nothing changed: `act` returns a refusal to leave all as it was.
 * Throws RecordsUnavailable.
 */
export async function audited<Result extends object>(
  { records, now }: { readonly records: RecordStore; readonly now: () => number }, { person }: Pick<Actor,
    'person'>,
  { action, subject, detail }: Act, act: (writes: RecordWrites, atMs: number) => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  const atMs = now();
  try {
    return await records.change({ atMs, person, action, subject, detail }, async (writes) => {
      const result = await act(writes, atMs);
      if (isRefusal(result)) throw new ChangeRefused(result);
      return result;
    });
  } catch (error) {
    if (error instanceof ChangeRefused) return error.refusal;
    if (error instanceof RecordConflict) return refuse('conflict', error.message);
    if (error instanceof RecordRefused) return refuse('not_allowed', error.message);
    throw error;
  }
}
