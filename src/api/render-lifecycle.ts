/** What the life cycle answers, in the words of the contract. */
import { formatInstant } from '#domain/instant.ts';
import type { WentLive } from '#lifecycle/going-live.ts';
import type { ListChangeStatus } from '#lifecycle/list-changes.ts';
import type { EntryBy, PageOf } from '#lifecycle/questions.ts';
import type { Retirement } from '#lifecycle/retire.ts';
import type { SnoozeStatus } from '#lifecycle/snoozes.ts';
import type { VersionStatus } from '#lifecycle/versions.ts';
import type { RuleModeOverride } from '#decisioning/publication.ts';
import type {
  ApprovalRecord, AuditEntry, BacktestRunRecord, BacktestRunSummary, ListChangeSummary, PublicationRecord,
  SnoozeRecord, VersionRecord,
} from '#ports/records.ts';

const approvals = (records: readonly Pick<ApprovalRecord, 'role' | 'person' | 'atMs'>[]) =>
  records.map(({ role, person, atMs }) => ({ role, person, at: formatInstant(atMs) }));

const summary = ({ hash, policy, version, title, author, atMs, note, withdrawnAtMs }: VersionRecord) => ({
  hash, policy, version, title, author, created_at: formatInstant(atMs), note,
  ...(withdrawnAtMs === undefined ? {} : { withdrawn_at: formatInstant(withdrawnAtMs) }),
});

export const render = {
  version: ({ version, stage, checked, evidence, approvals: valid, gate }: VersionStatus) => ({
    object: 'policy_version', ...summary(version), stage, reviewers: checked.reviewers,
    approvals: approvals(valid),
    evidence: evidence.map(({ kind, passed, atMs, person, found }) =>
      ({ kind, passed, at: formatInstant(atMs), person, found })),
    lacking: gate.lacking, notes: gate.notes,
  }),
  versions: (page: PageOf<VersionRecord>) => paged(page, summary),
  wentLive: ({ position, recorded, notes }: WentLive) => ({ object: 'went_live', position, recorded, notes }),
  retirement: ({ policy, askedBy, askedAtMs, approvals: valid, lacking, notes, live }: Retirement) => ({
    object: 'retirement', policy: policy.name, version: policy.version, hash: policy.hash, asked_by: askedBy,
    asked_at: formatInstant(askedAtMs), approvals: approvals(valid), lacking, notes,
    ...(live === undefined ? {} : { position: live.position, recorded: live.recorded }),
  }),
  started: ({ id }: { readonly id: string }) => ({ object: 'backtest', id }),
  run: ({ report, ...run }: BacktestRunRecord) => ({ ...runSummary(run), report }),
  runs: (page: PageOf<BacktestRunSummary>) => paged(page, runSummary),
  publications: (records: readonly PublicationRecord[], limit: number) => list(
    records.map(({ atMs, ...one }) => ({ ...one, at: formatInstant(atMs) })),
    records.length < limit ? undefined : records.at(-1)?.position),
  entries: (page: PageOf<EntryBy>) => paged(page, ({ entry: { value, from, until, note, change }, by }) => ({
    value, from, until, note, change: change ?? by?.id, author: by?.author, approvers: by?.approvers,
  })),
  listChanges: (page: PageOf<ListChangeSummary>) => paged(page, changeSummary),
  list: (page: PageOf<EntryBy['entry']>) =>
    paged(page, ({ value, from, until, note }) => ({ value, from, until, note })),
  listChange: ({ change, roles, secondPerson, approvals: valid, lacking }: ListChangeStatus) => ({
    ...changeSummary(change), roles, second_person: secondPerson, approvals: approvals(valid),
    lacking: change.state === 'proposed' ? lacking : [],
  }),
  snooze: ({ snooze, roles, approvals: valid, lacking }: SnoozeStatus) => ({
    ...snoozeSummary(snooze), roles, approvals: approvals(valid),
    lacking: snooze.state === 'proposed' ? lacking : [],
  }),
  snoozes: (page: PageOf<SnoozeRecord>) => paged(page, snoozeSummary),
  brakes: (modes: readonly RuleModeOverride[]) =>
    list(modes.map(({ policy, rule, segment, since, because }) =>
    ({ policy, rule, segment: segment ?? null, since, because })), undefined),
  /** `after` is the first entry that is not shown, where there is one. */
  audit: (entries: readonly AuditEntry[], limit: number) => list(
    entries.slice(0, limit).map(({ atMs, ...entry }) => ({ ...entry, at: formatInstant(atMs) })),
    entries[limit]?.seq),
};

const runSummary = ({ atMs, endedAtMs, problem, ...run }: BacktestRunSummary) => ({
  object: 'backtest', ...run, created_at: formatInstant(atMs),
  ...(endedAtMs === undefined ? {} : { ended_at: formatInstant(endedAtMs) }),
  ...(problem === undefined ? {} : { problem }),
});

const changeSummary = ({
  id, list: of, kind, added, removed, author, atMs, reason, state,
}: ListChangeSummary) => ({
  object: 'list_change', id, list: of, kind, added, removed, author, created_at: formatInstant(atMs),
  reason, state,
});

const snoozeSummary = ({
  id, policy, rule, field, value, fromMs, untilMs, reason, author, state,
}: SnoozeRecord) => ({
  object: 'snooze', id, policy, rule, field, value, from: formatInstant(fromMs),
  until: formatInstant(untilMs), reason, author, state,
});

const paged = <Row>({ rows, after }: PageOf<Row>, view: (row: Row) => object) => list(rows.map(view), after);

const list = (data: readonly object[], after: number | undefined) =>
  ({ object: 'list', data, after: after ?? null });
