import { RECORD_PAGE_MAX } from '#ports/records.ts';

/** Throws RangeError for a limit that no page has. */
export function checkedLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= RECORD_PAGE_MAX) return limit;
  throw new RangeError(`a page has 1 to ${RECORD_PAGE_MAX} records, not ${limit}`);
}
