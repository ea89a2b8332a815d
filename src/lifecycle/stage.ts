/** Where a version stands: it follows from what is live, approved and shown, and is stored nowhere. */
import type { AuditEntry, EvidenceRecord, VersionRecord } from '#ports/records.ts';
import { lastOf } from './gate.ts';
import type { InForceView } from './parts.ts';
import type { Seals } from './seals.ts';

export const STAGES = [
  'draft', 'checked', 'tested', 'backtested', 'shadow', 'approved', 'live', 'retired', 'withdrawn',
] as const;
export type Stage = (typeof STAGES)[number];

/** Acts after which a version had been live. */
const LIVE_ACTS: readonly string[] = ['version.bootstrap', 'version.publish'];

export const wasLive = (acts: readonly Pick<AuditEntry, 'action'>[]): boolean =>
  acts.some(({ action }) => LIVE_ACTS.includes(action));

export interface StageInput {
  readonly version: VersionRecord;
  readonly evidence: readonly EvidenceRecord[];
  readonly inForce: Pick<InForceView, 'policies'>;
  /** Content hashes of those who judge beside what is live; of one that does not compile, undefined. */
  readonly challengers: readonly (string | undefined)[];
  readonly acts: readonly Pick<AuditEntry, 'action'>[];
  /** Every role that must has approved it. */
  readonly isApproved: boolean;
}

/** The furthest that holds. */
export function stageOf(input: StageInput, seals: Seals): Stage {
  const { version, evidence, inForce, challengers, acts, isApproved } = input;
  const shown = (kind: EvidenceRecord['kind']): boolean =>
    lastOf(evidence, kind, seals)?.record.passed === true;
  if (inForce.policies.some(({ hash }) => hash === version.hash)) return 'live';
  if (version.withdrawnAtMs !== undefined) return 'withdrawn';
  if (wasLive(acts)) return 'retired';
  if (!shown('check')) return 'draft';
  if (!shown('test')) return 'checked';
  if (isApproved) return 'approved';
  if (challengers.includes(version.hash)) return 'shadow';
  return shown('backtest') ? 'backtested' : 'tested';
}
