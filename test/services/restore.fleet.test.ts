// A real Redis is emptied, restarted or replaced, and its logs are made again from a real Kafka.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../bench/random.ts';
import { readPublication } from '../../src/main/read-publication.ts';
import { SHIPPED_POLICIES } from '../../src/main/settings.ts';
import { payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import { streamOf } from '../fleet/stream.ts';
import { scaled } from '../test-scale.ts';
import { FaultProxy } from './fault-proxy.ts';
import { KafkaServer } from './kafka-server.ts';
import { RedisServer } from './redis-server.ts';
import { repairedFleet, type RepairedFleet } from './repaired-fleet.ts';

const AT_ONCE = 8;

/** A digest of each log that Redis holds, by its key. */
async function digestsOf(redis: RedisServer): Promise<Readonly<Record<string, unknown>>> {
  const keys = (await redis.ask('KEYS', 'assay:w:*') as readonly string[]).toSorted();
  const digests: unknown[] = [];
  for (let from = 0; from < keys.length; from += 500) {
    const some = await redis.ask('DEBUG', 'DIGEST-VALUE', ...keys.slice(from, from + 500));
    digests.push(...some as readonly string[]);
  }
  return Object.fromEntries(keys.map((key, i) => [key, digests[i]]));
}

/** Sent again until it is taken, as a client does; what it was answered. */
async function asked(fleet: RepairedFleet, id: string, node: number) {
  const bytes = payment(fleet.world.nowMs, { id });
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fleet.world.nodes[(node + tries) % 2]!.decide({ bytes, tenant: 'acme' });
    if (answer.kind === 'decided') return answer.decision;
    await sleep(20);
  }
  throw new Error(`${id} was never decided`);
}

const countOf = (decision: { features: Readonly<Record<string, unknown>> }): unknown =>
  decision.features['card_count_1h'];

/** These payments of one card, several at once, over both nodes: what each counted, or why it did not. */
async function counted(fleet: RepairedFleet, ids: readonly string[]): Promise<readonly unknown[]> {
  const counts: unknown[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE).map((id, i) => asked(fleet, id, i));
    for (const one of await Promise.all(some)) counts.push(countOf(one) ?? one.degraded[0]?.cause);
  }
  return counts;
}

const idsOf = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `p${from + i}`);

/** Each number once; where one is missing, a payment was decided without windows in its place. */
function noGapTieOrDouble(counts: readonly unknown[]): void {
  const numbers = counts.filter((one): one is number => typeof one === 'number').toSorted((a, b) => a - b);
  equal(new Set(numbers).size, numbers.length, `a tie: ${numbers.join(' ')}`);
  equal(numbers.at(0), 1);
  ok((numbers.at(-1) ?? 0) <= counts.length, `${numbers.at(-1)} of ${counts.length}`);
}

/** As a machine that stops does with what was not on the disk yet. */
async function cutEnd({ folder }: RedisServer, bytes: number): Promise<void> {
  const files = await readdir(join(folder, 'appendonlydir'));
  const last = join(folder, 'appendonlydir', files.find((one) => one.endsWith('.incr.aof')) ?? '');
  await truncate(last, (await stat(last)).size - bytes);
}

describe('a Redis that is lost', () => {
  let kafka: KafkaServer;
  before(async () => { kafka = await KafkaServer.make(); });
  after(() => kafka.remove());

  test('F53 emptied, it is made again from Kafka to the byte', async (t) => {
    const redis = await RedisServer.make();
    t.after(() => redis.remove());
    const fleet = await repairedFleet(kafka, redis.url());
    t.after(() => fleet.close());
    const { world } = fleet;
    await world.publish(await readPublication(SHIPPED_POLICIES));
    const random = seededRandom(3);
    const sends = [...streamOf(3, scaled(1_200), world.nowMs)];
    for (const { kind, bytes, atMs } of sends) {
      const node = world.nodes[Math.floor(random() * 2)]!;
      const call = { bytes, tenant: 'acme', receivedAtMs: Math.floor(atMs) };
      await (kind === 'payment' ? node.decide(call) : node.record(call));
    }
    await fleet.settled();
    const live = await digestsOf(redis);
    await redis.ask('FLUSHALL');
    const startedAt = performance.now();
    await fleet.settled();
    const ms = performance.now() - startedAt;
    deepEqual(await digestsOf(redis), live);
    ok(Object.keys(live).length > 1_000);
    const restored = fleet.restorers.map(({ restorer: { counts } }) => counts.restored);
    t.diagnostic(`${Math.max(...restored)} records in ${Math.round(ms)} ms`);
  });

  test('F11 a replica that lacks the last writes is made the primary: 1 to 100 across it', async (t) => {
    const primary = await RedisServer.make();
    const link = await FaultProxy.make(primary.port);
    const replica = await RedisServer.make({ replicaOf: { port: link.port } });
    const door = await FaultProxy.make(primary.port);
    const fleet = await repairedFleet(kafka, `redis://127.0.0.1:${door.port}`);
    t.after(async () => {
      await fleet.close();
      for (const one of [link, door]) await one.close();
      for (const one of [primary, replica]) await one.remove();
    });
    await fleet.world.publish(publicationOf(POLICY));
    const counts = [...await counted(fleet, idsOf(1, 40))];
    await sleep(200);
    link.behave({ kind: 'black-hole' });
    counts.push(...await counted(fleet, idsOf(41, 64)));
    const key = `assay:w:{acme\0card.id\0c1}`;
    const [has, lacks] = [await primary.ask('LLEN', key), await replica.ask('LLEN', key)];
    ok(Number(lacks) < Number(has), `the replica has ${String(lacks)} of ${String(has)}`);
    const during = counted(fleet, idsOf(65, 80));
    await sleep(8);
    await primary.kill();
    await replica.promote();
    door.aim(replica.port);
    counts.push(...await during);
    await fleet.settled();
    counts.push(...await counted(fleet, idsOf(81, 100)));
    noGapTieOrDouble(counts);
    await fleet.settled();
    equal(countOf(await asked(fleet, 'last', 0)), 101, 'all of them count');
    t.diagnostic(`without windows: ${counts.filter((one) => typeof one !== 'number').length} of 100; `
      + `lost by the promotion: ${Number(has) - Number(lacks)} and more`);
  });

  test('F11 killed and started again without its last second: 1 to 100 across it', async (t) => {
    const redis = await RedisServer.make({ appendonly: true, more: ['--appendfsync', 'no'] });
    const fleet = await repairedFleet(kafka, redis.url());
    t.after(async () => {
      await fleet.close();
      await redis.remove();
    });
    await fleet.world.publish(publicationOf(POLICY));
    const counts = [...await counted(fleet, idsOf(1, 50))];
    await redis.kill();
    await cutEnd(redis, 20_000);
    await redis.start();
    await fleet.settled();
    counts.push(...await counted(fleet, idsOf(51, 100)));
    noGapTieOrDouble(counts);
    deepEqual(counts.map(Number).toSorted((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i + 1));
    const again = await Promise.all(idsOf(1, 100).map((id, i) => asked(fleet, id, i + 1)));
    deepEqual(again.map(countOf), counts, 'copies have the answers that they had');
  });
});

