/** Payments of one side by which rules hit, for the lab. */
import type { HitGroup } from '#lab/overlap.ts';
import type { Judging } from './judging.ts';

export function hitGroupsOf({ accounts }: Judging, side: number): readonly HitGroup[] {
  const { ledger, books } = accounts;
  const verdicts = books[side]?.verdicts ?? [];
  const counts = ledger.countsOf(side, verdicts.length);
  return verdicts.map(({ rules, outcome }, number) => {
    return {
      hits: rules.filter(({ answer }) => answer === 'hit').map(({ rule }) => rule),
      acting: rules.filter(({ acts }) => acts).map(({ rule }) => rule),
      flagged: outcome !== 'approve', payments: counts[number] ?? 0,
    };
  });
}
