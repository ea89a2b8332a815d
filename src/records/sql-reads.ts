/** What is read, in SQL. Every query that the product runs to read records is here. */
import { sql, type SelectQueryBuilder } from 'kysely';
import type {
  ApprovalRecord, ApprovalSubject, AuditEntry, BacktestRunRecord, BacktestRunSummary, EvidenceRecord,
  ListChangeRecord, ListChangeSummary, ListEntryRecord, Page, PublicationRecord, RecordReads, SnoozeRecord,
  VersionRecord,
} from '#ports/records.ts';
import { checkedLimit } from './page-limit.ts';
import * as rows from './record-rows.ts';
import type { RecordSql } from './sql-dialect.ts';
import type { RecordTables } from './tables.ts';

/** So many rows are a few milliseconds of the thread that gets them. */
const ENTRY_READ_COUNT = 2_000;
const VALUE_AFTER_ALL = 9_007_199_254_740_991;

export class SqlReads implements RecordReads {
  protected readonly sql: RecordSql;

  constructor(records: RecordSql) {
    this.sql = records;
  }

  async version(hash: string): Promise<VersionRecord | undefined> {
    const row = await this.sql.selectFrom('policy_version').selectAll().where('hash', '=', hash)
      .executeTakeFirst();
    return row === undefined ? undefined : rows.versionOf(row);
  }

  async versions(policy: string, page: Page): Promise<readonly VersionRecord[]> {
    const of = this.sql.selectFrom('policy_version').selectAll().where('policy', '=', policy);
    return (await this.#newest(of, page)).map(rows.versionOf);
  }

  /** From one name to the next along the index: versions are many, names are few. */
  async policyNames(): Promise<readonly string[]> {
    const { rows: found } = await sql<{ policy: string }>`
      with recursive name as (
        (select policy from policy_version order by policy limit 1)
        union all
        select (select later.policy from policy_version later
          where later.policy > name.policy order by later.policy limit 1)
        from name where name.policy is not null)
      select policy from name where policy is not null`.execute(this.sql);
    return found.map(({ policy }) => policy);
  }

  async evidence(hash: string): Promise<readonly EvidenceRecord[]> {
    const found = await this.sql.selectFrom('evidence').selectAll().where('hash', '=', hash)
      .orderBy('ordinal').execute();
    return found.map(rows.evidenceOf);
  }

  async approvals(subject: ApprovalSubject, hash: string): Promise<readonly ApprovalRecord[]> {
    const found = await this.sql.selectFrom('approval').selectAll()
      .where('subject', '=', subject).where('hash', '=', hash).orderBy('ordinal').execute();
    return found.map(rows.approvalOf);
  }

  async listChange(id: string): Promise<ListChangeRecord | undefined> {
    const row = await this.sql.selectFrom('list_change').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : rows.listChangeOf(row, await this.#changeEntries(id));
  }

  async listChangeSummary(id: string): Promise<ListChangeSummary | undefined> {
    const row = await this.#counted().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : rows.listChangeSummaryOf(row);
  }

  async listChanges(list: string, page: Page): Promise<readonly ListChangeSummary[]> {
    const of = this.#counted().where('list', '=', list);
    return (await this.#newest(of, page)).map(rows.listChangeSummaryOf);
  }

  /** With the last of its entries, which the index finds: they are numbered without gaps. */
  #counted() {
    const entries = this.sql.selectFrom('list_change_entry').select('list_change_entry.ordinal')
      .whereRef('change_id', '=', sql.ref('list_change.id'))
      .orderBy('list_change_entry.ordinal', 'desc').limit(1);
    return this.sql.selectFrom('list_change').selectAll('list_change').select([
      entries.where('is_removal', '=', false).as('last_added'),
      entries.where('is_removal', '=', true).as('last_removed'),
    ]);
  }

  async #changeEntries(id: string): Promise<Pick<ListChangeRecord, 'add' | 'remove'>> {
    const add: ListEntryRecord[] = [];
    const remove: (string | number)[] = [];
    for (const isRemoval of [false, true]) {
      for (let from = 0; ; from += ENTRY_READ_COUNT) {
        const found = await this.sql.selectFrom('list_change_entry').selectAll()
          .where('change_id', '=', id).where('is_removal', '=', isRemoval)
          .where('ordinal', '>=', from).where('ordinal', '<', from + ENTRY_READ_COUNT)
          .orderBy('ordinal').execute();
        for (const row of found) {
          if (isRemoval) remove.push(rows.valueOf(row));
          else add.push(rows.entryOf(row));
        }
        if (found.length < ENTRY_READ_COUNT) break;
      }
    }
    return { add, remove };
  }

  async listEntries(list: string): Promise<readonly ListEntryRecord[]> {
    const all: ListEntryRecord[] = [];
    let after = { isNumber: false, value: '', id: 0 };
    for (;;) {
      const found = await this.sql.selectFrom('list_entry').selectAll().where('list', '=', list)
        .where(sql<boolean>`(is_number, value, id) > (${after.isNumber}, ${after.value}, ${after.id})`)
        .orderBy('is_number').orderBy('value').orderBy('id').limit(ENTRY_READ_COUNT).execute();
      for (const row of found) all.push(rows.entryOf(row));
      const last = found.at(-1);
      if (last === undefined || found.length < ENTRY_READ_COUNT) return all;
      after = { isNumber: last.is_number, value: last.value, id: last.id };
    }
  }

  async snooze(id: string): Promise<SnoozeRecord | undefined> {
    const row = await this.sql.selectFrom('snooze').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : rows.snoozeOf(row);
  }

  async snoozesInForce(atMs: number): Promise<readonly SnoozeRecord[]> {
    const found = await this.sql.selectFrom('snooze').selectAll()
      .where('state', '=', sql.lit('published')).where('until_ms', '>', atMs)
      .orderBy('at_ms').orderBy('ordinal').execute();
    return found.map(rows.snoozeOf);
  }

  async snoozes(policy: string, page: Page): Promise<readonly SnoozeRecord[]> {
    const of = this.sql.selectFrom('snooze').selectAll().where('policy', '=', policy);
    return (await this.#newest(of, page)).map(rows.snoozeOf);
  }

  async backtestRun(id: string): Promise<BacktestRunRecord | undefined> {
    const row = await this.sql.selectFrom('backtest_run').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : rows.runOf(row);
  }

  async backtestRuns(hash: string, page: Page): Promise<readonly BacktestRunSummary[]> {
    const of = this.sql.selectFrom('backtest_run').select(rows.RUN_COLUMNS).where('hash', '=', hash);
    return (await this.#newest(of, page)).map(rows.runSummaryOf);
  }

  async publications(page: Page): Promise<readonly PublicationRecord[]> {
    const found = await this.sql.selectFrom('publication').selectAll()
      .where('position', '<', page.after ?? VALUE_AFTER_ALL).orderBy('position', 'desc')
      .limit(checkedLimit(page.limit)).execute();
    return found.map(rows.publicationOf);
  }

  async audit(fromSeq: number, limit: number): Promise<readonly AuditEntry[]> {
    const found = await this.sql.selectFrom('audit').selectAll().where('seq', '>=', fromSeq)
      .orderBy('seq').limit(checkedLimit(limit)).execute();
    return found.map(rows.auditOf);
  }

  async auditOf(subject: string, page: Page): Promise<readonly AuditEntry[]> {
    const found = await this.sql.selectFrom('audit').selectAll().where('subject', '=', subject)
      .where('seq', '<', page.after ?? VALUE_AFTER_ALL).orderBy('seq', 'desc')
      .limit(checkedLimit(page.limit)).execute();
    return found.map(rows.auditOf);
  }

  /** A page, with the ties of its last instant, of one instant the later first. */
  async #newest<Row extends Dated>(query: OfDated<Row>, { limit, after }: Page): Promise<readonly Row[]> {
    const found = await query.where('at_ms', '<', after ?? VALUE_AFTER_ALL).orderBy('at_ms', 'desc')
      .fetch(checkedLimit(limit), 'with ties').execute();
    return found.toSorted((left, right) => right.at_ms - left.at_ms || right.ordinal - left.ordinal);
  }
}

interface Dated { readonly at_ms: number; readonly ordinal: number }
type DatedTable = 'policy_version' | 'list_change' | 'snooze' | 'backtest_run';
type OfDated<Row> = SelectQueryBuilder<RecordTables, DatedTable, Row>;
