/** What the life cycle answers, in the words of the contract. */
import { formatInstant } from '#domain/instant.ts';
import type { WentLive } from '#lifecycle/going-live.ts';
import type { ListChangeStatus, ListView } from '#lifecycle/list-changes.ts';
import type { Retirement } from '#lifecycle/retire.ts';
import type { SnoozeStatus } from '#lifecycle/snoozes.ts';
import type { VersionStatus } from '#lifecycle/versions.ts';
import type { RuleModeOverride } from '#decisioning/publication.ts';
import type {
  ApprovalRecord, AuditEntry, BacktestRunRecord, PublicationRecord, VersionRecord,
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
  versions: (records: readonly VersionRecord[], limit: number) =>
    list(records.map(summary), records.length < limit ? undefined : records.at(-1)?.atMs),
  wentLive: ({ position, recorded, notes }: WentLive) => ({ object: 'went_live', position, recorded, notes }),
  retirement: ({ policy, askedBy, askedAtMs, approvals: valid, lacking, notes, live }: Retirement) => ({
    object: 'retirement', policy: policy.name, version: policy.version, hash: policy.hash, asked_by: askedBy,
    asked_at: formatInstant(askedAtMs), approvals: approvals(valid), lacking, notes,
    ...(live === undefined ? {} : { position: live.position, recorded: live.recorded }),
  }),
  started: ({ id }: { readonly id: string }) => ({ object: 'backtest', id }),
  run: ({ atMs, endedAtMs, problem, ...run }: BacktestRunRecord) => ({
    object: 'backtest', ...run, created_at: formatInstant(atMs),
    ...(endedAtMs === undefined ? {} : { ended_at: formatInstant(endedAtMs) }),
    ...(problem === undefined ? {} : { problem }),
  }),
  publications: (records: readonly PublicationRecord[], limit: number) => list(
    records.map(({ atMs, ...one }) => ({ ...one, at: formatInstant(atMs) })),
    records.length < limit ? undefined : records.at(-1)?.position),
  list: ({ entries, after }: ListView) =>
    list(entries.map(({ value, from, until, note }) => ({ value, from, until, note })), after),
  listChange: ({ change, roles, secondPerson, approvals: valid, lacking }: ListChangeStatus) => ({
    object: 'list_change', id: change.id, list: change.list, kind: change.kind, added: change.add.length,
    removed: change.remove.length, author: change.author, created_at: formatInstant(change.atMs),
    reason: change.reason, state: change.state, roles, second_person: secondPerson,
      approvals: approvals(valid),
    lacking: change.state === 'proposed' ? lacking : [],
  }),
  snooze: ({ snooze, roles, approvals: valid, lacking }: SnoozeStatus) => {
    const { id, policy, rule, field, value, fromMs, untilMs, reason, author, state } = snooze;
    return {
      object: 'snooze', id, policy, rule, field, value, from: formatInstant(fromMs),
        until: formatInstant(untilMs),
      reason, author, state, roles, approvals: approvals(valid), lacking: state === 'proposed' ? lacking : [],
    };
  },
  brakes: (modes: readonly RuleModeOverride[]) =>
    list(modes.map(({ policy, rule, segment, since, because }) =>
    ({ policy, rule, segment: segment ?? null, since, because })), undefined),
  /** `after` is the first entry that is not shown, where there is one. */
  audit: (entries: readonly AuditEntry[], limit: number) => list(
    entries.slice(0, limit).map(({ atMs, ...entry }) => ({ ...entry, at: formatInstant(atMs) })),
    entries[limit]?.seq),
};

const list = (data: readonly object[], after: number | undefined) =>
  ({ object: 'list', data, after: after ?? null });
