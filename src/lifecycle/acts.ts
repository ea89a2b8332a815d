import type { AuditEntry, RecordReads } from '#ports/records.ts';

const PAGE_ACTS = 200;

/** With it what was asked and approved of a policy's retirement is done, and counts no more. */
export const RETIRE = 'policy.retire';
export const retirementSubject = (policy: string): string => `retirement/${policy}`;

/** What the audit says was done to a subject, newest first and all of it: read on until enough is known. */
export async function* actsOn(
  records: Pick<RecordReads, 'auditOf'>, subject: string,
): AsyncGenerator<AuditEntry> {
  for (let after: number | undefined; ;) {
    const acts = await records.auditOf(subject, { limit: PAGE_ACTS, after });
    yield* acts;
    if (acts.length < PAGE_ACTS) return;
    after = acts.at(-1)?.seq;
  }
}
