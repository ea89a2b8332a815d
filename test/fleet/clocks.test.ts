// What holds while the clocks of two nodes differ, by as much as a policy tolerates and by more.
import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '#domain/decision.ts';
import type { FleetNode } from '#fleet/fleet-node.ts';
import { decided, payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import { fleetOf, type FleetWorld } from './fleet-world.ts';

const MINUTE_MS = 60_000;

/** Two nodes; the second is behind by so much. */
async function apart(
  behindMs: number,
): Promise<{ world: FleetWorld; nodes: readonly [FleetNode, FleetNode] }> {
  const { world, nodes: [right] } = await fleetOf(1, publicationOf(POLICY));
  const { sleep } = world.clock;
  const behind = await world.join({ clock: { now: () => world.nowMs - behindMs, sleep } });
  return { world, nodes: [right!, behind] };
}

const countOf = ({ features }: Decision): unknown => features['card_count_1h'];

test('clocks five minutes apart: counts are exact, copies equal, each decision has one time', async () => {
  const { world, nodes } = await apart(5 * MINUTE_MS);
  const sent: Buffer[] = [];
  const first: Decision[] = [];
  for (let i = 0; i < 100; i++) {
    const bytes = payment(world.nowMs, {});
    sent.push(bytes);
    first.push(decided(await nodes[i % 2]!.decide({ bytes, tenant: 'acme' })));
    world.nowMs += 1_000;
  }
  deepEqual(first.map(countOf), Array.from({ length: 100 }, (_, i) => i + 1));
  for (const [i, bytes] of sent.entries()) {
    const copy = await nodes[(i + 1) % 2]!.decide({ bytes, tenant: 'acme' });
    deepEqual(decided(copy), first[i], 'the other node, with the other clock');
  }
  // A payment comes at the time of its own clock; and what it saw is of when it says that it happened.
  const times = first.slice(0, 2).map(({ created_at: at }) => at);
  deepEqual(times, ['2026-01-15T12:00:00.000Z', '2026-01-15T11:55:01.000Z']);
  equal(first.filter(({ adjusted }) => adjusted !== undefined).length, 0);
  await world.close();
});

test('further apart than a policy tolerates: the time is clamped, and the decision says so', async () => {
  const { world, nodes: [right, behind] } = await apart(8 * MINUTE_MS);
  decided(await world.decide(right));
  const clamped = decided(await world.decide(behind));
  match(JSON.stringify(clamped.adjusted), /"to":"2026-01-15T11:57:00.000Z"/);
  equal(countOf(clamped), 1, 'at that time the other had not come');
  world.nowMs += 1_000;
  equal(countOf(decided(await world.decide(right))), 3, 'who comes later sees both');
  await world.close();
});
