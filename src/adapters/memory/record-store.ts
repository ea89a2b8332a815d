/**
 * Records in memory, plainly: the oracle of the databases, and a store for tests. Nothing survives the
 * process.
 */
import {
  RecordConflict, RecordRefused, RecordsUnavailable,
  type ApprovalRecord, type ApprovalSubject, type AuditEntry, type BacktestRunRecord,
  type BacktestRunSummary, type EvidenceRecord, type ListChangeRecord, type ListChangeSummary,
  type ListEntryRecord, type NewAuditEntry, type Page, type PublicationRecord, type RecordStore,
  type RecordWrites, type SnoozeRecord, type VersionRecord,
} from '#ports/records.ts';
import { NO_AUDIT, nextAudit } from '#records/audit-chain.ts';
import { refuseUnsound } from '#records/canonical-text.ts';
import { listChangeSummary } from '#records/list-change-summary.ts';
import { checkedLimit } from '#records/page-limit.ts';
import { refuseStepBack } from '#records/state-order.ts';

interface Tables {
  readonly versions: Map<string, VersionRecord>;
  readonly evidence: EvidenceRecord[];
  readonly approvals: Map<string, ApprovalRecord>;
  readonly listChanges: Map<string, ListChangeRecord>;
  readonly lists: Map<string, readonly ListEntryRecord[]>;
  readonly snoozes: Map<string, SnoozeRecord>;
  readonly runs: Map<string, BacktestRunRecord>;
  readonly publications: Map<string, PublicationRecord>;
  readonly audit: AuditEntry[];
}

const noTables = (): Tables => ({
  versions: new Map(), evidence: [], approvals: new Map(), listChanges: new Map(), lists: new Map(),
  snoozes: new Map(), runs: new Map(), publications: new Map(), audit: [],
});

const copyOf = (tables: Tables): Tables => ({
  versions: new Map(tables.versions), evidence: [...tables.evidence], approvals: new Map(tables.approvals),
  listChanges: new Map(tables.listChanges), lists: new Map(tables.lists), snoozes: new Map(tables.snoozes),
  runs: new Map(tables.runs), publications: new Map(tables.publications), audit: [...tables.audit],
});

/** Reads and writes of one state of the tables. What goes in and out is copied: nobody shares it. */
class MemoryRecords implements RecordWrites {
  readonly tables: Tables;

  constructor(tables: Tables) {
    this.tables = tables;
  }

  async version(hash: string): Promise<VersionRecord | undefined> {
    return structuredClone(this.tables.versions.get(hash));
  }

  async versions(policy: string, page: Page): Promise<readonly VersionRecord[]> {
    const { versions } = this.tables;
    return pageOf([...versions.values()].filter((one) => one.policy === policy), page, atMs);
  }

  async policyNames(): Promise<readonly string[]> {
    return [...new Set([...this.tables.versions.values()].map(({ policy }) => policy))].sort(byCodePoint);
  }

  async evidence(hash: string): Promise<readonly EvidenceRecord[]> {
    return structuredClone(this.tables.evidence.filter((one) => one.hash === hash));
  }

  async approvals(subject: ApprovalSubject, hash: string): Promise<readonly ApprovalRecord[]> {
    const all = [...this.tables.approvals.values()];
    return structuredClone(all.filter((one) => one.subject === subject && one.hash === hash));
  }

  async listChange(id: string): Promise<ListChangeRecord | undefined> {
    return structuredClone(this.tables.listChanges.get(id));
  }

  async listChangeSummary(id: string): Promise<ListChangeSummary | undefined> {
    const change = this.tables.listChanges.get(id);
    return change === undefined ? undefined : structuredClone(listChangeSummary(change));
  }

  async listChanges(list: string, page: Page): Promise<readonly ListChangeSummary[]> {
    const changes = [...this.tables.listChanges.values()].filter((one) => one.list === list);
    return pageOf(changes, page, atMs).map(listChangeSummary);
  }

  async listEntries(list: string): Promise<readonly ListEntryRecord[]> {
    return structuredClone([...this.tables.lists.get(list) ?? []].sort(byValue));
  }

  async snooze(id: string): Promise<SnoozeRecord | undefined> {
    return structuredClone(this.tables.snoozes.get(id));
  }

  async snoozesInForce(at: number): Promise<readonly SnoozeRecord[]> {
    const all = [...this.tables.snoozes.values()].filter(({ state, untilMs }) =>
      state === 'published' && untilMs > at);
    return structuredClone(all.sort((left, right) => left.atMs - right.atMs));
  }

  async snoozes(policy: string, page: Page): Promise<readonly SnoozeRecord[]> {
    const { snoozes } = this.tables;
    return pageOf([...snoozes.values()].filter((one) => one.policy === policy), page, atMs);
  }

  async backtestRun(id: string): Promise<BacktestRunRecord | undefined> {
    return structuredClone(this.tables.runs.get(id));
  }

  async backtestRuns(hash: string, page: Page): Promise<readonly BacktestRunSummary[]> {
    const runs = [...this.tables.runs.values()].filter((one) => one.hash === hash);
    return pageOf(runs, page, atMs).map(({ report: _report, ...run }) => run);
  }

  async publications(page: Page): Promise<readonly PublicationRecord[]> {
    return pageOf([...this.tables.publications.values()], page, ({ position }) => position);
  }

  async audit(fromSeq: number, limit: number): Promise<readonly AuditEntry[]> {
    const from = this.tables.audit.filter(({ seq }) => seq >= fromSeq);
    return structuredClone(from.slice(0, checkedLimit(limit)));
  }

  async auditOf(subject: string, page: Page): Promise<readonly AuditEntry[]> {
    return pageOf(this.tables.audit.filter((one) => one.subject === subject), page, ({ seq }) => seq);
  }

  async addVersion(version: VersionRecord): Promise<void> {
    add(this.tables.versions, version.hash, version);
  }

  async withdrawVersion(hash: string, withdrawnAtMs: number): Promise<void> {
    const version = found(this.tables.versions, hash);
    this.tables.versions.set(hash, { ...version, withdrawnAtMs: version.withdrawnAtMs ?? withdrawnAtMs });
  }

  async addEvidence(evidence: EvidenceRecord): Promise<void> {
    refuseUnsound(evidence);
    found(this.tables.versions, evidence.hash);
    this.tables.evidence.push(structuredClone(evidence));
  }

  async addApproval(approval: ApprovalRecord): Promise<void> {
    const { subject, hash, role, person } = approval;
    const all: Readonly<Record<ApprovalSubject, Iterable<{ hash: string; author: string }>>> = {
      version: this.tables.versions.values(), list_change: this.tables.listChanges.values(),
      snooze: this.tables.snoozes.values(),
    };
    const authors = [...all[subject]].filter((one) => one.hash === hash).map(({ author }) => author);
    if (authors.length === 0) throw new RecordRefused(`there is no ${subject} ${hash} to approve`);
    if (authors.includes(person)) throw new RecordRefused(`${person} is the author of ${subject} ${hash}`);
    add(this.tables.approvals, JSON.stringify([subject, hash, role, person]), approval);
  }

  async addListChange(change: ListChangeRecord): Promise<void> {
    add(this.tables.listChanges, change.id, change);
  }

  async setListChangeState(id: string, state: ListChangeRecord['state']): Promise<void> {
    const change = found(this.tables.listChanges, id);
    refuseStepBack(`list change ${id}`, change.state, state);
    this.tables.listChanges.set(id, { ...change, state });
  }

  async applyListChange(id: string): Promise<void> {
    const change = found(this.tables.listChanges, id);
    const removed = new Set(change.remove);
    const before = change.kind === 'replace' ? [] : this.tables.lists.get(change.list) ?? [];
    this.tables.lists.set(change.list, [...before.filter(({ value }) => !removed.has(value)), ...change.add]);
  }

  async addSnooze(snooze: SnoozeRecord): Promise<void> {
    add(this.tables.snoozes, snooze.id, snooze);
  }

  async setSnoozeState(id: string, state: SnoozeRecord['state']): Promise<void> {
    const snooze = found(this.tables.snoozes, id);
    refuseStepBack(`snooze ${id}`, snooze.state, state);
    this.tables.snoozes.set(id, { ...snooze, state });
  }

  async putBacktestRun(run: BacktestRunRecord): Promise<void> {
    refuseUnsound(run);
    found(this.tables.versions, run.hash);
    this.tables.runs.set(run.id, structuredClone(run));
  }

  async addPublication(publication: PublicationRecord): Promise<void> {
    add(this.tables.publications, `${publication.position}`, publication);
  }
}

/** Reads see what is committed; changes wait for each other. */
export class MemoryRecordStore extends MemoryRecords implements RecordStore {
  #isClosed = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor() {
    super(noTables());
  }

  async change<Result>(
    entry: NewAuditEntry, act: (writes: RecordWrites) => Promise<Result>,
  ): Promise<Result> {
    const next = this.#last.then(() => this.#change(entry, act));
    this.#last = next.catch(() => {});
    return next;
  }

  async #change<Result>(
    entry: NewAuditEntry, act: (writes: RecordWrites) => Promise<Result>,
  ): Promise<Result> {
    if (this.#isClosed) throw new RecordsUnavailable('closed', 'the records are closed');
    const trial = new MemoryRecords(copyOf(this.tables));
    const result = await act(trial);
    trial.tables.audit.push(nextAudit(trial.tables.audit.at(-1) ?? NO_AUDIT, structuredClone(entry)));
    Object.assign(this.tables, trial.tables);
    return result;
  }

  async noteProgress(run: BacktestRunRecord): Promise<void> {
    const next = this.#last.then(() => this.putBacktestRun(run));
    this.#last = next.catch(() => {});
    return next;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }
}

function add<Row>(table: Map<string, Row>, key: string, row: Row): void {
  refuseUnsound(row);
  if (table.has(key)) throw new RecordConflict(`${key} is there already`);
  table.set(key, structuredClone(row));
}

function found<Row>(table: ReadonlyMap<string, Row>, key: string): Row {
  const row = table.get(key);
  if (row === undefined) throw new RecordRefused(`there is no ${key}`);
  return row;
}

const atMs = (row: { readonly atMs: number }): number => row.atMs;

/** Newest first, of one instant the later added first; a page does not end within an instant. */
function pageOf<Row>(rows: readonly Row[], page: Page, place: (row: Row) => number): readonly Row[] {
  const { after = Number.POSITIVE_INFINITY } = page;
  const limit = checkedLimit(page.limit);
  const newest = rows.toReversed().filter((row) => place(row) < after)
    .sort((left, right) => place(right) - place(left));
  const last = newest[limit - 1];
  const end = last === undefined ? -Infinity : place(last);
  return structuredClone(newest.filter((row) => place(row) >= end));
}

const byCodePoint = (left: string, right: string): number =>
  Buffer.compare(Buffer.from(left), Buffer.from(right));

const byValue = ({ value: left }: ListEntryRecord, { value: right }: ListEntryRecord): number =>
  (typeof left === typeof right ? byCodePoint(`${left}`, `${right}`) : typeof left === 'string' ? -1 : 1);
