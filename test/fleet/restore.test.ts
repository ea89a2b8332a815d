// The shared logs are lost, wholly or at their ends, and are made again from the topic.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import { seededRandom } from '../../bench/random.ts';
import { readPublication } from '../../src/main/read-publication.ts';
import { SHIPPED_POLICIES } from '../../src/main/settings.ts';
import { scaled } from '../test-scale.ts';
import { FleetWorld } from './fleet-world.ts';
import { dumpOf, runRestorer } from './restore-world.ts';
import { streamOf } from './stream.ts';

const shipped = await readPublication(SHIPPED_POLICIES);

async function twoNodes(log: MemoryWindowLog): Promise<FleetWorld> {
  const world = new FleetWorld(log);
  for (let i = 0; i < 2; i++) await world.join();
  await world.publish(shipped);
  return world;
}

/** A stream with disorder, copies, labels, statuses and refunds, of a tenant of its own. */
async function send(world: FleetWorld, seed: number, count: number): Promise<void> {
  const random = seededRandom(seed);
  for (const { kind, bytes, atMs } of streamOf(seed, count, world.nowMs)) {
    const node = world.nodes[Math.floor(random() * 2)]!;
    // A copy has the name of the first.
    const name = kind === 'payment' && bytes.length % 20 === 0 ? bytes.toString('hex', 20, 60) : undefined;
    const named = name === undefined ? {} : { idempotencyKey: name };
    const call = { bytes, tenant: `t${seed}`, receivedAtMs: Math.floor(atMs), ...named };
    await (kind === 'payment' ? node.decide(call) : node.record(call));
  }
}

describe('the shared logs are made again', () => {
  test('F53 from empty: every entry of every log is as it was, byte for byte', async (t) => {
    for (let seed = 1; seed <= scaled(2); seed++) {
      const log = new MemoryWindowLog();
      const world = await twoNodes(log);
      await send(world, seed, 1_500);
      const live = dumpOf(log);
      log.lose();
      const running = runRestorer(world, log);
      t.after(() => running.stop());
      await running.settled();
      deepEqual(dumpOf(log), live);
      const entries = Object.values(live).reduce((sum, { length }) => sum + length, 0);
      ok(entries > 5_000 && Object.keys(live).length > 1_000, `${entries}`);
      for (const kind of ['idempotency_key', 'card.id', 'event']) {
        ok(Object.keys(live).some((key) => key.includes(kind)), kind);
      }
      deepEqual(await log.health(), { condition: 'whole', epoch: 2 });
      await running.stop();
      await world.close();
    }
  });

  test('F11 a promoted replica that was behind is as the primary was; read is what was new', async (t) => {
    const log = new MemoryWindowLog();
    const world = await twoNodes(log);
    await send(world, 7, 600);
    const following = runRestorer(world, log);
    await following.settled();
    await following.stop();
    const promote = log.fork();
    await send(world, 8, 400);
    const live = dumpOf(log);
    promote();
    const lost = Object.keys(live).length - log.all.size;
    ok(lost > 100, `${lost} logs lost`);
    const running = runRestorer(world, log);
    t.after(() => running.stop());
    await running.settled();
    deepEqual(dumpOf(log), live);
    const { recoveries, restored } = running.restorer.counts;
    equal(recoveries, 1);
    ok(restored < 420, `${restored} records read`);
    await running.stop();
    await world.close();
  });
});
