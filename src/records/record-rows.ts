/** Rows to records and back. What may be left out is null in a row. */
import type {
  ApprovalRecord, AuditEntry, BacktestRunRecord, BacktestRunSummary, EvidenceRecord, Json, ListChangeRecord,
  ListChangeSummary, ListEntryRecord, PublicationRecord, SnoozeRecord, VersionRecord,
} from '#ports/records.ts';
import { auditText } from './audit-chain.ts';
import type { RowOf } from './tables.ts';

const orUndefined = <Value>(value: Value | null): Value | undefined => (value === null ? undefined : value);
const sealOf = (seal: string | null): { authorSeal?: string } => (seal === null ? {} : { authorSeal: seal });

export const versionOf = (row: Omit<RowOf<'policy_version'>, 'ordinal'>): VersionRecord => ({
  hash: row.hash, policy: row.policy, version: row.version, title: row.title, file: row.file,
  source: row.source, author: row.author, atMs: row.at_ms, note: row.note,
  withdrawnAtMs: orUndefined(row.withdrawn_at_ms), ...sealOf(row.author_seal),
});

export const evidenceOf = (row: RowOf<'evidence'>): EvidenceRecord => ({
  hash: row.hash, kind: row.kind, passed: row.passed, atMs: row.at_ms, person: row.person,
  summary: row.summary,
});

export const approvalOf = (row: RowOf<'approval'>): ApprovalRecord => ({
  subject: row.subject, hash: row.hash, role: row.role, person: row.person, atMs: row.at_ms, seal: row.seal,
});

type EntryRow = Pick<RowOf<'list_entry'>, 'is_number' | 'value' | 'from_ms' | 'until_ms' | 'note'>;

export const entryOf = (row: EntryRow): ListEntryRecord => ({
  value: valueOf(row), fromMs: orUndefined(row.from_ms), untilMs: orUndefined(row.until_ms), note: row.note,
});

export const valueOf = (row: Pick<EntryRow, 'is_number' | 'value'>): string | number =>
  (row.is_number ? Number(row.value) : row.value);

/** The columns of many entries, one list a column, as text of JSON: one parameter for a whole chunk. */
export const entriesText = (entries: readonly ListEntryRecord[], firstOrdinal: number): string =>
  JSON.stringify(entries.map(({ value, fromMs, untilMs, note }, index) => ({
    ordinal: firstOrdinal + index, is_number: typeof value === 'number', value: `${value}`,
    from_ms: fromMs ?? null, until_ms: untilMs ?? null, note,
  })));

export const listChangeOf = (
  row: RowOf<'list_change'>, entries: Pick<ListChangeRecord, 'add' | 'remove'>,
): ListChangeRecord => ({ ...changeOf(row), add: entries.add, remove: entries.remove });

export const listChangeSummaryOf = (
  row: RowOf<'list_change'> & { readonly last_added: number | null; readonly last_removed: number | null },
): ListChangeSummary => ({
  ...changeOf(row), added: (row.last_added ?? -1) + 1, removed: (row.last_removed ?? -1) + 1,
});

const changeOf = (row: RowOf<'list_change'>): Omit<ListChangeRecord, 'add' | 'remove'> => ({
  id: row.id, hash: row.hash, list: row.list, kind: row.kind, author: row.author, atMs: row.at_ms,
  reason: row.reason, state: row.state, ...sealOf(row.author_seal),
});

export const snoozeOf = (row: RowOf<'snooze'>): SnoozeRecord => ({
  id: row.id, hash: row.hash, policy: row.policy, rule: row.rule, field: row.field, value: row.value,
  fromMs: row.from_ms, untilMs: row.until_ms, reason: row.reason, author: row.author, atMs: row.at_ms,
  state: row.state, ...sealOf(row.author_seal),
});

export const runOf = (row: RowOf<'backtest_run'>): BacktestRunRecord =>
  ({ ...runSummaryOf(row), report: row.report });

/** All but the report, which may be long. */
export const RUN_COLUMNS = [
  'id', 'hash', 'person', 'status', 'wanted', 'done', 'total', 'problem', 'at_ms', 'ended_at_ms', 'ordinal',
] as const;

export const runSummaryOf = (row: Omit<RowOf<'backtest_run'>, 'report'>): BacktestRunSummary => ({
  id: row.id, hash: row.hash, person: row.person, status: row.status, order: row.wanted, done: row.done,
  total: row.total, problem: orUndefined(row.problem), atMs: row.at_ms,
  endedAtMs: orUndefined(row.ended_at_ms),
});

export const publicationOf = (row: RowOf<'publication'>): PublicationRecord => ({
  position: row.position, hash: row.hash, kind: row.kind, person: row.person, atMs: row.at_ms,
  policies: row.policies, detail: row.detail,
});

/** The entry as its text says, which is what was hashed: one that says it in another way was not. */
export function auditOf({ seq, subject, body, hash }: RowOf<'audit'>): AuditEntry {
  const entry = parseAuditText(body);
  if (entry !== undefined && entry.subject === subject) return { ...entry, hash };
  return { seq, atMs: 0, person: '', action: '', subject, detail: null, hash: NOT_OF_THE_TEXT };
}

/** Follows from nothing, so whoever looks at the chain finds it. */
const NOT_OF_THE_TEXT = 'of a text that was changed';

/** Undefined for a text that nobody of ours wrote. */
function parseAuditText(body: string): Omit<AuditEntry, 'hash'> | undefined {
  try {
    const entry = JSON.parse(body) as Omit<AuditEntry, 'hash'>;
    return auditText(entry) === body ? entry : undefined;
  } catch {
    return undefined;
  }
}

/** As a column takes it. */
export const jsonText = (value: Json): string => JSON.stringify(value);
