import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisClusterLog } from '#adapters/redis/cluster-log.ts';
import { keyOf } from '#adapters/redis/keys.ts';
import { claimWindowLog } from '#adapters/redis/open-window-log.ts';
import type { RedisWindowLogOptions } from '#adapters/redis/window-log.ts';
import { NOTHING_KNOWN, WindowLogUnavailable, type LogAnswer, type LogCall } from '#ports/window-log.ts';
import { windowLogContract } from '../contracts/window-log.ts';
import { windowRepairContract } from '../contracts/window-repair.ts';
import { RedisCluster } from './redis-cluster.ts';
import { RedisServer } from './redis-server.ts';

const cluster = await RedisCluster.make();
after(() => cluster.remove());

/** Nobody else makes it whole. */
async function opened(more: Partial<RedisWindowLogOptions> = {}): Promise<RedisClusterLog> {
  const log = await RedisClusterLog.open({
    url: cluster.url(), answerMsMax: 2_000, retentionMs: 60_000, entriesPerLogMax: 1_000, ...more,
  });
  if (log === undefined) throw new Error('it is a cluster');
  const { condition, epoch } = await log.health();
  if (condition === 'lost') await log.begin(epoch + 1);
  return log;
}

async function emptied(): Promise<void> {
  for (const one of cluster.primaries) await one.ask('FLUSHALL');
}

windowLogContract('a cluster of Redis', (entriesPerLogMax) => opened({ entriesPerLogMax }));
windowRepairContract('a cluster of Redis', async (entriesPerLogMax) => ({
  log: await opened({ entriesPerLogMax }),
  lose: async () => {
    for (const one of cluster.primaries) {
      const states = await one.ask('KEYS', 'assay:state*');
      for (const key of Array.isArray(states) ? states : []) await one.ask('DEL', String(key));
    }
  },
}));

const call = (value: string, id: string): LogCall => ({
  name: { tenant: 'main', field: 'card.id', value }, known: NOTHING_KNOWN,
  id: Buffer.from(id.padEnd(16)).toString('hex'), bytes: Buffer.from(id),
});
const placesOf = (answers: readonly LogAnswer[]): unknown =>
  answers.map((one) => (one.kind === 'read' ? one.seq : one.kind));

test('a Redis that is none of a cluster is not taken for one', async () => {
  const alone = await RedisServer.make();
  equal(await RedisClusterLog.open({
    url: alone.url(), answerMsMax: 100, retentionMs: 60_000, entriesPerLogMax: 10,
  }), undefined);
  await alone.remove();
});

test('a cluster is one fleet\'s: another that comes is refused, whichever process it names', async () => {
  await emptied();
  await claimWindowLog({ url: cluster.url() }, 'fleet-1');
  await claimWindowLog({ url: cluster.primaries[1]!.url() }, 'fleet-1');
  await rejects(claimWindowLog({ url: cluster.primaries[2]!.url() }, 'fleet-2'), (error) =>
    error instanceof WindowLogUnavailable && /another fleet \(fleet-1/.test(error.message));
});

test('logs of one payment are in several processes', async () => {
  const log = await opened();
  const holders = new Set<RedisServer>();
  for (let i = 0; i < 12; i++) {
    const one = call(`spread_${i}`, 'a');
    await log.call([one]);
    holders.add(await cluster.holderOf(await cluster.slotOf(keyOf(one.name))));
  }
  equal(holders.size, 3);
  await log.close();
});

test('F13 a slot that moves and has moved: each call is done once, where it is', async () => {
  const log = await opened();
  const one = call('wanders', 'a');
  deepEqual(placesOf(await log.call([one])), [1]);
  const slot = await cluster.slotOf(keyOf(one.name));
  const from = await cluster.holderOf(slot);
  const to = cluster.primaries.find((primary) => primary !== from)!;
  await cluster.beginMove(slot, to);
  deepEqual(placesOf(await log.call([call('wanders', 'b')])), [2], 'ASK');
  deepEqual(placesOf(await log.call([one])), [1]);
  await cluster.endMove(slot, to);
  deepEqual(placesOf(await log.call([call('wanders', 'c')])), [3], 'MOVED');
  deepEqual(placesOf(await log.call([call('wanders', 'b'), call('other', 'b')])), [2, 1]);
  await cluster.beginMove(slot, from);
  await cluster.endMove(slot, from);
  const another = await opened();
  deepEqual(placesOf(await another.call([call('wanders', 'd')])), [4]);
  await log.close();
  await another.close();
});

test('what is in flight is found wherever it is, and gone when it has landed', async () => {
  const [log, other] = [await opened(), await opened()];
  const ids: string[] = [];
  for (let i = 0; i < 9; i++) {
    const own: LogCall = { ...call(`own_${i}`, `${i}`), gate: 'same' };
    ids.push(own.id);
    await log.call([own, call(`card_${i}`, `${i}`)], { flight: { id: own.id, bytes: Buffer.from(`f${i}`) } });
  }
  deepEqual([...await other.flights()].toSorted(), ids.toSorted());
  equal(Buffer.from(await other.flight(ids[3]!) ?? []).toString(), 'f3');
  await log.call([call('x', 'y')], { landed: ids.slice(0, 5) });
  await other.call([call('x', 'z')], { landed: ids.slice(5) });
  for (let tries = 0; (await log.flights()).length > 0; tries++) {
    ok(tries < 100, 'all have landed');
    await sleep(10);
  }
  await log.close();
  await other.close();
});

test('the note of each process counts: the one that knows least says how far all are', async () => {
  await emptied();
  const log = await opened();
  equal(await log.checkpoint(), undefined);
  await log.advance([5, 7]);
  deepEqual(await log.checkpoint(), [5, 7]);
  await emptied();
  await rejects(log.call([call('k', 'a')]), (error) =>
    error instanceof WindowLogUnavailable && error.code === 'recovering');
  equal(await log.checkpoint(), undefined);
  await log.begin((await log.health()).epoch + 1);
  await log.close();
});

test('F11 one process loses all: no log takes a call until all are whole, in the next epoch', async () => {
  const log = await opened();
  const { epoch } = await log.health();
  const names = Array.from({ length: 9 }, (_, i) => call(`lost_${i}`, 'a'));
  await log.call(names);
  await cluster.primaries[2]!.ask('FLUSHALL');
  await rejects(log.call(names), (error) =>
    error instanceof WindowLogUnavailable && error.code === 'recovering');
  equal((await log.health()).condition, 'lost');
  const restored = await log.restore(names.map(({ name, id, bytes }) =>
    ({ name, seq: 1, id, bytes: bytes! })), 'lost');
  const kinds = new Set(restored.map(({ kind }) => kind));
  deepEqual([...kinds].toSorted(), ['placed', 'there']);
  await log.begin(epoch + 1);
  deepEqual(await log.health(), { condition: 'whole', epoch: epoch + 1 });
  deepEqual(placesOf(await log.call(names.map((one) => ({ ...one, bytes: undefined })))), names.map(() => 1));
  await log.close();
});

/** Until the call is refused with that code. */
async function refused(log: RedisClusterLog, one: LogCall, wanted: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const code = await log.call([one]).then(() => 'done', (error: unknown) =>
      (error instanceof WindowLogUnavailable ? error.code : String(error)));
    if (code === wanted) return;
    ok(tries < 200, code);
    await sleep(50);
  }
}

test('the slot of the epoch mark is moved away: refused, then lost until it is whole again', async () => {
  const log = await opened();
  const names = Array.from({ length: 9 }, (_, i) => call(`mark_${i}`, 'a'));
  await log.call(names);
  const [first, second] = cluster.primaries;
  const held = await Promise.all(names.map(async ({ name }) =>
    cluster.holderOf(await cluster.slotOf(keyOf(name)))));
  const [one] = names.filter((_, i) => held[i] === first);
  const { epoch } = await log.health();
  await cluster.beginMove(0, second!);
  await cluster.endMove(0, second!);
  await refused(log, one!, 'recovering');
  await log.begin(epoch + 1);
  deepEqual(placesOf(await log.call(names)), names.map(() => 1));
  const another = await opened();
  deepEqual(await another.health(), { condition: 'whole', epoch: epoch + 1 });
  await log.close();
  await another.close();
});

test('F13 a process that is killed and comes back: refused, then lost until it is whole', async () => {
  const log = await opened({ answerMsMax: 300 });
  const one = call('back', 'a');
  await log.call([one]);
  const holder = await cluster.holderOf(await cluster.slotOf(keyOf(one.name)));
  await holder.kill();
  await rejects(log.call([one]), (error) => error instanceof WindowLogUnavailable);
  await holder.start();
  await cluster.whole();
  await refused(log, one, 'recovering');
  await log.begin((await log.health()).epoch + 1);
  deepEqual(placesOf(await log.call([one])), [1]);
  await log.close();
});
