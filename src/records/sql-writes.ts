/** What is written, in SQL, within a transaction that the store has begun. */
import { sql } from 'kysely';
import {
  RecordRefused,
  type ApprovalRecord, type BacktestRunRecord, type EvidenceRecord, type ListChangeRecord,
  type ListEntryRecord, type PublicationRecord, type RecordWrites, type SnoozeRecord, type VersionRecord,
} from '#ports/records.ts';
import { refuseUnsound } from './canonical-text.ts';
import { entriesText, jsonText } from './record-rows.ts';
import type { RecordSql } from './sql-dialect.ts';
import { SqlReads } from './sql-reads.ts';
import type { WriteCall } from './write-call.ts';

/** Entries in one statement: some milliseconds of whoever makes the text, and of the database. */
const ENTRY_WRITE_COUNT = 2_000;
/** Entries that are taken out one by one: so few that the index is always the way to them. */
const REMOVE_COUNT = 100;
const APPLY_COUNT = 10_000;

export class SqlWrites extends SqlReads implements RecordWrites {
  readonly #note: (call: WriteCall) => void;

  /** `note` is told of every write, so that it can be done again elsewhere. */
  constructor(records: RecordSql, note: (call: WriteCall) => void = () => {}) {
    super(records);
    this.#note = note;
  }

  #begin(call: WriteCall): void {
    refuseUnsound(call);
    this.#note(call);
  }

  async addVersion(version: VersionRecord): Promise<void> {
    this.#begin(['addVersion', version]);
    const { hash, policy, title, file, source, author, note } = version;
    await this.sql.insertInto('policy_version').values({
      hash, policy, version: version.version, title, file, source, author, note, at_ms: version.atMs,
      author_seal: version.authorSeal ?? null, withdrawn_at_ms: version.withdrawnAtMs ?? null,
    }).execute();
  }

  async withdrawVersion(hash: string, atMs: number): Promise<void> {
    this.#begin(['withdrawVersion', hash, atMs]);
    const { numUpdatedRows } = await this.sql.updateTable('policy_version')
      .set({ withdrawn_at_ms: sql<number>`coalesce(withdrawn_at_ms, ${atMs}::bigint)` })
      .where('hash', '=', hash).executeTakeFirst();
    refuseNone(numUpdatedRows, `version ${hash}`);
  }

  async addEvidence(evidence: EvidenceRecord): Promise<void> {
    this.#begin(['addEvidence', evidence]);
    const { hash, kind, passed, atMs, person, summary } = evidence;
    await this.sql.insertInto('evidence')
      .values({ hash, kind, passed, at_ms: atMs, person, summary: jsonText(summary) }).execute();
  }

  async addApproval(approval: ApprovalRecord): Promise<void> {
    this.#begin(['addApproval', approval]);
    const { subject, hash, role, person, atMs, seal } = approval;
    await this.sql.insertInto('approval')
      .values({ subject, hash, role, person, at_ms: atMs, seal }).execute();
  }

  /** A long list is noted and written in pieces. */
  async addListChange(change: ListChangeRecord): Promise<void> {
    const { id, add, remove } = change;
    this.#begin(['addListChange', { ...change, add: [], remove: [] }]);
    await this.sql.insertInto('list_change').values({
      id, hash: change.hash, list: change.list, kind: change.kind, author: change.author,
      author_seal: change.authorSeal ?? null, at_ms: change.atMs, reason: change.reason, state: change.state,
    }).execute();
    for (let from = 0; from < add.length; from += ENTRY_WRITE_COUNT) {
      await this.addChangeEntries(id, false, from, add.slice(from, from + ENTRY_WRITE_COUNT));
    }
    for (let from = 0; from < remove.length; from += ENTRY_WRITE_COUNT) {
      const entries = remove.slice(from, from + ENTRY_WRITE_COUNT).map((value) => (
        { value, fromMs: undefined, untilMs: undefined, note: '' }));
      await this.addChangeEntries(id, true, from, entries);
    }
  }

  /** Entries of a change that is there, from an ordinal on. */
  async addChangeEntries(
    id: string, isRemoval: boolean, firstOrdinal: number, entries: readonly ListEntryRecord[],
  ): Promise<void> {
    this.#begin(['addChangeEntries', id, isRemoval, firstOrdinal, entries]);
    await sql`
      insert into list_change_entry
        (change_id, is_removal, ordinal, is_number, value, from_ms, until_ms, note)
      select ${id}::text, ${isRemoval}::boolean,
        e.ordinal, e.is_number, e.value, e.from_ms, e.until_ms, e.note
      from jsonb_to_recordset(${entriesText(entries, firstOrdinal)}::jsonb)
        as e(ordinal bigint, is_number boolean, value text, from_ms bigint, until_ms bigint, note text)
    `.execute(this.sql);
  }

  async setListChangeState(id: string, state: ListChangeRecord['state']): Promise<void> {
    this.#begin(['setListChangeState', id, state]);
    const { numUpdatedRows } = await this.sql.updateTable('list_change').set({ state }).where('id', '=', id)
      .executeTakeFirst();
    refuseNone(numUpdatedRows, `list change ${id}`);
  }

  async applyListChange(id: string): Promise<void> {
    this.#begin(['applyListChange', id]);
    const change = await this.sql.selectFrom('list_change').select(['list', 'kind']).where('id', '=', id)
      .executeTakeFirst();
    if (change === undefined) throw new RecordRefused(`there is no list change ${id}`);
    const { list, kind } = change;
    if (kind === 'replace') await this.#emptyList(list);
    else await this.#removeFrom(list, id);
    for (let from = 0; ; from += APPLY_COUNT) {
      const { numInsertedOrUpdatedRows: added } = await this.sql.insertInto('list_entry')
        .columns(['list', 'is_number', 'value', 'from_ms', 'until_ms', 'note'])
        .expression((build) => build.selectFrom('list_change_entry')
          .select([sql<string>`${list}::text`.as('list'),
            'is_number', 'value', 'from_ms', 'until_ms', 'note'])
          .where('change_id', '=', id).where('is_removal', '=', false)
          .where('ordinal', '>=', from).where('ordinal', '<', from + APPLY_COUNT).orderBy('ordinal'))
        .executeTakeFirst();
      if ((added ?? 0n) < APPLY_COUNT) return;
    }
  }

  /** In pieces along the index, so that no statement takes longer than a server allows. */
  async #emptyList(list: string): Promise<void> {
    for (;;) {
      const next = this.sql.selectFrom('list_entry').select(['is_number', 'value', 'id'])
        .where('list', '=', list).orderBy('is_number').orderBy('value').orderBy('id').limit(APPLY_COUNT);
      const last = await this.sql.selectFrom(next.as('next')).selectAll()
        .orderBy('is_number', 'desc').orderBy('value', 'desc').orderBy('id', 'desc').limit(1)
        .executeTakeFirst();
      if (last === undefined) return;
      const { is_number: isNumber, value, id } = last;
      await this.sql.deleteFrom('list_entry').where('list', '=', list)
        .where(sql<boolean>`(is_number, value, id) <= (${isNumber}, ${value}, ${id})`).execute();
    }
  }

  async #removeFrom(list: string, id: string): Promise<void> {
    for (let from = 0; ; from += REMOVE_COUNT) {
      const removed = await this.sql.selectFrom('list_change_entry').select(['is_number', 'value'])
        .where('change_id', '=', id).where('is_removal', '=', true)
        .where('ordinal', '>=', from).where('ordinal', '<', from + REMOVE_COUNT).execute();
      for (const isNumber of [false, true]) {
        const values = removed.filter((one) => one.is_number === isNumber).map(({ value }) => value);
        if (values.length === 0) continue;
        await this.sql.deleteFrom('list_entry').where('list', '=', list).where('is_number', '=', isNumber)
          .where('value', 'in', values).execute();
      }
      if (removed.length < REMOVE_COUNT) return;
    }
  }

  async addSnooze(snooze: SnoozeRecord): Promise<void> {
    this.#begin(['addSnooze', snooze]);
    const { id, hash, policy, rule, field, value, reason, author, state } = snooze;
    await this.sql.insertInto('snooze').values({
      id, hash, policy, rule, field, value, reason, author, state, author_seal: snooze.authorSeal ?? null,
      from_ms: snooze.fromMs, until_ms: snooze.untilMs, at_ms: snooze.atMs,
    }).execute();
  }

  async setSnoozeState(id: string, state: SnoozeRecord['state']): Promise<void> {
    this.#begin(['setSnoozeState', id, state]);
    const { numUpdatedRows } = await this.sql.updateTable('snooze').set({ state }).where('id', '=', id)
      .executeTakeFirst();
    refuseNone(numUpdatedRows, `snooze ${id}`);
  }

  async putBacktestRun(run: BacktestRunRecord): Promise<void> {
    this.#begin(['putBacktestRun', run]);
    const { id, hash, person, status, done, total } = run;
    const changing = {
      hash, person, status, done, total, wanted: jsonText(run.order), report: jsonText(run.report),
      problem: run.problem ?? null, at_ms: run.atMs, ended_at_ms: run.endedAtMs ?? null,
    };
    await this.sql.insertInto('backtest_run').values({ id, ...changing })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(changing)).execute();
  }

  async addPublication(publication: PublicationRecord): Promise<void> {
    this.#begin(['addPublication', publication]);
    const { position, hash, kind, person, atMs, policies, detail } = publication;
    await this.sql.insertInto('publication').values({
      position, hash, kind, person, at_ms: atMs, policies: jsonText(policies), detail: jsonText(detail),
    }).execute();
  }
}

function refuseNone(written: bigint, what: string): void {
  if (written === 0n) throw new RecordRefused(`there is no ${what}`);
}
