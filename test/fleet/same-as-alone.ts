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

/** Tenants have nothing in common: each is a stream of its own, and all of them run at once. */
export async function compareWithAlone(
  world: FleetWorld, { seed, count, tenants }: { seed: number; count: number; tenants: number },
): Promise<Compared> {
  const alone = new EngineWorld();
  alone.publication = await readPublication(SHIPPED_POLICIES);
  alone.nowMs = world.nowMs;
  await alone.open();
  await world.publish(alone.publication);
  const compared = { payments: 0, events: 0, hits: 0 };
  const streams = Array.from({ length: tenants }, (_, tenant) =>
    compareStream(world, alone, { seed: seed * 100 + tenant, count: count / tenants, tenant: `t${tenant}` }));
  for (const one of await Promise.all(streams)) {
    compared.payments += one.payments;
    compared.events += one.events;
    compared.hits += one.hits;
  }
  await alone.running.close();
  return compared;
}

async function compareStream(
  world: FleetWorld, alone: EngineWorld,
  { seed, count, tenant }: { seed: number; count: number; tenant: string },
): Promise<Compared> {
  const random = seededRandom(seed);
  const compared = { payments: 0, events: 0, hits: 0 };
  for (const { kind, bytes, atMs } of streamOf(seed, count, world.nowMs)) {
    const node = world.nodes[Math.floor(random() * world.nodes.length)]!;
    const call = { bytes, tenant, receivedAtMs: Math.floor(atMs) };
    const [expected, answer] = kind === 'payment'
      ? [await alone.running.decide(call), await node.decide(call)]
      : [await alone.running.record(call), await node.record(call)];
    const [here, there] = [textOf(answer), textOf(expected)];
    if (here !== there) deepEqual(JSON.parse(here), JSON.parse(there), bytes.toString());
    equal(here, there);
    compared[kind === 'payment' ? 'payments' : 'events']++;
    if (expected.kind === 'decided' && expected.decision.reasons.length > 0) compared.hits++;
  }
  return compared;
}
