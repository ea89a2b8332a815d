/** From what the brake found to the amendment that acts on it, and what an operator is told of it. */
import { formatInstant } from '#domain/instant.ts';
import type { RuleFinding } from './hit-watch.ts';
import type { LivePolicies } from './live-policies.ts';
import type { Amended, RuleModeOverride } from './publication.ts';
import type { Amending } from './publisher.ts';

/** Of rules that act too often: in the segment the rule goes into shadow; a challenger loses its share. */
export interface Braking {
  readonly amending: (inForce: Amended) => Amending;
  readonly news: readonly {
    readonly kind: 'braked' | 'share_taken'; readonly policy: string; readonly rule: string;
    readonly segment: string | undefined; readonly because: string;
  }[];
}

export function braking(
  above: readonly RuleFinding[], { policies, judging }: LivePolicies, nowMs: number,
): Braking {
  const champions = new Set(policies.map(({ policy }) => policy.hash));
  const isChampion = ({ hash }: RuleFinding): boolean => champions.has(hash);
  const since = formatInstant(nowMs);
  const added = above.filter(isChampion).map(({ policy, rule, segment, because }): RuleModeOverride =>
    ({ policy, rule, segment, mode: 'shadow', since, because }));
  const losing = new Set(above.filter((one) => !isChampion(one)).map(({ hash }) =>
    judging.find(({ policy }) => policy.hash === hash)?.policy.source));
  return {
    amending: ({ modes, challengers }) => ({
      person: 'assay',
      because: above.map(({ policy, rule, because }) => `${policy}/${rule}: ${because}`).join('; '),
      modes: [...modes, ...added.filter((one) => !modes.some((known) => isSame(known, one)))],
      challengers: challengers.map((one) => (losing.has(one.source) ? { ...one, share: 0 } : one)),
    }),
    news: above.map((one) => ({
      kind: isChampion(one) ? 'braked' : 'share_taken', policy: one.policy, rule: one.rule,
      segment: one.segment?.value, because: one.because,
    })),
  };
}

const isSame = (a: RuleModeOverride, b: RuleModeOverride): boolean =>
  a.policy === b.policy && a.rule === b.rule && a.segment?.field === b.segment?.field
  && a.segment?.value === b.segment?.value;
