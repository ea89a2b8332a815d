/** What nodes that count as one show, whatever they are over: two of them, on one card. */
import { deepEqual, equal } from 'node:assert/strict';
import { decided, payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import type { FleetWorld } from './fleet-world.ts';

const MANY = 100;

/** So many payments at once see the counts from 1 on: no gap, no tie. */
export async function countWithoutGap(world: FleetWorld): Promise<void> {
  await world.publish(publicationOf(POLICY));
  const answers = await Promise.all(Array.from({ length: MANY }, (_, i) =>
    world.decide(world.nodes[i % 2]!)));
  const counts = answers.map((answer) => Number(decided(answer).features['card_count_1h']));
  deepEqual(counts.toSorted((a, b) => a - b), Array.from({ length: MANY }, (_, i) => i + 1));
}

/** So many copies at once are one decision, and count once. */
export async function takeCopiesForOne(world: FleetWorld): Promise<void> {
  await world.publish(publicationOf(POLICY));
  const bytes = payment(world.nowMs, { id: 'one' });
  const answers = await Promise.all(Array.from({ length: MANY }, (_, i) =>
    world.nodes[i % 2]!.decide({ bytes, tenant: 'acme' })));
  equal(new Set(answers.map((answer) => JSON.stringify(decided(answer)))).size, 1);
  equal(decided(await world.decide(world.nodes[0]!)).features['card_count_1h'], 2, 'it counts once');
}
