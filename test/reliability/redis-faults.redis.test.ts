// What a call of the shared logs meets when a real Redis is cut off, starts, is busy, forks or is cut short.
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisWindowLog, RedisWindowLogOptions } from '#adapters/redis/window-log.ts';
import { NOTHING_KNOWN, WindowLogUnavailable, type LogAnswer, type LogCall } from '#ports/window-log.ts';
import { seededRandom } from '../../bench/random.ts';
import { FaultProxy } from '../services/fault-proxy.ts';
import { RedisServer, type RedisOptions } from '../services/redis-server.ts';
import { wholeWindowLog } from '../services/whole-window-log.ts';
import { scaled } from '../test-scale.ts';

const UNTIL_MS_MAX = 20_000;

async function server(t: TestContext, options?: RedisOptions): Promise<RedisServer> {
  const made = await RedisServer.make(options);
  t.after(() => made.remove());
  return made;
}

async function proxied(t: TestContext, redis: RedisServer): Promise<FaultProxy> {
  const proxy = await FaultProxy.make(redis.port);
  t.after(() => proxy.close());
  return proxy;
}

async function opened(
  t: TestContext, { port }: { readonly port: number }, more: Partial<RedisWindowLogOptions> = {},
): Promise<RedisWindowLog> {
  const log = await wholeWindowLog(`redis://127.0.0.1:${port}`, more);
  t.after(() => log.close());
  return log;
}

const idOf = (text: string): string => Buffer.from(text.padEnd(16)).toString('hex');
const call = (value: string, id: string): LogCall => ({
  name: { tenant: 'main', field: 'card.id', value }, known: NOTHING_KNOWN,
  id: idOf(id), bytes: Buffer.from(id),
});

/** What came of a call: its answers, or why there are none. */
type Outcome = readonly LogAnswer[] | WindowLogUnavailable;

async function outcomeOf(asked: Promise<readonly LogAnswer[]>): Promise<Outcome> {
  return asked.catch((error: unknown) => {
    if (error instanceof WindowLogUnavailable) return error;
    throw error;
  });
}

async function until<Found>(what: string, look: () => Promise<Found | undefined>): Promise<Found> {
  for (const startedAt = performance.now(); ; await sleep(20)) {
    const found = await look();
    if (found !== undefined) return found;
    ok(performance.now() - startedAt < UNTIL_MS_MAX, `${what}: not in ${UNTIL_MS_MAX} ms`);
  }
}

/** The entry of that id, when the call is answered at last; other calls may have made the logs whole. */
const answered = (log: RedisWindowLog, asked: LogCall): Promise<LogAnswer> => until('an answer', async () => {
  const outcome = await outcomeOf(log.call([asked]));
  if (!(outcome instanceof WindowLogUnavailable)) return outcome[0];
  if (outcome.code === 'recovering') {
    const { epoch } = await log.health();
    await log.begin(epoch + 1);
  }
  return undefined;
});

const stands = (answer: LogAnswer): unknown =>
  (answer.kind === 'read' ? { seq: answer.seq, entries: answer.behind.length } : answer);

test('F12 a primary that is cut off from its replica takes no more, where Redis is told so', async (t) => {
  const primary = await server(t, {
    more: ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '1', '--repl-ping-replica-period', '1'],
  });
  const link = await proxied(t, primary);
  const replica = await server(t, { replicaOf: link });
  const log = await opened(t, primary);
  await answered(log, call('cut', 'a'));
  link.behave({ kind: 'black-hole' });
  let asked = 0;
  const refused = await until('a refusal', async () => {
    const outcome = await outcomeOf(log.call([call('cut', `b${asked++}`)]));
    return outcome instanceof WindowLogUnavailable ? outcome : undefined;
  });
  match(refused.message, /NOREPLICAS/);
  const before = await primary.ask('DBSIZE');
  for (let i = 0; i < 20; i++) {
    const outcome = await outcomeOf(log.call([call('cut', `c${i}`), call(`new${i}`, 'c')]));
    ok(outcome instanceof WindowLogUnavailable);
  }
  equal(await primary.ask('DBSIZE'), before, 'none of it is there');
  await replica.promote();
  const promoted = await opened(t, replica);
  const answer = await answered(promoted, call('cut', 'a'));
  ok(answer.kind === 'read' && answer.seq === 1, 'what both had stands where it stood');
});

test('F13 a Redis that is loading is not asked, and has what it had when it is done', async (t) => {
  const redis = await server(t, {
    more: ['--key-load-delay', '3000', '--loading-process-events-interval-bytes', '1024'],
  });
  const log = await opened(t, redis);
  for (let i = 0; i < 400; i++) await log.call([call(`k${i}`, 'a')]);
  await redis.ask('SAVE');
  await redis.kill();
  let isUp = false;
  const starting = redis.start().then(() => { isUp = true; });
  const said: string[] = [];
  // It is asked past the log, which opens its connection again only when the loading is over.
  while (!isUp) {
    said.push(await redis.ask('GET', 'assay:state').then(String, (error: unknown) => String(error)));
    const outcome = await outcomeOf(log.call([call('k1', 'a')]));
    ok(outcome instanceof WindowLogUnavailable || isUp, 'nothing is appended to what is loading');
    await sleep(5);
  }
  await starting;
  ok(said.some((one) => one.includes('LOADING')), `it was never loading: ${said.slice(0, 5).join('; ')}`);
  deepEqual(stands(await answered(log, call('k1', 'a'))), { seq: 1, entries: 1 });
});

test('F13 F17 a script that holds all of Redis: late or busy, and each call is done once', async (t) => {
  const redis = await server(t, { more: ['--busy-reply-threshold', '50'] });
  const log = await opened(t, redis, { answerMsMax: 300 });
  const holding = redis.ask('EVAL', 'while true do end', '0').catch((error: unknown) => String(error));
  await sleep(100);
  const outcomes: Outcome[] = [];
  for (let i = 0; i < 5; i++) outcomes.push(await outcomeOf(log.call([call('busy', `${i}`)])));
  const codes = outcomes.map((one) => (one instanceof WindowLogUnavailable ? one.code : 'answered'));
  ok(codes.every((code) => code === 'late' || code === 'unreachable'), codes.join());
  match(outcomes.map((one) => (one instanceof Error ? one.message : '')).join(), /BUSY|no answer/);
  await redis.ask('SCRIPT', 'KILL');
  match(String(await holding), /killed/i);
  for (let i = 0; i < 5; i++) await answered(log, call('busy', `${i}`));
  const last = await answered(log, call('busy', '4'));
  equal(last.kind === 'read' && last.behind.length, 5, 'five calls, five entries');
});

test('F17 what came late was done once', async (t) => {
  const redis = await server(t);
  const log = await opened(t, redis, { answerMsMax: 50 });
  const sleeping = redis.ask('DEBUG', 'SLEEP', '0.4');
  await sleep(50);
  const outcome = await outcomeOf(log.call([call('slow', 'a')]));
  equal(outcome instanceof WindowLogUnavailable && outcome.code, 'late');
  await sleeping;
  deepEqual(stands(await answered(log, call('slow', 'a'))), { seq: 1, entries: 1 });
});

test('F13 a Redis that is part of a cluster refuses with the reason, and has none of the call', async (t) => {
  const redis = await server(t, { more: ['--cluster-enabled', 'yes'] });
  await redis.ask('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until('the cluster', async () => (
    String(await redis.ask('CLUSTER', 'INFO')).includes('cluster_state:ok') ? true : undefined));
  const log = await opened(t, redis);
  const before = await redis.ask('DBSIZE');
  const outcome = await outcomeOf(log.call(['a', 'b', 'c'].map((value) => call(value, 'x'))));
  ok(outcome instanceof WindowLogUnavailable && outcome.code === 'refused', JSON.stringify(outcome));
  match(outcome.message, /slot/i);
  equal(await redis.ask('DBSIZE'), before);
});

test('F15 entries appended around the end of the retention are whole logs, old or new', async (t) => {
  const redis = await server(t);
  const retentionMs = 25;
  const log = await opened(t, redis, { retentionMs });
  const random = seededRandom(15);
  const sent: string[] = [];
  let lives = 0;
  for (let i = 0; i < scaled(120); i++) {
    await sleep(retentionMs - 4 + Math.floor(random() * 8));
    sent.push(idOf(`e${i}`));
    const [answer] = await log.call([call('expiring', `e${i}`)]);
    ok(answer?.kind === 'read');
    if (answer.seq === 1) lives++;
    const ids = answer.behind.map(({ id }) => id);
    deepEqual(ids, sent.slice(-ids.length), 'it holds the latest, in order');
    deepEqual(answer.behind.map(({ seq }) => seq), ids.map((_, at) => at + 1));
  }
  ok(lives > 1 && lives < sent.length, `${lives} lives of ${sent.length} entries`);
});

test('F16 while Redis writes a snapshot every call is answered, and done once', async (t) => {
  const redis = await server(t, { more: ['--rdb-key-save-delay', '2000'] });
  const log = await opened(t, redis);
  await redis.ask('DEBUG', 'POPULATE', '1000', 'filler', '10000');
  await redis.ask('BGSAVE');
  let during = 0;
  for (let i = 0; i < 300; i++) {
    const [answer] = await log.call([call('forked', `${i}`)]);
    equal(answer?.kind === 'read' && answer.seq, i + 1);
    if (i % 20 === 0 && /rdb_bgsave_in_progress:1/.test(String(await redis.ask('INFO')))) during++;
  }
  ok(during > 0, 'the snapshot was over before the first call');
});

test('F18 a call whose answer was cut off is sent again by its caller alone; it stands once', async (t) => {
  const redis = await server(t);
  const proxy = await proxied(t, redis);
  const log = await opened(t, proxy);
  const runs = async (): Promise<number> =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(await redis.ask('INFO', 'commandstats')))?.[1] ?? 0);
  await answered(log, call('cut', 'before'));
  const before = await runs();
  proxy.behave({ kind: 'cut-replies', where: (request) => request.includes('EVALSHA') });
  const outcome = await outcomeOf(log.call([call('cut', 'a')]));
  equal(outcome instanceof WindowLogUnavailable && outcome.code, 'unreachable');
  proxy.behave({ kind: 'pass' });
  // Long enough for a client that would send it again when it is connected again.
  await sleep(500);
  equal(await runs(), before + 1);
  deepEqual(stands(await answered(log, call('cut', 'a'))), { seq: 2, entries: 2 });
});
