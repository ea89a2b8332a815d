import { deepEqual, equal, rejects } from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisWindowLog, type RedisWindowLogOptions } from '#adapters/redis/window-log.ts';
import { NOTHING_KNOWN, WindowLogUnavailable, type LogCall } from '#ports/window-log.ts';
import { windowLogContract } from '../contracts/window-log.ts';
import { RedisServer } from './redis-server.ts';

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
  RedisWindowLog.open({ url, answerMsMax: 2_000, retentionMs: 60_000, entriesPerLogMax: 1_000, ...more });

const shared = await server();
windowLogContract('Redis', (entriesPerLogMax) => opened(shared.url(), { entriesPerLogMax }));

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

test('a Redis that is gone refuses at once, and the log goes on when it is back', async () => {
  const own = await server({ appendonly: true });
  const log = await opened(own.url());
  await log.call([call('k', 'a')]);
  await own.kill();
  await rejects(log.call([call('k', 'b')]), unavailable('unreachable'));
  await rejects(log.call([call('k', 'b')]), unavailable('unreachable'));
  await own.start();
  for (let tries = 0; ; tries++) {
    const answers = await log.call([call('k', 'b')]).catch(() => undefined);
    if (answers === undefined && tries < 200) {
      await sleep(20);
      continue;
    }
    deepEqual(answers?.[0]?.kind === 'read' && answers[0].seq, 2);
    break;
  }
  await log.close();
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
