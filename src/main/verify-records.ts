/** Is the audit of the records whole? Changes nothing; of embedded ones the journal is read. */
import { LocalLogReader } from '#adapters/log-files/decision-log-reader.ts';
import { verifyLog } from '#adapters/log-files/decision-log-verify.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { parsePiece } from '#adapters/pglite/change-record.ts';
import type { LogReader } from '#ports/decision-log.ts';
import type { AuditEntry } from '#ports/records.ts';
import { NO_AUDIT, verifyAudit, type AuditHead, type AuditVerdict } from '#records/audit-chain.ts';
import { recordsJournal, type RecordsPlace } from './open-records.ts';

/** Undefined where there are no records. `anchor`: a head that was noted earlier. */
export async function verifyRecords(
  place: RecordsPlace, anchor: AuditHead | undefined,
): Promise<AuditVerdict | undefined> {
  if ('url' in place) return verifyOnServer(place.url, anchor);
  const folder = recordsJournal(place.folder);
  if ((await nodeDisk.list(folder)).length === 0) return undefined;
  const { damage, recordCount } = await verifyLog(nodeDisk, folder);
  if (damage !== undefined) return { head: NO_AUDIT, damage: damage.message };
  const reader = await LocalLogReader.open(nodeDisk, { folder }, recordCount);
  const entries = auditIn(reader);
  return verifyAudit({ audit: (_, limit) => next(entries, limit) }, anchor);
}

async function verifyOnServer(url: string, anchor: AuditHead | undefined): Promise<AuditVerdict> {
  const [{ lendPostgres }, { SqlRecordStore }] = await Promise.all([
    import('#adapters/postgres/postgres-source.ts'), import('#records/sql-record-store.ts'),
  ]);
  const store = new SqlRecordStore(lendPostgres(url));
  try {
    return await verifyAudit(store, anchor);
  } finally {
    await store.close();
  }
}

async function* auditIn(journal: LogReader): AsyncGenerator<AuditEntry> {
  for await (const record of journal.read(1)) {
    const { audit } = await parsePiece(record);
    if (audit !== undefined) yield audit;
  }
}

/** Asked for in order, so each page goes on where the one before ended. */
async function next(entries: AsyncGenerator<AuditEntry>, limit: number): Promise<readonly AuditEntry[]> {
  const page: AuditEntry[] = [];
  while (page.length < limit) {
    const one = await entries.next();
    if (one.done === true) break;
    page.push(one.value);
  }
  return page;
}
