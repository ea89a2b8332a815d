/** The end of the audit in the database: where it stands, and the entry that comes next. */
import type { AuditEntry } from '#ports/records.ts';
import { auditText, NO_AUDIT, type AuditHead } from './audit-chain.ts';
import { sqlOnConnection } from './sql-dialect.ts';
import type { SqlConnection } from './sql-source.ts';

export async function auditHead(connection: SqlConnection): Promise<AuditHead> {
  const last = await sqlOnConnection(connection).selectFrom('audit').select(['seq', 'hash'])
    .orderBy('seq', 'desc').limit(1).executeTakeFirst();
  return last ?? NO_AUDIT;
}

export async function addAudit(connection: SqlConnection, audit: AuditEntry): Promise<void> {
  await connection.query('insert into audit (seq, subject, body, hash) values ($1, $2, $3, $4)',
    [audit.seq, audit.subject, auditText(audit), audit.hash]);
}
