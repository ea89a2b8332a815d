import { deepEqual, equal, rejects } from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisWindowLog, RedisWindowLogOptions } from '#adapters/redis/window-log.ts';
import { NOTHING_KNOWN, WindowLogUnavailable, type LogAnswer, type LogCall } from '#ports/window-log.ts';
import { windowLogContract } from '../contracts/window-log.ts';
import { windowRepairContract } from '../contracts/window-repair.ts';
import { FaultProxy } from './fault-proxy.ts';
import { RedisServer } from './redis-server.ts';
import { wholeWindowLog } from './whole-window-log.ts';

const servers: RedisServer[] = [];
const server = async (...options: Parameters<typeof RedisServer.make>): Promise<RedisServer> => {
  const made = await RedisServer.make(...options);
  servers.push(made);
  return made;
};
after(async () => {
  for (const one of servers) await one.remove();
});

const opened = (url: string, more: Partial<RedisWindowLogOptions> = {}): Promise<RedisWindowLog> =>
  wholeWindowLog(url, more);

const shared = await server();
windowLogContract('Redis', (entriesPerLogMax) => opened(shared.url(), { entriesPerLogMax }));
windowRepairContract('Redis', async (entriesPerLogMax) => ({
  log: await opened(shared.url(), { entriesPerLogMax }),
  lose: async () => { await shared.ask('DEL', 'assay:state'); },
}));

const call = (value: string, id: string): LogCall => ({
  name: { tenant: 'main', field: 'card.id', value }, known: NOTHING_KNOWN,
  id: Buffer.from(id.padEnd(16)).toString('hex'), bytes: Buffer.from(id),
});
const unavailable = (code: string) => (error: unknown): boolean =>
  error instanceof WindowLogUnavailable && error.code === code;

test('F15 a log to which nothing is appended for the retention is gone', async () => {
  const log = await opened(shared.url(), { retentionMs: 30 });
  await log.call([call('short', 'a')]);
  await sleep(60);
  const [answer] = await log.call([call('short', 'b')]);
  equal(answer?.kind === 'read' && answer.seq, 1);
  await log.close();
});

test('F13 scripts that were flushed are there again', async () => {
  const log = await opened(shared.url());
  await shared.ask('SCRIPT', 'FLUSH');
  equal((await log.call([call('flushed', 'a')]))[0]?.kind, 'read');
  await log.close();
});

test('a Redis that hangs is late; what it did meanwhile is found by the same call', async () => {
  const log = await opened(shared.url(), { answerMsMax: 50 });
  shared.pause();
  await rejects(log.call([call('late', 'a')]), unavailable('late'));
  shared.continue();
  const slow = await opened(shared.url());
  const [again] = await slow.call([call('late', 'a')]);
  deepEqual(again?.kind === 'read' && [again.seq, again.behind.length], [1, 1], 'once, whoever was first');
  await log.close();
  await slow.close();
});

/** Again and again, as a node does, until it is not refused with that code. */
async function until(log: RedisWindowLog, one: LogCall, codes: readonly string[]): Promise<unknown> {
  for (let tries = 0; tries < 300; tries++) {
    const answer = await log.call([one]).catch((error: unknown) => error);
    const isRefused = isAway(answer) && codes.includes(answer.code);
    if (!isRefused) return isAway(answer) ? answer.code : answer;
    await sleep(20);
  }
  return 'never';
}
const isAway = (answer: unknown): answer is WindowLogUnavailable => answer instanceof WindowLogUnavailable;
const placeOf = (answers: unknown): unknown =>
  (Array.isArray(answers) ? (answers as LogAnswer[]).map((one) => one.kind === 'read' && one.seq) : answers);

test('a Redis that is gone refuses at once; back, it takes nothing until somebody looked at it', async () => {
  const own = await server({ appendonly: true });
  const log = await opened(own.url());
  await log.call([call('k', 'a')]);
  await own.kill();
  await rejects(log.call([call('k', 'b')]), unavailable('unreachable'));
  await rejects(log.call([call('k', 'b')]), unavailable('unreachable'));
  await own.start();
  equal(await until(log, call('k', 'b'), ['unreachable']), 'recovering', 'it may have lost its last writes');
  deepEqual(await log.health(), { condition: 'lost', epoch: 1 });
  await log.begin(2);
  deepEqual(placeOf(await until(log, call('k', 'b'), [])), [2]);
  await log.close();
});

test('logs that were emptied take nothing, from the very next call on', async () => {
  const own = await server();
  const log = await opened(own.url());
  await log.call([call('k', 'a')]);
  await own.ask('FLUSHALL');
  await rejects(log.call([call('k', 'b')]), unavailable('recovering'));
  equal(await own.ask('EXISTS', 'assay:w:{main\0card.id\0k}'), 0);
  await log.begin(3);
  deepEqual(placeOf(await log.call([call('k', 'b')])), [1]);
  await log.close();
});

test('F11 a replica made the primary behind the same address takes nothing until it is whole', async () => {
  const primary = await server();
  const replica = await server({ replicaOf: primary });
  const proxy = await FaultProxy.make(primary.port);
  const log = await opened(`redis://127.0.0.1:${proxy.port}`);
  await log.call([call('k', 'a')]);
  proxy.aim(replica.port);
  await primary.kill();
  equal(await until(log, call('k', 'b'), ['late']), 'unreachable', 'a replica is no place to append');
  await replica.ask('REPLICAOF', 'NO', 'ONE');
  equal(await until(log, call('k', 'b'), ['unreachable']), 'recovering');
  deepEqual([await log.health(), await log.checkpoint()], [{ condition: 'lost', epoch: 1 }, undefined]);
  await log.begin(2);
  equal((await log.call([call('k', 'b')]))[0]?.kind, 'read');
  await log.close();
  await proxy.close();
});

test('F13 a primary that was made a replica is left for where its address leads', async () => {
  const [first, second] = [await server(), await server()];
  const proxy = await FaultProxy.make(first.port);
  const log = await opened(`redis://127.0.0.1:${proxy.port}`);
  await wholeWindowLog(second.url()).then((other) => other.close());
  await log.call([call('k', 'a')]);
  proxy.aim(second.port);
  await first.ask('REPLICAOF', '127.0.0.1', `${second.port}`);
  // The replica says that it is one, or has the state of the other already.
  await rejects(log.call([call('k', 'b')]), WindowLogUnavailable);
  deepEqual(placeOf(await until(log, call('k', 'b'), ['unreachable', 'recovering'])), [1]);
  await log.close();
  await proxy.close();
});

test('a connection on which nothing comes any more is given up', async () => {
  const proxy = await FaultProxy.make(shared.port);
  const log = await opened(`redis://127.0.0.1:${proxy.port}`, { answerMsMax: 50 });
  await log.call([call('silent', 'a')]);
  proxy.behave({ kind: 'black-hole' });
  await rejects(log.call([call('silent', 'b')]), unavailable('late'));
  await sleep(1_000);
  await rejects(log.call([call('silent', 'b')]), unavailable('late'));
  proxy.behave({ kind: 'pass' });
  deepEqual(placeOf(await until(log, call('silent', 'b'), ['unreachable', 'late'])), [2]);
  await log.close();
  await proxy.close();
});

test('F14 a full Redis says so, and has none of it', async () => {
  const own = await server({ maxmemory: '3mb', maxmemoryPolicy: 'noeviction' });
  const log = await opened(own.url());
  const large = { ...call('full', 'x'), bytes: Buffer.alloc(400_000) };
  let refused: unknown;
  for (let i = 0; i < 20 && refused === undefined; i++) {
    const id = Buffer.from(`${i}`.padEnd(16)).toString('hex');
    await log.call([{ ...large, id }]).catch((error: unknown) => { refused = error; });
  }
  equal(unavailable('refused')(refused), true, String(refused));
  await log.close();
});

test('nobody there, a wrong password, and what is no Redis: each is said', async () => {
  await rejects(opened('redis://127.0.0.1:1'), unavailable('unreachable'));
  const own = await server({ requirepass: 'right' });
  await rejects(opened(own.url().replace('right', 'wrong')), unavailable('refused'));
  await rejects(opened(own.url().replace(':right@', '')), unavailable('refused'));
});

test('F14 a Redis that makes room by itself is refused, and why', async () => {
  const own = await server({ maxmemory: '64mb', maxmemoryPolicy: 'allkeys-lru' });
  await rejects(opened(own.url()), (error) =>
    unavailable('refused')(error) && /noeviction/.test(String(error)));
});

test('F15 the expiry of a log is renewed by the first append of a node, and not by each', async () => {
  const key = 'assay:w:{main\0card.id\0renewed}';
  const log = await opened(shared.url());
  // As if it had been set by another: what renews it makes it shorter.
  const isRenewed = async (): Promise<boolean> => Number(await shared.ask('PTTL', key)) < 500_000;
  const setLong = (): Promise<unknown> => shared.ask('PEXPIRE', key, '1000000');
  await log.call([call('renewed', 'a')]);
  equal(await isRenewed(), true, 'a new log');
  await setLong();
  await log.call([call('renewed', 'b')]);
  equal(await isRenewed(), true, 'what was read behind the known');
  await setLong();
  const known = { seq: 2, id: call('renewed', 'b').id };
  await log.call([{ ...call('renewed', 'c'), known }]);
  equal(await isRenewed(), false, 'lately');
  const other = await opened(shared.url());
  const knownNow = { seq: 3, id: call('renewed', 'c').id };
  await other.call([{ ...call('renewed', 'c'), known }]);
  equal(await isRenewed(), false, 'a copy appends nothing');
  await other.call([{ ...call('renewed', 'd'), known: knownNow }]);
  equal(await isRenewed(), true, 'and counts for no renewal');
  for (const one of [log, other]) await one.close();
});
