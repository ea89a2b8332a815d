import { ok } from 'node:assert/strict';
import { test } from 'node:test';
import { scaled } from '../test-scale.ts';
import { compareWithAlone } from './same-as-alone.ts';
import { FleetWorld } from './fleet-world.ts';

test('F40 three nodes decide as one alone, over disorder, duplicates, labels and refunds', async () => {
  for (let seed = 1; seed <= scaled(2); seed++) {
    const world = new FleetWorld();
    for (let i = 0; i < 3; i++) await world.join();
    const { payments, events, hits } = await compareWithAlone(world, { seed, count: 3_000, tenants: 3 });
    ok(payments > 2_500 && events > 80 && hits > 100, JSON.stringify({ payments, events, hits }));
    await world.close();
  }
});
