/** All that is known of one version, read together. */
import { createHash } from 'node:crypto';
import type { Refusal } from '#domain/refusal.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import type { AuditEntry, RecordReads, VersionRecord } from '#ports/records.ts';
import { actsOn } from './acts.ts';
import type { GateInput } from './gate.ts';
import type { CheckedPolicy, LifecycleParts, NotCompiled, PolicyChecker } from './parts.ts';
import { gateClosed, refuse } from './refuse.ts';

const CHECKS_KEPT_MAX = 64;

export type VersionFacts = GateInput & {
  readonly checked: CheckedPolicy;
  /** Newest first. */
  readonly acts: readonly AuditEntry[];
};

/** The document is compiled from its source, so that nothing is believed of it that it does not say. */
export async function factsOf(parts: LifecycleParts, hash: string): Promise<VersionFacts | Refusal> {
  const { records, engine, check, now } = parts;
  const [row, acts] = await Promise.all([records.version(hash), versionActs(records, hash)]);
  if (row === undefined) return noVersion(hash);
  const version = orWithdrawn(row, acts);
  const checked = await check(version.file, version.source);
  if ('mistakes' in checked) {
    return gateClosed(['it does not compile any more; submit it again', ...checked.mistakes]);
  }
  const [evidence, approvals] = await Promise.all(
    [records.evidence(hash), records.approvals('version', hash)]);
  return {
    version, checked, evidence, approvals, acts,
    live: engine.inForce().policies.find(({ name }) => name === version.policy),
    recordCount: engine.recordCount(), nowMs: now(),
  };
}

/** What the audit says of a version, newest first: all of it, because an old act holds as a new one does. */
export const versionActs = (records: RecordReads, hash: string): Promise<readonly AuditEntry[]> =>
  Array.fromAsync(actsOn(records, `version/${hash}`));

export async function versionIn(records: RecordReads, hash: string): Promise<VersionRecord | undefined> {
  const row = await records.version(hash);
  return row === undefined ? undefined : orWithdrawn(row, await versionActs(records, hash));
}

/** Withdrawn also where only the audit still says so: a date in a row can be taken away by hand. */
function orWithdrawn(row: VersionRecord, acts: readonly AuditEntry[]): VersionRecord {
  const said = acts.find(({ action }) => action === 'version.withdraw')?.atMs;
  return { ...row, withdrawnAtMs: row.withdrawnAtMs ?? said };
}

export const noVersion = (hash: string): Refusal =>
  refuse('not_found', `no version has the hash ${hash}; \`assay policy versions NAME\` lists them`);

/** Refused with the names that there are; `pointer` is the place of the name in what was sent. */
export function livePolicy(
  policies: readonly CompiledPolicy[], name: string, pointer?: string,
): CompiledPolicy | Refusal {
  const names = policies.map((one) => one.name).join(', ');
  return policies.find((one) => one.name === name)
    ?? refuse('not_found', `no live policy is called ${name}; live are ${names}`, pointer);
}

interface Document { readonly file: string; readonly source: string }

/** Undefined where one does not compile any more: with other custom fields what was live once may not. */
export async function hashesOf(
  { check }: Pick<LifecycleParts, 'check'>, documents: readonly Document[],
): Promise<readonly (string | undefined)[]> {
  const checked = await Promise.all(documents.map(({ file, source }) => check(file, source)));
  return checked.map((one) => ('mistakes' in one ? undefined : one.hash));
}

/** The same text is compiled and tested once; the last ones asked for are kept. */
export function rememberedChecks(check: PolicyChecker): PolicyChecker {
  const kept = new Map<string, Promise<CheckedPolicy | NotCompiled>>();
  return (file, source) => {
    const key = createHash('sha256').update(`${file}\0${source}`).digest('hex');
    const known = kept.get(key);
    const checked = known ?? check(file, source);
    kept.delete(key);
    kept.set(key, checked);
    checked.catch(() => kept.delete(key));
    for (const oldest of kept.keys()) {
      if (kept.size <= CHECKS_KEPT_MAX) break;
      kept.delete(oldest);
    }
    return checked;
  };
}

