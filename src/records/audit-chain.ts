/** The hash chain of the audit: an entry that is changed, taken away or put in between is found. */
import { createHash } from 'node:crypto';
import type { AuditEntry, NewAuditEntry, RecordReads } from '#ports/records.ts';
import { canonicalText } from './canonical-text.ts';

const READ_COUNT = 500;

export interface AuditHead {
  /** 0 where nothing was audited yet, with an empty hash. */
  readonly seq: number;
  readonly hash: string;
}
export const NO_AUDIT: AuditHead = { seq: 0, hash: '' };

/** What is hashed of an entry, and stored as it was hashed. */
export function auditText({ seq, atMs, person, action, subject, detail }: Omit<AuditEntry, 'hash'>): string {
  return canonicalText({ seq, atMs, person, action, subject, detail });
}

/** The database computes the same in a trigger. */
export const auditHash = (previousHash: string, text: string): string =>
  createHash('sha256').update(`${previousHash}\n${text}`).digest('hex');

export function nextAudit(head: AuditHead, entry: NewAuditEntry): AuditEntry {
  const next = { ...entry, seq: head.seq + 1 };
  return { ...next, hash: auditHash(head.hash, auditText(next)) };
}

export interface AuditVerdict {
  /** Of the last good entry: keep it elsewhere, and an audit written anew is found too. */
  readonly head: AuditHead;
  /** The first entry that does not follow from those before it. */
  readonly damage: string | undefined;
}

/** Reads the whole audit. `anchor`: a head that was noted earlier, which the audit must still have. */
export async function verifyAudit(
  reads: Pick<RecordReads, 'audit'>, anchor?: AuditHead,
): Promise<AuditVerdict> {
  let head = NO_AUDIT;
  for (;;) {
    const entries = await reads.audit(head.seq + 1, READ_COUNT);
    for (const entry of entries) {
      const damage = faultOf(entry, head, anchor);
      if (damage !== undefined) return { head, damage };
      head = { seq: entry.seq, hash: entry.hash };
    }
    if (entries.length < READ_COUNT) break;
  }
  const isShort = anchor !== undefined && anchor.seq > head.seq;
  return { head, damage: isShort ? `audit entry ${anchor.seq} was there, and is not` : undefined };
}

function faultOf(entry: AuditEntry, head: AuditHead, anchor: AuditHead | undefined): string | undefined {
  if (entry.seq !== head.seq + 1) return `audit entry ${head.seq + 1} is missing; the next is ${entry.seq}`;
  const expected = auditHash(head.hash, auditText(entry));
  const wanted = anchor?.seq === entry.seq ? anchor.hash : expected;
  if (expected === entry.hash && wanted === expected) return undefined;
  return `audit entry ${entry.seq} was changed: its hash is ${expected}, recorded is `
    + `${expected === entry.hash ? wanted : entry.hash}`;
}
