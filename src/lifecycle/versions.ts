/** Versions of a policy: submitted, approved, withdrawn, and where each stands. */
import { isRefusal } from '#domain/parse-event.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Refusal } from '#domain/refusal.ts';
import type {
  ApprovalRecord, EvidenceKind, Json, RecordReads, RecordWrites, VersionRecord,
} from '#ports/records.ts';
import { addApproval, mayNotApprove } from './approvals.ts';
import { refuseDamaged, versionDamage } from './authorship.ts';
import { addEvidence, backtestFound, checkFound, testFound } from './evidence.ts';
import type { BacktestFigures } from './backtest-runner.ts';
import { backtestFaults, gate, type GateResult } from './gate.ts';
import { amendedNow, type GoingLive } from './going-live.ts';
import type { Actor, CheckedPolicy, LifecycleParts } from './parts.ts';
import { audited, refuse, refuseAll } from './refuse.ts';
import type { Seals } from './seals.ts';
import { stageOf, type Stage } from './stage.ts';
import { factsOf, hashesOf, noVersion, versionActs } from './version-facts.ts';

const PAGE_ROWS = 200;

export interface VersionStatus {
  readonly version: VersionRecord;
  readonly stage: Stage;
  readonly checked: CheckedPolicy;
  readonly evidence: readonly { readonly kind: EvidenceKind; readonly passed: boolean; readonly atMs: number;
    readonly person: string; readonly found: Json }[];
  /** Those that count. */
  readonly approvals: readonly ApprovalRecord[];
  readonly gate: GateResult;
}

export interface Submission {
  readonly policy: string;
  readonly file: string | undefined;
  readonly source: string;
  readonly note: string;
}

/**
 * Compiles it and runs its own tests. One that does not compile is refused with every mistake, and nothing is
 * stored; one whose tests fail is stored, with what failed, and cannot go live.
 */
export async function submit(
  parts: LifecycleParts, actor: Actor, submission: Submission,
): Promise<VersionStatus | Refusal> {
  const { policy, source, note } = submission;
  if (Buffer.byteLength(source) > LIMITS.policyBytesMax) {
    return refuse('too_large', `a policy has at most ${LIMITS.policyBytesMax} bytes`, '/source');
  }
  const file = submission.file ?? `${policy}.policy.yaml`;
  const checked = await parts.check(file, source);
  if ('mistakes' in checked) {
    return refuseAll('invalid', checked.mistakes.map((detail) => ({ pointer: '/source', detail })));
  }
  if (checked.name !== policy) {
    return refuse('invalid', `the document is policy \`${checked.name}\`, and was sent as \`${policy}\``,
      '/source');
  }
  const { hash, version } = checked;
  const stored = await audited(parts, actor, {
    action: 'version.submit', subject: `version/${hash}`,
    detail: { policy, version, note, tests_failed: checked.tests.failed },
  }, async (writes, atMs) => {
    const known = await writes.version(hash);
    if (known !== undefined) {
      return refuse('conflict', `this very content was submitted by ${known.author} already, as version `
        + `${known.version} of ${known.policy}: ${hash}`);
    }
    await addChecked(writes, parts.seals, checked, { file, source, author: actor.person, atMs, note });
    return { hash };
  });
  return isRefusal(stored) ? stored : statusOf(parts, hash);
}

/** Under seal, with what was found when it was compiled and its own tests were run. */
export async function addChecked(
  writes: RecordWrites, seals: Seals, checked: CheckedPolicy,
  { file, source, author, atMs, note }: Pick<VersionRecord, 'file' | 'source' | 'author' | 'atMs' | 'note'>,
): Promise<void> {
  const { hash, name: policy, version, title, tests } = checked;
  await writes.addVersion({
    hash, policy, version, title, file, source, author, atMs, note, withdrawnAtMs: undefined,
    authorSeal: seals.author('version', { hash, author, atMs }),
  });
  for (const [kind, passed, found] of [
    ['check', true, checkFound(checked)], ['test', tests.failed === 0, testFound(tests)],
  ] as const) {
    await addEvidence(writes, seals, { hash, kind, passed, atMs, person: author }, found);
  }
}

/** A person with that role has read this very content and stands for it. */
export async function approve(
  parts: LifecycleParts, actor: Actor, hash: string, role: string,
): Promise<VersionStatus | Refusal> {
  const facts = await factsOf(parts, hash);
  if (isRefusal(facts)) return facts;
  const { version, checked } = facts;
  const damage = versionDamage(version, checked, parts.seals);
  if (damage !== undefined) return refuseDamaged(parts, actor, `version/${hash}`, damage);
  const refused = mayNotApprove(actor, version, role, checked.reviewers)
    ?? await supersededBy(parts.records, version);
  if (refused !== undefined) return refused;
  const done = await audited(parts, actor, {
    action: 'version.approve', subject: `version/${hash}`,
    detail: { policy: version.policy, version: version.version, role, author: version.author },
  }, async (writes, atMs) => {
    const again = await writes.version(hash);
    if (again?.withdrawnAtMs !== undefined) return refuse('conflict', 'it was withdrawn');
    await addApproval(writes, parts.seals,
      { subject: 'version', hash, role, person: actor.person, atMs }, version.author);
    return {};
  });
  return isRefusal(done) ? done : statusOf(parts, hash);
}

/**
 * An approval is of a content: where a newer one was submitted, that is what is to be read. Of two with one
 * number the later one is newer by the order of the audit, whatever the clock said.
 */
async function supersededBy(records: RecordReads, version: VersionRecord): Promise<Refusal | undefined> {
  const twins: VersionName[] = [];
  let newer: VersionName | undefined;
  for await (const other of openVersions(records, version.policy)) {
    if (other.version > (newer?.version ?? version.version)) newer = other;
    if (other.version === version.version && other.hash !== version.hash) twins.push(other);
  }
  if (newer === undefined) {
    const own = twins.length === 0 ? 0 : await submittedAt(records, version.hash);
    for (const twin of twins) if (await submittedAt(records, twin.hash) > own) newer = twin;
  }
  if (newer === undefined) return undefined;
  return refuse('conflict', `${version.hash} is version ${version.version}; ${newer.author} has submitted `
    + `version `
    + `${newer.version} since: ${newer.hash}. Approve that, or have it withdrawn`);
}

type VersionName = Pick<VersionRecord, 'hash' | 'version' | 'author'>;

/** All that were not withdrawn: pages go by the clock, and a clock that was set back hides none. */
async function* openVersions(records: RecordReads, policy: string): AsyncGenerator<VersionName> {
  for (let after: number | undefined; ;) {
    const page = await records.versions(policy, { limit: PAGE_ROWS, after });
    for (const { hash, version, author, withdrawnAtMs } of page) {
      if (withdrawnAtMs === undefined) yield { hash, version, author };
    }
    if (page.length < PAGE_ROWS) return;
    after = page.at(-1)?.atMs;
  }
}

/** Place in the audit. */
async function submittedAt(records: RecordReads, hash: string): Promise<number> {
  const acts = await versionActs(records, hash);
  return acts.findLast(({ action }) => action === 'version.submit')?.seq ?? 0;
}

export const withdraw = (
  parts: LifecycleParts, going: GoingLive, actor: Actor, hash: string, because: string,
): Promise<VersionStatus | Refusal> => going.inTurn(async (live) => {
  const version = await parts.records.version(hash);
  if (version === undefined) return noVersion(hash);
  if (live.policies.some((one) => one.hash === hash)) {
    return refuse('conflict', 'it is live; roll back, or publish another version, and it is retired');
  }
  const { challengers } = amendedNow(live);
  const beside = challengers[(await hashesOf(parts, challengers)).indexOf(hash)];
  if (beside !== undefined) {
    const part = beside.share > 0 ? ` and decides ${beside.share * 100} % of its payments` : '';
    return refuse('conflict', `it judges beside the live version${part}; end that first: \`assay policy `
      + `unshadow ${hash} --because WHY\``);
  }
  const done = await audited(parts, actor, {
    action: 'version.withdraw', subject: `version/${hash}`,
    detail: { policy: version.policy, version: version.version, because },
  }, async (writes, atMs) => {
    if ((await writes.version(hash))?.withdrawnAtMs !== undefined) return refuse('conflict', 'it is '
      + 'withdrawn already');
    await writes.withdrawVersion(hash, atMs);
    return {};
  });
  return isRefusal(done) ? done : statusOf(parts, hash);
});

/** What a run of the past has shown, under seal. Called by whoever ran it. */
export async function recordBacktest(
  parts: LifecycleParts, person: string, hash: string, run: string, figures: BacktestFigures,
): Promise<void> {
  const facts = await factsOf(parts, hash);
  if (isRefusal(facts)) throw new Error(facts.detail);
  const found = backtestFound(run, figures);
  const done = await audited(parts, { person }, {
    action: 'version.backtest', subject: `version/${hash}`, detail: { run, payments: figures.payments },
  }, async (writes, atMs) => {
    const trial = { hash, kind: 'backtest', passed: true, atMs, person } as const;
    const shown = { ...trial, summary: parts.seals.evidence(trial, found) };
    const { lacking } = backtestFaults({ ...facts, evidence: [shown] }, parts.seals);
    await addEvidence(writes, parts.seals, { ...trial, passed: lacking.length === 0 }, found);
    return {};
  });
  if (isRefusal(done)) throw new Error(done.detail);
}

export async function statusOf(parts: LifecycleParts, hash: string): Promise<VersionStatus | Refusal> {
  const facts = await factsOf(parts, hash);
  if (isRefusal(facts)) return facts;
  const { version, checked, evidence, acts } = facts;
  const challengers = await hashesOf(parts, amendedNow(parts.engine.inForce()).challengers);
  const result = gate(facts, parts.seals);
  const stage = stageOf({
    version, evidence, challengers, acts, inForce: parts.engine.inForce(),
    isApproved: isApproved(checked, result),
  }, parts.seals);
  return {
    version, stage, checked, approvals: result.approvals, gate: result,
    evidence: evidence.flatMap(({ summary, ...one }) => {
      const found = parts.seals.found({ summary, ...one });
      return found === undefined ? [] : [{ ...one, found }];
    }),
  };
}

function isApproved({ reviewers }: CheckedPolicy, { approvals }: GateResult): boolean {
  const roles = new Set(approvals.map(({ role }) => role));
  return approvals.length > 0 && reviewers.every((role) => roles.has(role));
}

