// What becomes of the index of decisions when a real PostgreSQL fails over, is full, busy or locked.
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { lendPostgres, openPostgres } from '#adapters/postgres/postgres-source.ts';
import { DecisionIndexUnavailable } from '#ports/decision-index.ts';
import { RecordsUnavailable } from '#ports/records.ts';
import { Projector } from '#projections/projector.ts';
import { reconcile } from '#projections/reconcile.ts';
import { SqlDecisionIndex } from '#projections/sql-decision-index.ts';
import { SqlRecordStore } from '#records/sql-record-store.ts';
import { entry, version } from '../contracts/records-samples.ts';
import { isAsFolded, newTopic, write } from '../projections/projection-world.ts';
import { FaultProxy } from '../services/fault-proxy.ts';
import { PostgresServer, type PostgresOptions } from '../services/postgres-server.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';

const run = promisify(execFile);
const clock = { now: Date.now, sleep: (ms: number) => sleep(ms) };
const UNTIL_MS_MAX = 60_000;

async function server(t: TestContext, options?: PostgresOptions): Promise<PostgresServer> {
  const made = await PostgresServer.make(options);
  t.after(() => made.remove());
  return made;
}

async function proxied(t: TestContext, postgres: PostgresServer): Promise<FaultProxy> {
  const proxy = await FaultProxy.make(postgres.port);
  t.after(() => proxy.close());
  return proxy;
}

const urlOf = ({ port }: { readonly port: number }): string => `postgres://owner@127.0.0.1:${port}/postgres`;

async function client(t: TestContext, at: { readonly port: number }): Promise<Client> {
  const one = new Client({ connectionString: urlOf(at) });
  one.on('error', () => {});
  await one.connect();
  t.after(() => one.end().catch(() => {}));
  return one;
}

async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (const startedAt = performance.now(); !(await isSo()); await sleep(20)) {
    ok(performance.now() - startedAt < UNTIL_MS_MAX, `${what}: not in ${UNTIL_MS_MAX} ms`);
  }
}

/** A topic that is projected all the time. `ends` when all of it is in the index, and stops. */
async function projecting(t: TestContext, at: { readonly port: number }) {
  const [topic, random, told] = [newTopic(), new SeededRandom(30), new Array<string>()];
  const index = new SqlDecisionIndex(await openPostgres({ url: urlOf(at) }));
  t.after(() => index.close());
  const tell = (what: string): void => { told.push(what); };
  const projector = new Projector({ topic, index, clock, bounds: { recordsMax: 20, waitMsMax: 1 }, tell });
  const stopping = new AbortController();
  const running = projector.run(stopping.signal);
  t.after(() => { stopping.abort(); });
  const lag = (): Promise<number> => projector.lag().catch(() => Infinity);
  return {
    topic, index, lag,
    waits: () => told.some((line) => line.startsWith('projection: waits:')),
    write: (count: number) => write(topic, random, count),
    hasAll: () => until('the index', async () => await lag() === 0),
    async ends() {
      await until('the index', async () => await lag() === 0);
      stopping.abort();
      await running;
      await isAsFolded(index, topic, 'after all of it');
      const { counts } = await reconcile({ topic, index });
      deepEqual(counts, { copy_differs: (await index.differences(1)).count });
    },
  };
}

test('F30 a standby that lacks rows is promoted: the index is made whole from the topic', async (t) => {
  const primary = await server(t);
  const address = await proxied(t, primary);
  const link = await proxied(t, primary);
  const it = await projecting(t, address);
  await it.write(100);
  await it.hasAll();
  const standby = await PostgresServer.standbyOf(link);
  t.after(() => standby.remove());
  const there = await client(t, standby);
  const count = async (): Promise<number> =>
    Number((await there.query<{ n: string }>('select count(*) as n from decision_record')).rows[0]?.n);
  const heard = await count();
  ok(heard > 0);
  link.behave({ kind: 'black-hole' });
  await it.write(300);
  await it.hasAll();
  await primary.stop('SIGQUIT');
  await standby.promote();
  equal(await count(), heard, 'what was acknowledged since is lost');
  address.aim(standby.port);
  await it.write(50);
  await it.ends();
});

test('F30 where a standby must have it, nothing is acknowledged that a promotion could lose', async (t) => {
  const primary = await server(t);
  const [address, link] = [await proxied(t, primary), await proxied(t, primary)];
  await (await openPostgres({ url: urlOf(primary) })).close();
  const standby = await PostgresServer.standbyOf(link);
  t.after(() => standby.remove());
  const setUp = await client(t, primary);
  await setUp.query(`alter system set synchronous_standby_names = '*'`);
  await setUp.query('select pg_reload_conf()');
  const store = new SqlRecordStore(lendPostgres(urlOf(address)));
  t.after(() => store.close());
  const add = (hash: string): Promise<void> =>
    store.change(entry('t', `version/${hash}`), (writes) => writes.addVersion(version(hash)));
  await add('heard');
  link.behave({ kind: 'black-hole' });
  const settled: { outcome?: unknown } = {};
  const lost = add('lost').then(() => 'acknowledged', (error: unknown) => error)
    .then((outcome) => { settled.outcome = outcome; });
  await sleep(1_000);
  equal('outcome' in settled, false, 'it is not acknowledged');
  await primary.stop('SIGQUIT');
  await standby.promote();
  address.aim(standby.port);
  await lost;
  ok(settled.outcome instanceof RecordsUnavailable);
  ok(await store.version('heard') !== undefined);
  equal(await store.version('lost'), undefined);
});

test('F32 all connections are taken: who waits is told in time, and goes on when there is one', async (t) => {
  const postgres = await server(t);
  const it = await projecting(t, postgres);
  const source = lendPostgres(urlOf(postgres));
  t.after(() => source.close());
  const taken = await Promise.all([1, 2, 3, 4].map(() => source.acquire()));
  const index = new SqlDecisionIndex(source);
  await rejects(index.offsets(), DecisionIndexUnavailable);
  for (const one of taken) source.release(one, true);
  equal(Array.isArray(await index.offsets()), true);
  await it.write(50);
  await it.ends();
});

test('F34 the disk is full: nothing is half there, and it goes on when there is room', async (t) => {
  const disk = await smallDisk();
  if (disk === undefined) {
    t.skip('a disk of its own cannot be mounted here');
    return;
  }
  const postgres = await PostgresServer.make({ parent: disk });
  try {
    const it = await projecting(t, postgres);
    await it.write(100);
    await it.hasAll();
    const filler = join(disk, 'filler');
    const { bavail, bsize } = await statfs(disk);
    await writeFile(filler, Buffer.alloc(bavail * bsize)).catch(() => {});
    await it.write(3_000);
    await until('a full disk', () => it.waits());
    ok(await it.lag() > 0);
    await rm(filler);
    // A server that could not write its log has ended itself; one that could has not.
    await postgres.stop('SIGQUIT');
    await postgres.start();
    await it.ends();
  } finally {
    await postgres.remove();
    await run('umount', [disk]);
    await rm(disk, { recursive: true });
  }
});

/** Undefined where we may not mount one. */
async function smallDisk(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-full-'));
  const mount = ['-t', 'tmpfs', '-o', 'size=96m,mode=0777', 'tmpfs', folder];
  if (await run('mount', mount).then(() => true, () => false)) return folder;
  await rm(folder, { recursive: true });
  return undefined;
}

test('F35 a lock that a change of the schema holds: work waits its time, then goes on', async (t) => {
  const postgres = await server(t);
  const it = await projecting(t, postgres);
  await it.write(100);
  await it.hasAll();
  const owner = await client(t, postgres);
  await owner.query('begin; lock table decision_record in access exclusive mode');
  await it.write(100);
  await until('a wait', () => it.waits());
  await rejects(it.index.find('0'.repeat(32)), DecisionIndexUnavailable);
  await owner.query('rollback');
  await it.ends();
});
