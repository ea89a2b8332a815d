/** A node of a fleet as the life cycle asks for it: what is live is in a topic, and others publish too. */
import type { Measurement } from '#api/parts.ts';
import type { LivePolicies } from '#decisioning/live-policies.ts';
import { isAmendment, readAmendment, readPublication, type Publication } from '#decisioning/publication.ts';
import { PublicationOvertaken } from '#decisioning/publication-refused.ts';
import type { FleetNode } from '#fleet/fleet-node.ts';
import type { LiveEngine } from '#lifecycle/parts.ts';
import type { Clock } from '#ports/clock.ts';

/** Whoever published it writes its row, which says more; where that node died, another does so after this. */
const ROW_MS = 3_000;

export const fleetEngine = (node: FleetNode, clock: Pick<Clock, 'sleep'>): LiveEngine => ({
  inForce() {
    const { position, base, publication, amendment, policies } = liveOn(node);
    return { position, base, publication, amendment, policies: policies.map(({ policy }) => policy) };
  },
  publish: (publication, keeping, madeOn) => node.publish(publication, keeping, madeOn),
  amend: (amending, madeOn) => node.amend(amending, madeOn),
  async publicationAt(position) {
    const record = await node.published.get(position);
    return record === undefined || isAmendment(record) ? undefined : readPublication(record);
  },
  async *publishedAfter(after) {
    for await (const record of node.published.after(after)) {
      const { position, receivedAtMs: atMs } = record;
      const waitMs = ROW_MS - node.foreignAgeMs(position);
      if (waitMs > 0) await clock.sleep(waitMs);
      yield isAmendment(record) ? { position, atMs, amendment: readAmendment(record) }
        : { position, atMs, publication: readPublication(record) };
    }
  },
  // None that a backtest could judge again: it reads the log of a node alone.
  recordCount: () => 0,
});

/** Where the fleet has nothing live yet. Throws where what is live cannot be learnt, or not be made live. */
export async function publishFirst(
  node: FleetNode, first: Publication, tell: (what: string) => void,
): Promise<void> {
  if (node.state.live !== undefined) return;
  try {
    await node.publish(first, {}, 0);
  } catch (error) {
    if (!(error instanceof PublicationOvertaken)) throw error;
    tell('publications: another node was first; what it published is live');
  }
}

function liveOn({ state: { live } }: Pick<FleetNode, 'state'>): LivePolicies {
  if (live === undefined) throw new Error('a node of a fleet is served when something is live');
  return live;
}

export const publicationMeasurements = ({ state, apart }: FleetNode): readonly Measurement[] => [
  {
    name: 'assay_publication_position', type: 'gauge',
    help: 'Position in the topic of publications of what this node decides by.',
    samples: [[{}, state.live?.position ?? 0]],
  },
  {
    name: 'assay_node_apart', type: 'gauge',
    help: '1: what is live for the fleet cannot go live on this node, and it decides nothing.',
    samples: [[{}, apart === undefined ? 0 : 1]],
  },
];
