/** The nodes of a fleet seal with one key: the audit of their records says which, by its fingerprint. */
import { createHmac } from 'node:crypto';
import { SYSTEM_PERSON } from '#ports/key-store.ts';
import { RecordsUnavailable, type AuditEntry, type RecordReads, type RecordStore } from '#ports/records.ts';

const SUBJECT = 'seal_key';
const ACTION = 'seal_key.use';
const FINGERPRINT_CHARS = 16;
const RETRY_MS = 2_000;

export class OtherSealKey extends Error {}

export interface SealKeyClaim {
  readonly records: RecordStore;
  readonly key: Uint8Array;
  /** Fingerprint of the key that this one takes the place of. */
  readonly replaces: string | undefined;
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
}

/** Waits for the records. Throws OtherSealKey: what the others have sealed would approve nothing here. */
export async function claimSealKey(claim: SealKeyClaim): Promise<void> {
  for (;;) {
    try {
      return await claimed(claim);
    } catch (error) {
      if (!(error instanceof RecordsUnavailable) || error.code === 'closed') throw error;
    }
    await claim.clock.sleep(RETRY_MS);
  }
}

async function claimed({ records, key, replaces, clock }: SealKeyClaim): Promise<void> {
  const own = fingerprintOf(key);
  if (await inUse(records) === own) return;
  const detail = { fingerprint: own, ...(replaces === undefined ? {} : { replaces }) };
  const entry = { atMs: clock.now(), person: SYSTEM_PERSON, action: ACTION, subject: SUBJECT, detail };
  try {
    await records.change(entry, async (writes) => {
      // Another node may have been first.
      const used = await inUse(writes);
      if (used === own) throw new UsedAlready();
      if (used !== undefined && used !== replaces) throw new OtherSealKey(differs(own, used));
    });
  } catch (error) {
    if (!(error instanceof UsedAlready)) throw error;
  }
}

class UsedAlready extends Error {}

async function inUse(records: Pick<RecordReads, 'auditOf'>): Promise<string | undefined> {
  const [newest] = await records.auditOf(SUBJECT, { limit: 1, after: undefined });
  return newest && fingerprintIn(newest);
}

function fingerprintIn({ detail }: AuditEntry): string | undefined {
  const { fingerprint } = Object(detail) as { fingerprint?: unknown };
  return typeof fingerprint === 'string' ? fingerprint : undefined;
}

/** Tells keys apart, and nothing of a key. */
const fingerprintOf = (key: Uint8Array): string =>
  createHmac('sha256', key).update('seal key of a fleet').digest('hex').slice(0, FINGERPRINT_CHARS);

const differs = (own: string, used: string): string =>
  `the seal key of this node (${own}) is not the one that the records name (${used}): give all nodes the `
  + 'same folder of keys (ASSAY_KEYS). Where that key is lost, start one node with '
  + `ASSAY_SEAL_KEY_REPLACES=${used}; approvals that it sealed and that are not published yet are lost then`;
