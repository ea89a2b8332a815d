/** From what the brake found to the amendment that acts on it, and what an operator is told of it. */
import { formatInstant } from '#domain/instant.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Axis } from '#domain/outcome.ts';
import type { RuleFinding } from './hit-watch.ts';
import type { LivePolicies } from './live-policies.ts';
import type { Amended, RuleModeOverride } from './publication.ts';
import { PublicationRefused } from './publication-refused.ts';
import type { Amending } from './publisher.ts';

/** Of rules that act too often: in the segment the rule goes into shadow; a challenger loses its share. */
export interface Braking {
  readonly amending: Amending;
  readonly news: readonly {
    readonly kind: 'braked' | 'share_taken'; readonly policy: string; readonly rule: string;
    readonly axis: Axis; readonly segment: string | undefined; readonly because: string;
  }[];
}

/**
 * At the turn of the amendment, which may be behind a publication: what is in force and live are those of
 * then. What another version did is not held against the one that has replaced it; throws
 * PublicationRefused where nothing is left.
 */
export function braking(
  found: readonly RuleFinding[], { modes, challengers }: Amended, live: LivePolicies | undefined,
  nowMs: number,
): Braking {
  const champions = new Set(live?.policies.map(({ policy }) => policy.hash));
  const sources = new Map(live?.judging.map(({ policy }) => [policy.hash, policy.source]));
  const isChampion = ({ hash }: RuleFinding): boolean => champions.has(hash);
  const since = formatInstant(nowMs);
  const modeOf = ({ policy, rule, segment, because }: RuleFinding): RuleModeOverride =>
    ({ policy, rule, segment, mode: 'shadow', since, because });
  const above = found.filter((one) => sources.has(one.hash)
    && !(isChampion(one) && modes.some((known) => isSame(known, modeOf(one)))));
  if (above.length === 0) throw new PublicationRefused(['what the brake found is no longer live']);
  const losing = new Set(above.filter((one) => !isChampion(one)).map(({ hash }) => sources.get(hash)));
  return {
    amending: {
      person: 'assay',
      because: above.map(({ policy, rule, because }) => `${policy}/${rule}: ${because}`).join('; '),
      modes: withAdded(modes, above.filter(isChampion).map(modeOf)),
      challengers: challengers.map((one) => (losing.has(one.source) ? { ...one, share: 0 } : one)),
    },
    news: above.map((one) => ({
      kind: isChampion(one) ? 'braked' : 'share_taken', policy: one.policy, rule: one.rule, axis: one.axis,
      segment: one.segment?.value, because: one.because,
    })),
  };
}

/**
 * Where there are too many to be told apart by segment, the new ones are held everywhere, one line each; and
 * where that does not suffice, those that have the most lines.
 */
function withAdded(
  modes: readonly RuleModeOverride[], added: readonly RuleModeOverride[],
): readonly RuleModeOverride[] {
  let held = [...modes, ...added];
  if (held.length > LIMITS.ruleModeCountMax) for (const one of added) held = heldEverywhere(held, one);
  while (held.length > LIMITS.ruleModeCountMax) {
    const lines = Map.groupBy(held, nameOf);
    const [most] = [...lines.values()].toSorted((a, b) => b.length - a.length);
    const [first] = most ?? [];
    if (first === undefined || most?.length === 1) break;
    held = heldEverywhere(held, first);
  }
  return held;
}

function heldEverywhere(
  modes: readonly RuleModeOverride[], one: RuleModeOverride,
): RuleModeOverride[] {
  return [...modes.filter((mode) => nameOf(mode) !== nameOf(one)), { ...one, segment: undefined }];
}

const nameOf = ({ policy, rule }: RuleModeOverride): string => JSON.stringify([policy, rule]);

const isSame = (a: RuleModeOverride, b: RuleModeOverride): boolean =>
  a.policy === b.policy && a.rule === b.rule && a.segment?.field === b.segment?.field
  && a.segment?.value === b.segment?.value;
