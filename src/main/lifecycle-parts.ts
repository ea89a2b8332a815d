/** The engine of a node alone as the life cycle asks for it, which is the only one that publishes there. */
import type { Engine } from '#decisioning/engine.ts';
import { isAmendment, readAmendment, readPublication } from '#decisioning/publication.ts';
import type { LiveEngine } from '#lifecycle/parts.ts';

export const liveEngine = (engine: Engine): LiveEngine => ({
  inForce() {
    const { position, base, publication, amendment } = engine.inForce();
    const policies = (engine.state.live?.policies ?? []).map(({ policy }) => policy);
    return { position, base, publication, amendment, policies };
  },
  publish: (publication, keeping) => engine.publish(publication, keeping),
  amend: (amending) => engine.amend(amending),
  publicationAt: (position) => engine.publicationAt(position),
  async *publishedAfter(after) {
    for await (const record of engine.publishedAfter(after)) {
      const { position, receivedAtMs: atMs } = record;
      yield isAmendment(record) ? { position, atMs, amendment: readAmendment(record) }
        : { position, atMs, publication: readPublication(record) };
    }
  },
  recordCount: () => engine.measurements().logPosition,
});
