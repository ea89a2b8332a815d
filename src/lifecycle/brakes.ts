/** Rules that the brake has put in shadow: seen, and brought back by a person. */
import type { Refusal } from '#domain/refusal.ts';
import type { RuleModeOverride } from '#decisioning/publication.ts';
import { amendedNow, enactAmendment, type GoingLive, type WentLive } from './going-live.ts';
import type { Actor, LifecycleParts } from './parts.ts';
import { refuse } from './refuse.ts';

export interface ReleaseOrder {
  readonly policy: string;
  readonly rule: string;
  /** Value of the segment; undefined: wherever the rule is braked. */
  readonly segment: string | undefined;
  readonly because: string;
}

export const brakesOf = ({ engine }: Pick<LifecycleParts, 'engine'>): readonly RuleModeOverride[] =>
  amendedNow(engine.inForce()).modes;

export const releaseBrake = (
  parts: LifecycleParts, going: GoingLive, actor: Actor, { policy, rule, segment, because }: ReleaseOrder,
): Promise<WentLive | Refusal> => going.serially(undefined, async (live) => {
  const { modes } = amendedNow(live);
  const isReleased = (mode: RuleModeOverride): boolean => mode.policy === policy && mode.rule === rule
    && (segment === undefined || mode.segment?.value === segment);
  if (!modes.some(isReleased)) {
    const braked = modes.map((mode) => `${mode.policy}/${mode.rule}`
      + (mode.segment === undefined ? '' : ` in ${mode.segment.value}`));
    return refuse('not_found',
      `nothing holds ${policy}/${rule}${segment === undefined ? '' : ` in ${segment}`}; `
      + `braked are: ${braked.join(', ') || 'none'}`);
  }
  return going.goLive(actor, {
    kind: 'release', because,
    act: {
      action: 'brake.release', subject: `policy/${policy}`,
      detail: { rule, segment: segment ?? null, because },
    },
    enact: (madeOn) => enactAmendment(parts,
      ({ modes: now }) => ({ modes: now.filter((mode) => !isReleased(mode)) }),
      { person: actor.person, because, approvals: [] }, madeOn),
  });
});
