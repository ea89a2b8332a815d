/** The tables as the queries see them; steps/ makes them, and bring-up-to-date.ts keeps its own. */
import type { ColumnType, Generated, Selectable } from 'kysely';
import type {
  ApprovalSubject, BacktestRunRecord, EvidenceKind, Json, ListChangeRecord, PublicationRecord, SnoozeRecord,
} from '#ports/records.ts';

/** Written as the text of the JSON. */
type JsonColumn<Value = Json> = ColumnType<Value, string, string>;
/** Order of arrival; what came first of one instant. */
type Ordinal = Generated<number>;

interface PolicyVersionTable {
  hash: string;
  policy: string;
  version: number;
  title: string;
  file: string;
  source: string;
  author: string;
  author_seal: string | null;
  at_ms: number;
  note: string;
  withdrawn_at_ms: number | null;
  ordinal: Ordinal;
}

interface EvidenceTable {
  ordinal: Ordinal;
  hash: string;
  kind: EvidenceKind;
  passed: boolean;
  at_ms: number;
  person: string;
  summary: JsonColumn;
}

interface ApprovalTable {
  subject: ApprovalSubject;
  hash: string;
  role: string;
  person: string;
  at_ms: number;
  seal: string;
  ordinal: Ordinal;
}

interface ListChangeTable {
  id: string;
  hash: string;
  list: string;
  kind: ListChangeRecord['kind'];
  author: string;
  author_seal: string | null;
  at_ms: number;
  reason: string;
  state: ListChangeRecord['state'];
  ordinal: Ordinal;
}

interface EntryColumns {
  is_number: boolean;
  value: string;
  from_ms: number | null;
  until_ms: number | null;
  note: string;
}

interface ListChangeEntryTable extends EntryColumns {
  change_id: string;
  is_removal: boolean;
  ordinal: number;
}

interface ListEntryTable extends EntryColumns {
  id: Generated<number>;
  list: string;
}

interface SnoozeTable {
  id: string;
  hash: string;
  policy: string;
  rule: string;
  field: string;
  value: string;
  from_ms: number;
  until_ms: number;
  reason: string;
  author: string;
  author_seal: string | null;
  at_ms: number;
  state: SnoozeRecord['state'];
  ordinal: Ordinal;
}

interface BacktestRunTable {
  id: string;
  hash: string;
  person: string;
  status: BacktestRunRecord['status'];
  wanted: JsonColumn;
  done: number;
  total: number;
  report: JsonColumn;
  problem: string | null;
  at_ms: number;
  ended_at_ms: number | null;
  ordinal: Ordinal;
}

interface PublicationTable {
  position: number;
  hash: string;
  kind: PublicationRecord['kind'];
  person: string;
  at_ms: number;
  policies: JsonColumn<readonly string[]>;
  detail: JsonColumn;
}

interface AuditTable {
  seq: number;
  subject: string;
  /** What was hashed: the entry without its hash, as canonical JSON. */
  body: string;
  hash: string;
}

/** One row; who has it locked makes the next change. */
interface ChangeLockTable { only_row: boolean }

/** A table a month. Bytes are written and read as base64: drivers do not agree on them. */
interface DecisionRecordTable {
  id: string;
  topic_partition: number;
  topic_offset: number;
  written_at_ms: number;
  key: readonly string[];
}

interface DecisionOffsetTable {
  topic_partition: number;
  next_offset: number;
}

interface DecisionDifferenceTable {
  ordinal: Ordinal;
  id: string;
  first_partition: number;
  first_offset: number;
  copy_partition: number;
  copy_offset: number;
  parts: string[];
}

/** One row; who has it locked projects. */
interface DecisionProjectionTable {
  only_row: boolean;
  kept_from_ms: number;
  differing: number;
}

export interface RecordTables {
  policy_version: PolicyVersionTable;
  evidence: EvidenceTable;
  approval: ApprovalTable;
  list_change: ListChangeTable;
  list_change_entry: ListChangeEntryTable;
  list_entry: ListEntryTable;
  snooze: SnoozeTable;
  backtest_run: BacktestRunTable;
  publication: PublicationTable;
  audit: AuditTable;
  change_lock: ChangeLockTable;
  decision_record: DecisionRecordTable;
  decision_offset: DecisionOffsetTable;
  decision_difference: DecisionDifferenceTable;
  decision_projection: DecisionProjectionTable;
}

export type RowOf<Table extends keyof RecordTables> = Selectable<RecordTables[Table]>;
