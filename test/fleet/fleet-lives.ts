/** A fleet in memory whose policies people change: a life cycle on each node, over the same records. */
import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import type { Publication } from '#decisioning/publication.ts';
import { eventSchema } from '#domain/field.ts';
import type { FleetNode } from '#fleet/fleet-node.ts';
import { Lifecycle } from '#lifecycle/lifecycle.ts';
import type { Actor } from '#lifecycle/parts.ts';
import { Seals } from '#lifecycle/seals.ts';
import { storeWorld } from '#policy/store-world.ts';
import type { RecordStore } from '#ports/records.ts';
import { checkPolicy } from '../../src/main/check-policy.ts';
import { fleetEngine } from '../../src/main/fleet-lifecycle.ts';
import { readListUpload } from '../../src/main/read-list-upload.ts';
import { ANN, BEN, policySource, told, type PolicyShape } from '../lifecycle/lifecycle-world.ts';
import { FleetWorld, fleetOf } from './fleet-world.ts';

const schema = eventSchema();
const openWorld = storeWorld((custom) => new LocalWindowStore(custom));

export const lifeOn = (node: FleetNode, records: RecordStore, world: FleetWorld, key = 7): Lifecycle =>
  new Lifecycle({
    records, engine: fleetEngine(node, world.clock), seals: new Seals(Buffer.alloc(32, key)),
    now: () => world.nowMs, backtests: undefined,
    readList: (upload) => Promise.resolve(readListUpload(upload)),
    check: (file, source) => Promise.resolve(checkPolicy(file, source, schema, openWorld)),
  });

export interface FleetLives {
  readonly world: FleetWorld;
  readonly nodes: readonly FleetNode[];
  readonly lives: readonly Lifecycle[];
  readonly records: RecordStore;
}

export async function fleetLives(
  first: Publication, records: RecordStore = new MemoryRecordStore(), world = new FleetWorld(),
): Promise<FleetLives> {
  const { nodes } = world.nodes.length > 0 ? world : await fleetOf(2, first, world);
  const lives = nodes.map((node) => lifeOn(node, records, world));
  for (const life of lives) await life.catchUp();
  return { world, nodes, lives, records };
}

/** Submitted by Ann on one node and approved by Ben on another: the hash. */
export async function approved(
  [a, b]: readonly Lifecycle[], shape: PolicyShape, author: Actor = ANN,
): Promise<string> {
  const order = { policy: 'small', file: undefined, source: policySource(shape), note: 'why' };
  const { version: { hash } } = told(await a!.submit(author, order));
  told(await b!.approve(BEN, hash, 'risk'));
  return hash;
}
