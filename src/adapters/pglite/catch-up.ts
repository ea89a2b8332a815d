/** Brings the embedded database to the journal's end. */
import type { LogReader } from '#ports/decision-log.ts';
import { NO_AUDIT } from '#records/audit-chain.ts';
import { addAudit, auditHead } from '#records/audit-rows.ts';
import { sqlOnConnection } from '#records/sql-dialect.ts';
import type { SqlConnection } from '#records/sql-source.ts';
import { SqlWrites } from '#records/sql-writes.ts';
import { writeAgain, type WriteCall } from '#records/write-call.ts';
import { parsePiece, type ChangePiece } from './change-record.ts';

/** The journal position that the database is at; not part of the records, so no step of their schema. */
export const MARK_TABLE = `
create table if not exists journal_mark (
  only_row boolean primary key default true check (only_row), position bigint not null);
insert into journal_mark (position) values (0) on conflict do nothing`;

/** The database has what the journal does not: the journal has lost its end. */
export class JournalShort extends Error {}
/** The database is at a position of the journal, and not with the audit that the journal has there. */
export class OtherHistory extends Error {}

export async function setMark(connection: SqlConnection, position: number): Promise<void> {
  await connection.query('update journal_mark set position = $1', [position]);
}

/** Resolves how many records were done again. Throws JournalShort, OtherHistory, SqlFault. */
export async function catchUp(connection: SqlConnection, journal: LogReader): Promise<number> {
  const mark = await markOf(connection);
  const end = journal.durable.position;
  if (mark > end) {
    throw new JournalShort(`the database of the records has ${mark} records of the journal, which ends after `
      + `${end}: put the journal back, or remove the database to go on with what the journal has`);
  }
  await refuseOtherHistory(connection, journal, mark);
  let calls: WriteCall[] = [];
  for await (const record of journal.read(mark + 1)) {
    const piece = await parsePiece(record);
    // What came before without a last piece is a change that was never made.
    calls = piece.piece === 0 ? [...piece.calls] : [...calls, ...piece.calls];
    if (!piece.isLast) continue;
    await doAgain(connection, calls, piece, record.position);
  }
  return end - mark;
}

async function markOf(connection: SqlConnection): Promise<number> {
  const { rows: [row] } = await connection.query('select position from journal_mark', []);
  return typeof row === 'object' && row !== null && 'position' in row ? Number(row.position) : 0;
}

async function refuseOtherHistory(
  connection: SqlConnection, journal: LogReader, mark: number,
): Promise<void> {
  const record = mark === 0 ? undefined : await journal.get(mark);
  const expected = record === undefined ? NO_AUDIT : (await parsePiece(record)).head;
  const found = await auditHead(connection);
  if (found.seq !== expected.seq || found.hash !== expected.hash) {
    throw new OtherHistory(`its audit ends with entry ${found.seq} where the journal says ${expected.seq}, `
      + 'or with another hash');
  }
}

async function doAgain(
  connection: SqlConnection, calls: readonly WriteCall[], { audit }: ChangePiece, position: number,
): Promise<void> {
  await connection.script('begin');
  const writes = new SqlWrites(sqlOnConnection(connection));
  for (const call of calls) await writeAgain(writes, call);
  if (audit !== undefined) await addAudit(connection, audit);
  await setMark(connection, position);
  await connection.script('commit');
}
