// Crashes, full disks and failing flushes, from seeds: what was acknowledged is there, and nothing else.
import { ok } from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { LogWorld } from './decision-log-world.ts';

const SEED_COUNT = 24;
const STEP_COUNT = 45;

describe('what the log has acknowledged is there after anything', () => {
  const total = { crashes: 0, failures: 0, heals: 0, torn: 0, snapshots: 0, fastStarts: 0 };
  for (let seed = 1; seed <= SEED_COUNT; seed += 1) {
    test(`seed ${seed}`, async () => {
      const world = new LogWorld(seed);
      await world.run(STEP_COUNT);
      for (const what of Object.keys(total) as (keyof typeof total)[]) total[what] += world.seen[what];
    });
  }
  after(() => {
    for (const [what, count] of Object.entries(total)) {
      ok(count > SEED_COUNT / 4, `${count} ${what} in all seeds`);
    }
  });
});
