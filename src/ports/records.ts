/**
 * Records: what people decided about policies, and when. Never on the path of a decision. Truth for people's
 * acts; what is live is said by the decision log.
 *
 * Texts are well-formed Unicode without U+0000, times and counts are safe integers; a RangeError says which
 * value is neither.
 */

/** JSON that canonical text can be made of. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One act of a person or of the system, chained: nothing is changed or taken away later. */
export interface AuditEntry {
  /** 1 for the first, without gaps. */
  readonly seq: number;
  readonly atMs: number;
  /** Who; `assay` where the system acted by itself. */
  readonly person: string;
  /** A verb of the life cycle: `version.submit`, `version.approve`, `publication.publish`, `brake.engage`. */
  readonly action: string;
  /** What it was done to: `policy/cards`, `version/sha256:...`, `list/trusted_payees` ... */
  readonly subject: string;
  readonly detail: Json;
  /** sha256 (hex) over the hash before it and this entry's canonical text. */
  readonly hash: string;
}
export type NewAuditEntry = Omit<AuditEntry, 'seq' | 'hash'>;

/**
 * A policy document as somebody submitted it. Its stage is not stored: it follows from evidence, approvals
 * and the log.
 */
export interface VersionRecord {
  /** The policy's content hash. */
  readonly hash: string;
  readonly policy: string;
  readonly version: number;
  readonly title: string;
  readonly file: string;
  readonly source: string;
  readonly author: string;
  /** HMAC of the author and the hash, with the key of the approvals; kept as it is given. */
  readonly authorSeal?: string;
  readonly atMs: number;
  /** Why it was changed. */
  readonly note: string;
  /** Withdrawn by a person; it cannot go live any more. */
  readonly withdrawnAtMs: number | undefined;
}

export type EvidenceKind = 'check' | 'test' | 'backtest' | 'shadow';
/** What was shown of a version, and whether it was enough. The last of a kind counts. */
export interface EvidenceRecord {
  readonly hash: string;
  readonly kind: EvidenceKind;
  readonly passed: boolean;
  readonly atMs: number;
  readonly person: string;
  /** What was found; for a backtest the figures that the gate compares and the run's id. */
  readonly summary: Json;
}

export type ApprovalSubject = 'version' | 'list_change' | 'snooze';
export interface ApprovalRecord {
  readonly subject: ApprovalSubject;
  /** Content hash of what was approved: another content has no approval. */
  readonly hash: string;
  readonly role: string;
  readonly person: string;
  readonly atMs: number;
  /** HMAC of the above with a key that is not in the database: a row written by hand approves nothing. */
  readonly seal: string;
}

export interface ListEntryRecord {
  readonly value: string | number;
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly note: string;
}
/** A wanted change of a managed list; it takes effect as a whole when it is published. */
export interface ListChangeRecord {
  readonly id: string;
  readonly hash: string;
  readonly list: string;
  /** `replace`: the list becomes `add`; `amend`: minus `remove`, plus `add`. */
  readonly kind: 'replace' | 'amend';
  readonly add: readonly ListEntryRecord[];
  readonly remove: readonly (string | number)[];
  readonly author: string;
  /** HMAC of the author and the hash, with the key of the approvals; kept as it is given. */
  readonly authorSeal?: string;
  readonly atMs: number;
  readonly reason: string;
  readonly state: 'proposed' | 'published' | 'withdrawn';
}

/** Of many changes: how much each holds, and not what. */
export type ListChangeSummary = Omit<ListChangeRecord, 'add' | 'remove'>
  & { readonly added: number; readonly removed: number };

/** One entity is left alone by one rule, from and until a date. Its effect is recorded, and not done. */
export interface SnoozeRecord {
  readonly id: string;
  readonly hash: string;
  readonly policy: string;
  readonly rule: string;
  /** Path of the field that names the entity, `creditor.account_id`, and its value. */
  readonly field: string;
  readonly value: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly reason: string;
  readonly author: string;
  /** HMAC of the author and the hash, with the key of the approvals; kept as it is given. */
  readonly authorSeal?: string;
  readonly atMs: number;
  readonly state: 'proposed' | 'published' | 'ended' | 'withdrawn';
}

export type RunStatus = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
export interface BacktestRunRecord {
  readonly id: string;
  /** Of the version that was tried. */
  readonly hash: string;
  readonly person: string;
  readonly status: RunStatus;
  /** What was asked for: period, source, baseline, limits. */
  readonly order: Json;
  /** Payments judged so far. */
  readonly done: number;
  readonly total: number;
  /** Of a run that is done. */
  readonly report: Json;
  readonly problem: string | undefined;
  readonly atMs: number;
  readonly endedAtMs: number | undefined;
}

/** Of many runs: without what was found. */
export type BacktestRunSummary = Omit<BacktestRunRecord, 'report'>;

/** What went live, at which log position, and who did it. */
export interface PublicationRecord {
  readonly position: number;
  readonly hash: string;
  readonly kind:
    'bootstrap' | 'publish' | 'retire' | 'roll_back' | 'list' | 'snooze' | 'brake' | 'release' | 'challenge';
  readonly person: string;
  readonly atMs: number;
  /** Content hashes of the policies that are live from here on. */
  readonly policies: readonly string[];
  readonly detail: Json;
}

export const RECORD_PAGE_MAX = 1_000;
/**
 * `limit` is 1 to RECORD_PAGE_MAX. `after` is of the last record of the page before: its `position`, its
 * `seq`, else its `atMs`. Records of one instant stand on one page, which may be longer by them.
 */
export interface Page { readonly limit: number; readonly after: number | undefined }

/** Reads; also within a change, where they see what it has written. */
export interface RecordReads {
  version(hash: string): Promise<VersionRecord | undefined>;
  /** Newest first. */
  versions(policy: string, page: Page): Promise<readonly VersionRecord[]>;
  /** Sorted. */
  policyNames(): Promise<readonly string[]>;
  /** Oldest first. */
  evidence(hash: string): Promise<readonly EvidenceRecord[]>;
  /** Oldest first. */
  approvals(subject: ApprovalSubject, hash: string): Promise<readonly ApprovalRecord[]>;
  listChange(id: string): Promise<ListChangeRecord | undefined>;
  listChangeSummary(id: string): Promise<ListChangeSummary | undefined>;
  /** Newest first. */
  listChanges(list: string, page: Page): Promise<readonly ListChangeSummary[]>;
  /**
   * Entries that are in force in a managed list, by value (texts by code point, then numbers as texts), those
   * of one value as they were added.
   */
  listEntries(list: string): Promise<readonly ListEntryRecord[]>;
  snooze(id: string): Promise<SnoozeRecord | undefined>;
  /** Those that are published and have not ended at `atMs`, oldest first. */
  snoozesInForce(atMs: number): Promise<readonly SnoozeRecord[]>;
  /** Newest first. */
  snoozes(policy: string, page: Page): Promise<readonly SnoozeRecord[]>;
  backtestRun(id: string): Promise<BacktestRunRecord | undefined>;
  /** Newest first. */
  backtestRuns(hash: string, page: Page): Promise<readonly BacktestRunSummary[]>;
  /** Newest first. */
  publications(page: Page): Promise<readonly PublicationRecord[]>;
  /** Oldest first, from `fromSeq` on. */
  audit(fromSeq: number, limit: number): Promise<readonly AuditEntry[]>;
  /** Newest first. */
  auditOf(subject: string, page: Page): Promise<readonly AuditEntry[]>;
}

/**
 * Writes; each throws RecordConflict where the key is taken, and RecordRefused where what it names is not
 * there.
 * After either the change cannot go on: `act` must throw.
 */
export interface RecordWrites extends RecordReads {
  addVersion(version: VersionRecord): Promise<void>;
  withdrawVersion(hash: string, atMs: number): Promise<void>;
  addEvidence(evidence: EvidenceRecord): Promise<void>;
  /** RecordRefused also where the person is the author of what is approved. */
  addApproval(approval: ApprovalRecord): Promise<void>;
  addListChange(change: ListChangeRecord): Promise<void>;
  setListChangeState(id: string, state: ListChangeRecord['state']): Promise<void>;
  /** Applies the change to the entries; its state is not looked at. */
  applyListChange(id: string): Promise<void>;
  addSnooze(snooze: SnoozeRecord): Promise<void>;
  setSnoozeState(id: string, state: SnoozeRecord['state']): Promise<void>;
  /** Adds it, or takes the place of the run with its id. */
  putBacktestRun(run: BacktestRunRecord): Promise<void>;
  addPublication(publication: PublicationRecord): Promise<void>;
}

export interface RecordStore extends RecordReads {
  /**
   * All that `act` writes and the audit entry, in one transaction, or nothing. `act` may be run again after a
   * conflict of two transactions; it does nothing but read and write here, and by `writes` alone. Changes are
   * made one after the other. Resolves when it is durable.
   */
  change<Result>(entry: NewAuditEntry, act: (writes: RecordWrites) => Promise<Result>): Promise<Result>;
  /** Progress of a run, which no audit entry needs. */
  noteProgress(run: BacktestRunRecord): Promise<void>;
  close(): Promise<void>;
}

/** Somebody else wrote it first, or it is there already. */
export class RecordConflict extends Error {}
/** What is asked for may never be: what it names is not there, or who asks is its author. */
export class RecordRefused extends Error {}
/**
 * The database cannot be reached or written, or is not open yet (`starting`); nothing was changed, unless the
 * message says that this could not be learnt.
 */
export class RecordsUnavailable extends Error {
  readonly code: 'starting' | 'unreachable' | 'closed';
  constructor(code: 'starting' | 'unreachable' | 'closed', message: string) {
    super(message);
    this.code = code;
  }
}
