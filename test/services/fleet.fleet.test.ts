import { ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { countWithoutGap, takeCopiesForOne } from '../fleet/counting-as-one.ts';
import { compareWithAlone } from '../fleet/same-as-alone.ts';
import { scaled } from '../test-scale.ts';
import { RealFleet } from './real-fleet.ts';

describe('a fleet over Redis and Kafka', () => {
  let real: RealFleet;
  before(async () => { real = await RealFleet.make(); });
  after(async () => {
    await real.close();
  });

  test('F7 a hundred payments on one card at once, over two nodes, see the counts 1 to 100', async () => {
    await countWithoutGap(await real.fleet(2));
  });

  test('F5 a hundred copies of one payment at once, over two nodes, are one', async () => {
    await takeCopiesForOne(await real.fleet(2));
  });

  test('F40 F54 two nodes decide a stream with disorder and duplicates as one alone', async () => {
    const world = await real.fleet(2);
    // With ASSAY_TEST_SCALE=20 it is a stream of 100,000.
    const stream = { seed: 1, count: scaled(5_000), tenants: 10 };
    const { payments, events, hits } = await compareWithAlone(world, stream);
    ok(payments > 4_500 && events > 150 && hits > 300, JSON.stringify({ payments, events, hits }));
  });
});
