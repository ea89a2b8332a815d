import { deepEqual, ok } from 'node:assert/strict';
import { after, test } from 'node:test';
import { openWindowLog } from '#adapters/redis/open-window-log.ts';
import { completedOn } from '#fleet/orphans.ts';
import { decided, payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import { countWithoutGap, takeCopiesForOne } from '../fleet/counting-as-one.ts';
import { FleetWorld } from '../fleet/fleet-world.ts';
import { runRestorer, type RunningRestorer } from '../fleet/restore-world.ts';
import { compareWithAlone } from '../fleet/same-as-alone.ts';
import { scaled } from '../test-scale.ts';
import { RedisCluster } from './redis-cluster.ts';

const OPTIONS = { answerMsMax: 5_000, retentionMs: 400 * 86_400_000, entriesPerLogMax: 8_192 } as const;

const cluster = await RedisCluster.make();
const worlds: FleetWorld[] = [];
after(async () => {
  for (const world of worlds) await world.close();
  await cluster.remove();
});

/** Two nodes, each with connections of its own, over logs that are empty. */
async function fleet(): Promise<FleetWorld> {
  for (const one of cluster.primaries) await one.ask('FLUSHALL');
  const world = new FleetWorld();
  worlds.push(world);
  for (let node = 0; node < 2; node++) {
    const log = await openWindowLog({
      url: cluster.primaries[node]!.url(), ...OPTIONS,
    });
    const { condition, epoch } = await log.health();
    if (condition === 'lost') await log.begin(epoch + 1);
    await world.join({ log });
  }
  return world;
}

test('F7 a hundred payments on one card at once, over a cluster, see the counts 1 to 100', async () => {
  await countWithoutGap(await fleet());
});

test('F5 a hundred copies at once, over a cluster, are one', async () => {
  await takeCopiesForOne(await fleet());
});

test('F40 F54 two nodes over a cluster decide as one alone, over disorder and duplicates', async () => {
  const world = await fleet();
  const stream = { seed: 1, count: scaled(1_500), tenants: 10 };
  const { payments, events, hits } = await compareWithAlone(world, stream);
  ok(payments > 1_300 && events > 40 && hits > 50, JSON.stringify({ payments, events, hits }));
});

test('F11 a primary of the cluster is killed and its copy takes over: 1 to 100 across it', async (t) => {
  const own = await RedisCluster.make(3, { copies: true });
  const world = new FleetWorld();
  const restorers: RunningRestorer[] = [];
  t.after(async () => {
    for (const one of restorers) await one.stop();
    await world.close();
    await own.remove();
  });
  for (let node = 0; node < 2; node++) {
    const log = await openWindowLog({ url: own.url(), ...OPTIONS, answerMsMax: 1_000 });
    const complete = completedOn(await world.join({ log }));
    restorers.push(runRestorer(world, log, { complete, bounds: { lookMs: 20, settleMs: 50 } }));
  }
  const settled = async (): Promise<void> => { for (const one of restorers) await one.settled(); };
  await settled();
  await world.publish(publicationOf(POLICY));
  const counts: unknown[] = [];
  const pay = async (from: number, to: number): Promise<void> => {
    for (let id = from; id <= to; id++) {
      const bytes = payment(world.nowMs, { id: `p${id}` });
      const { features, degraded } = decided(await world.nodes[id % 2]!.decide({ bytes, tenant: 'acme' }));
      counts.push(features['card_count_1h'] ?? degraded[0]?.cause);
    }
  };
  await pay(1, 40);
  const primary = await own.holderOf(await own.slotOf('assay:w:{acme\0card.id\0c1}'));
  await primary.kill();
  await pay(41, 60);
  await own.failedOver(primary);
  await settled();
  await pay(61, 100);
  await settled();
  const numbers = counts.filter((one): one is number => typeof one === 'number');
  deepEqual(numbers.slice(0, 40), Array.from({ length: 40 }, (_, i) => i + 1));
  deepEqual(numbers.slice(-40), Array.from({ length: 40 }, (_, i) => i + 61), 'all count');
  t.diagnostic(`without windows: ${counts.filter((one) => typeof one !== 'number').join(' ')}`);
});
