import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { DecisionIndexUnavailable } from '#ports/decision-index.ts';
import { keepHouse, type Housekeeping } from './fleet-housekeeping.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 0, 15);

const valueOf = (house: Housekeeping, name: string): number | undefined =>
  house.measurements().find((one) => one.name === name)?.samples[0]?.[1];

test('what is old goes at the start and every hour, also after an hour in which it could not', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'], now: NOW_MS });
  const asked: number[] = [];
  const told: string[] = [];
  let isAway = true;
  const house = keepHouse({
    retentionDays: 800, lag: async () => 3, tell: (what) => { told.push(what); },
    index: {
      async expire(beforeMs) {
        asked.push(beforeMs);
        if (isAway) throw new DecisionIndexUnavailable('PostgreSQL is away');
        return beforeMs;
      },
      differences: async () => ({ count: 2, examples: [] }),
    },
  });
  t.after(() => { house.close(); });
  await turn();
  match(told.join(), /tried again within the hour: PostgreSQL is away/);
  equal(Number.isNaN(valueOf(house, 'assay_index_lag')), true, 'nobody has looked yet');
  isAway = false;
  t.mock.timers.tick(3_600_000);
  await turn();
  deepEqual(asked, [NOW_MS - 800 * DAY_MS, NOW_MS + 3_600_000 - 800 * DAY_MS]);
  deepEqual(['assay_index_lag', 'assay_index_differing_total', 'assay_index_kept_from_seconds']
    .map((name) => valueOf(house, name)), [3, 2, asked[1]! / 1_000]);
});

test('without a setting all is kept for ever', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'], now: NOW_MS });
  let asked = 0;
  const house = keepHouse({
    retentionDays: undefined, lag: async () => 0, tell: () => {},
    index: { expire: async () => ++asked, differences: async () => ({ count: 0, examples: [] }) },
  });
  t.after(() => { house.close(); });
  t.mock.timers.tick(10 * DAY_MS);
  await turn();
  equal(asked, 0);
});
