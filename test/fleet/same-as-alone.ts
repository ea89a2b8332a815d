/**
 * The same stream through a node that decides alone and through nodes of a fleet: every answer must be
 * equal to the byte, but for where it says that it stands.
 */
import { deepEqual, equal } from 'node:assert/strict';
import type { DecideAnswer, RecordAnswer } from '#decisioning/call.ts';
import { readPublication } from '../../src/main/read-publication.ts';
import { SHIPPED_POLICIES } from '../../src/main/settings.ts';
import { seededRandom } from '../../bench/random.ts';
import { EngineWorld } from '../engine/engine-world.ts';
import type { FleetWorld } from './fleet-world.ts';
import { streamOf } from './stream.ts';

/** An answer as text, without its place. */
function textOf(answer: DecideAnswer | RecordAnswer): string {
  if (answer.kind === 'decided') {
    const { id: _id, log_position: _place, ...rest } = answer.decision;
    return JSON.stringify([rest, answer.replayed]);
  }
  if (answer.kind === 'recorded') {
    const { log_position: _place, ...rest } = answer.recorded;
    return JSON.stringify([rest, answer.replayed]);
  }
  return JSON.stringify(answer.refusal);
}

/** How many of the stream were decided with a hit: a comparison of nothing would prove nothing. */
export interface Compared { readonly payments: number; readonly events: number; readonly hits: number }

export async function compareWithAlone(world: FleetWorld, seed: number, count: number): Promise<Compared> {
  const alone = new EngineWorld();
  alone.publication = await readPublication(SHIPPED_POLICIES);
  alone.nowMs = world.nowMs;
  await alone.open();
  await world.publish(alone.publication);
  const random = seededRandom(seed);
  const compared = { payments: 0, events: 0, hits: 0 };
  for (const { kind, bytes, atMs } of streamOf(seed, count, world.nowMs)) {
    alone.nowMs = world.nowMs = Math.floor(atMs);
    const node = world.nodes[Math.floor(random() * world.nodes.length)]!;
    const call = { bytes, tenant: 'main' };
    const [expected, answer] = kind === 'payment'
      ? [await alone.running.decide(call), await node.decide(call)]
      : [await alone.running.record(call), await node.record(call)];
    const [here, there] = [textOf(answer), textOf(expected)];
    if (here !== there) deepEqual(JSON.parse(here), JSON.parse(there), bytes.toString());
    equal(here, there);
    compared[kind === 'payment' ? 'payments' : 'events']++;
    if (expected.kind === 'decided' && expected.decision.reasons.length > 0) compared.hits++;
  }
  await alone.running.close();
  return compared;
}
