// A payment that comes again when all that told copies apart is forgotten, but for the decisions themselves.
import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import type { DecideAnswer } from '#decisioning/call.ts';
import { LIMITS } from '#domain/limits.ts';
import type { WindowLog } from '#ports/window-log.ts';
import { code, decided, opened, payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import { FleetWorld } from '../fleet/fleet-world.ts';

/** How long the shared logs keep an entity of which nothing is heard. */
const FORGOTTEN_MS = LIMITS.windowMsMax + LIMITS.occurredBehindMsMax + 1;
const REFUSES = POLICY.replace('outside: clamp', 'outside: refuse');

const replayed = (answer: DecideAnswer): boolean => answer.kind === 'decided' && answer.replayed;

/** A fleet whose logs are new, as after the retention: what it decided is in its topic and its index. */
async function afterTheRetention(isIndexed: boolean, policy = POLICY) {
  let log = new MemoryWindowLog();
  const shared: WindowLog = { call: (...asked) => log.call(...asked), close: async () => {} };
  const world = new FleetWorld(shared);
  const more = isIndexed ? { index: world.fleetIndex } : {};
  const first = await world.join(more);
  await first.publish(publicationOf(policy));
  const bytes = payment(world.nowMs, { id: 'old' });
  const before = decided(await first.decide({ bytes, tenant: 'acme' }));
  await world.project();
  world.nowMs += FORGOTTEN_MS;
  log = new MemoryWindowLog();
  const node = await world.join(more);
  return { world, node, bytes, before };
}

describe('a payment comes again when its shared logs are gone', () => {
  for (const [what, policy] of [['is clamped', POLICY], ['is refused', REFUSES]] as const) {
    test(`F9 it has its stored answer where a time so old ${what}, and counts nowhere`, async () => {
      const { world, node, bytes, before } = await afterTheRetention(true, policy);
      const again = await node.decide({ bytes, tenant: 'acme' });
      deepEqual([decided(again), replayed(again)], [before, true]);
      const amount = { value: '11', currency: 'EUR' };
      const other = payment(world.nowMs - FORGOTTEN_MS, { id: 'old', amount });
      equal(code(await node.decide({ bytes: other, tenant: 'acme' })), 'id_conflict');
      equal(decided(await world.decide(node)).features['card_count_1h'], 1);
      await world.close();
    });
  }

  test('F9 where no index has it either it is a new payment, and says that its time was moved', async () => {
    const { world, node, bytes } = await afterTheRetention(false);
    const again = await node.decide({ bytes, tenant: 'acme' });
    equal(replayed(again), false);
    equal(decided(again).adjusted?.occurred_at.from, '2026-01-15T12:00:00.000Z');
    await world.close();
  });

  test('F9 alone, the log knows it for ever', async () => {
    const world = await opened();
    const bytes = payment(world.nowMs, { id: 'old' });
    const before = decided(await world.running.decide({ bytes, tenant: 'acme' }));
    world.nowMs += FORGOTTEN_MS;
    for (let i = 0; i < 3; i++) await world.decide();
    await world.running.close();
    await world.open();
    const again = await world.running.decide({ bytes, tenant: 'acme' });
    deepEqual([decided(again), replayed(again)], [before, true]);
    await world.running.close();
  });
});
