/** The engine as the life cycle asks for it. */
import type { Engine } from '#decisioning/engine.ts';
import type { LiveEngine } from '#lifecycle/parts.ts';

export const liveEngine = (engine: Engine): LiveEngine => ({
  inForce() {
    const { position, base, publication, amendment } = engine.inForce();
    const policies = (engine.state.live?.policies ?? []).map(({ policy }) => policy);
    return { position, base, publication, amendment, policies };
  },
  publish: (publication, keep) => engine.publish(publication, keep),
  amend: (amending) => engine.amend(amending),
  publicationAt: (position) => engine.publicationAt(position),
  recordCount: () => engine.measurements().logPosition,
});
