// The server under the tests is itself tested: what it says it does to Redis, it does.
import { equal, match, ok, rejects } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { askRedis } from './ask-redis.ts';
import { FaultProxy } from './fault-proxy.ts';
import { RedisServer } from './redis-server.ts';
import type { RedisOptions } from './redis-server.ts';

async function redis(t: TestContext, options?: RedisOptions): Promise<RedisServer> {
  const server = await RedisServer.make(options);
  t.after(() => server.remove());
  return server;
}

test('what Redis wrote into its file outlives kill -9', async (t) => {
  const server = await redis(t, { appendonly: true });
  for (let count = 1; count <= 200; count += 1) equal(await server.ask('INCR', 'n'), count);
  await server.kill();
  await rejects(server.ask('PING'), /ECONNREFUSED/);
  await server.start();
  equal(await server.ask('GET', 'n'), '200');
});

test('without a file, Redis forgets', async (t) => {
  const server = await redis(t);
  await server.ask('SET', 'a', 'b');
  await server.stop();
  await server.start();
  equal(await server.ask('GET', 'a'), null);
});

test('a paused Redis holds the question, and answers it when it goes on', async (t) => {
  const server = await redis(t);
  server.pause();
  let answered = false;
  const answer = server.ask('PING').then((reply) => {
    answered = true;
    return reply;
  });
  await sleep(200);
  equal(answered, false);
  server.continue();
  equal(await answer, 'PONG');
});

test('a paused Redis can be killed', async (t) => {
  const server = await redis(t);
  server.pause();
  await server.kill();
  await rejects(server.ask('PING'), /ECONNREFUSED/);
});

test('memory has the limit and the policy that were asked for', async (t) => {
  const server = await redis(t, { maxmemory: '3mb', maxmemoryPolicy: 'noeviction' });
  const fill = async (): Promise<void> => {
    for (let count = 0; count < 100; count += 1) await server.ask('SET', `k${count}`, 'x'.repeat(100_000));
  };
  await rejects(fill, /OOM/);
});

test('who has no password is refused', async (t) => {
  const server = await redis(t, { requirepass: 'open sesame' });
  equal(await server.ask('PING'), 'PONG');
  await rejects(askRedis({ port: server.port }, 'PING'), /NOAUTH/);
  await rejects(askRedis({ port: server.port, password: 'wrong' }, 'PING'), /WRONGPASS/);
  equal(new URL(server.url()).password, 'open%20sesame');
});

test('a replica has what its primary had, and can be made the primary', async (t) => {
  const primary = await redis(t, { requirepass: 'p' });
  await primary.ask('SET', 'a', 'before');
  const replica = await redis(t, { requirepass: 'p', replicaOf: primary });
  equal(await replica.ask('GET', 'a'), 'before');
  await rejects(replica.ask('SET', 'a', 'x'), /READONLY/);
  await primary.kill();
  await replica.promote();
  equal(await replica.ask('SET', 'a', 'after'), 'OK');
});

test('what a primary acknowledged and its replica never heard is gone with the promotion', async (t) => {
  const primary = await redis(t);
  const link = await FaultProxy.make(primary.port);
  t.after(() => link.close());
  await primary.ask('SET', 'heard', '1');
  const replica = await redis(t, { replicaOf: link });
  link.behave({ kind: 'black-hole' });
  equal(await primary.ask('SET', 'lost', '1'), 'OK');
  await primary.kill();
  await replica.promote();
  equal(await replica.ask('GET', 'heard'), '1');
  equal(await replica.ask('GET', 'lost'), null);
});

test('behind the proxy, a command whose answer was cut has been executed', async (t) => {
  const server = await redis(t);
  const proxy = await FaultProxy.make(server.port);
  t.after(() => proxy.close());
  equal(await askRedis(proxy, 'INCR', 'n'), 1);
  proxy.behave({ kind: 'cut-replies', where: (request) => request.includes('INCR') });
  await rejects(askRedis(proxy, 'INCR', 'n'), /ECONNRESET/);
  equal(await askRedis(proxy, 'GET', 'n'), '2');
});

test('a setting that Redis does not know is said in its own words', async () => {
  await rejects(RedisServer.make({ more: ['--no-such-setting', '1'] }), /Redis ended: [^]*no-such-setting/);
});

test('its folder goes with it', async () => {
  const server = await RedisServer.make();
  ok(existsSync(server.folder));
  match(server.url(), /^redis:\/\/127\.0\.0\.1:\d+$/);
  await server.remove();
  equal(existsSync(server.folder), false);
});
