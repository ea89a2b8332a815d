/** Records of every kind, with what is hard to keep: odd texts, numbers at the edge, what may be left out. */
import type {
  ApprovalRecord, BacktestRunRecord, EvidenceRecord, Json, ListChangeRecord, ListEntryRecord, NewAuditEntry,
  PublicationRecord, SnoozeRecord, VersionRecord,
} from '#ports/records.ts';

export const ODD_TEXT = 'Zoë\u{1F980} "quoted" \\ back\u0001 \n\t\u2028 ﷽ \' -- ; $1';
export const ODD_JSON: Json = {
  text: ODD_TEXT, '': 0, nested: [1e21, 0.1, -5e-324, 9_007_199_254_740_991, null, true, [], {}],
};

export const entry = (action: string, subject = 'policy/cards', detail: Json = ODD_JSON): NewAuditEntry =>
  ({ atMs: 1_790_000_000_000, person: ODD_TEXT, action, subject, detail });

export const version = (hash: string, more: Partial<VersionRecord> = {}): VersionRecord => ({
  hash, policy: 'cards', version: 3, title: ODD_TEXT, file: 'cards.policy.yaml',
  source: `a: 1\r\n# ${ODD_TEXT}`, author: 'a.ng', atMs: 1_000, note: '', withdrawnAtMs: undefined, ...more,
});

export const evidence = (hash: string, more: Partial<EvidenceRecord> = {}): EvidenceRecord =>
  ({ hash, kind: 'check', passed: true, atMs: 2_000, person: 'a.ng', summary: ODD_JSON, ...more });

export const approval = (hash: string, more: Partial<ApprovalRecord> = {}): ApprovalRecord =>
  ({ subject: 'version', hash, role: 'risk', person: 'b.li', atMs: 3_000, seal: 'f00d', ...more });

export const listEntry = (
  value: string | number, more: Partial<ListEntryRecord> = {},
): ListEntryRecord => ({ value, fromMs: undefined, untilMs: undefined, note: '', ...more });

export const listChange = (
  id: string, list: string, more: Partial<ListChangeRecord> = {},
): ListChangeRecord => ({
  id, hash: `hash-of-${id}`, list, kind: 'amend', add: [], remove: [], author: 'a.ng', atMs: 4_000,
  reason: ODD_TEXT, state: 'proposed', ...more,
});

export const snooze = (id: string, more: Partial<SnoozeRecord> = {}): SnoozeRecord => ({
  id, hash: `hash-of-${id}`, policy: 'cards', rule: 'card-decline-burst', field: 'card.id', value: ODD_TEXT,
  fromMs: 5_000, untilMs: 6_000, reason: 'known', author: 'a.ng', atMs: 5_000, state: 'proposed', ...more,
});

export const run = (id: string, hash: string, more: Partial<BacktestRunRecord> = {}): BacktestRunRecord => ({
  id, hash, person: 'a.ng', status: 'queued', order: ODD_JSON, done: 0, total: 0, report: null,
  problem: undefined, atMs: 7_000, endedAtMs: undefined, ...more,
});

export const publication = (position: number, more: Partial<PublicationRecord> = {}): PublicationRecord => ({
  position, hash: `sha256:${position}`, kind: 'publish', person: 'b.li', atMs: 8_000, policies: ['x', 'y'],
  detail: ODD_JSON, ...more,
});
