/**
 * Who decided: champion and challengers with a share of the traffic, each with what came of the payments it
 * decided. The champion's are the control group. Arms are told apart by the policy that a decision names.
 */
import { outcomeRank } from '#domain/outcome.ts';
import { share } from './share.ts';
import type { Judging } from './judging.ts';
import type { Share } from './report.ts';
import { FLAGGED_RANK, STOPPED_RANK } from './truth-counts.ts';

export interface ArmReport {
  readonly policy: string;
  readonly hash: string;
  readonly payments: number;
  readonly flagged: Share;
  readonly stopped: Share;
  /** Payments that proved bad, of all it decided; and of those the ones it did not stop. */
  readonly bad: Share;
  readonly missed: Share;
  /** Good payments that it flagged, of the good ones. */
  readonly hurt: Share;
}

type Arm = Record<'payments' | 'flagged' | 'stopped' | 'bad' | 'missed' | 'hurt', number>;

export function armsOf({ accounts }: Judging): readonly ArmReport[] {
  const { ledger, labels } = accounts;
  const arms = new Map<string, Arm>();
  for (let line = 0; line < ledger.count; line++) {
    const { policy, hash, outcome } = accounts.verdict(0, ledger.verdict(0, line));
    const key = `${policy} ${hash}`;
    const arm = arms.get(key) ?? { payments: 0, flagged: 0, stopped: 0, bad: 0, missed: 0, hurt: 0 };
    arms.set(key, arm);
    const rank = outcomeRank(outcome);
    const isBad = labels.of(ledger.id(line)) === 'bad';
    arm.payments += 1;
    if (rank >= FLAGGED_RANK) arm.flagged += 1;
    if (rank >= STOPPED_RANK) arm.stopped += 1;
    if (isBad) arm.bad += 1;
    if (isBad && rank < STOPPED_RANK) arm.missed += 1;
    if (!isBad && rank >= FLAGGED_RANK) arm.hurt += 1;
  }
  return [...arms].map(([key, { payments, flagged, stopped, bad, missed, hurt }]) => {
    const [policy = '', hash = ''] = key.split(' ');
    return {
      policy, hash, payments, flagged: share(flagged, payments), stopped: share(stopped, payments),
      bad: share(bad, payments), missed: share(missed, bad), hurt: share(hurt, payments - bad),
    };
  });
}
