// A Redis that is not this fleet's own, or does not let it in, is refused before anything is counted in it.
import { equal, match, ok, rejects } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { claimRedis } from '#adapters/redis/fleet-claim.ts';
import { WindowLogUnavailable } from '#ports/window-log.ts';
import { expired, selfSigned } from './certificate.ts';
import { freePort } from './free-port.ts';
import { RedisServer, type RedisOptions } from './redis-server.ts';

const run = promisify(execFile);
const FLEET = 'cluster-1/topic-1';

async function redis(t: TestContext, options: RedisOptions = {}): Promise<RedisServer> {
  const server = await RedisServer.make(options);
  t.after(() => server.remove());
  return server;
}

async function refused(claim: Promise<void>, says: RegExp): Promise<void> {
  await rejects(claim, (error) => {
    ok(error instanceof WindowLogUnavailable && error.code === 'refused', String(error));
    match(error.message, says);
    return true;
  });
}

test('an empty Redis is claimed by the first fleet, all nodes at once, and refused to another', async (t) => {
  const server = await redis(t);
  await Promise.all(Array.from({ length: 4 }, () => claimRedis({ url: server.url() }, FLEET)));
  await server.ask('RPUSH', 'assay:w:{x}', 'an entry');
  await claimRedis({ url: server.url() }, FLEET);
  await refused(claimRedis({ url: server.url() }, 'cluster-1/topic-2'),
    /windows of another fleet \(cluster-1\/topic-1; this one is cluster-1\/topic-2\).*FLUSHDB/s);
  equal(await server.ask('LLEN', 'assay:w:{x}'), 1, 'nothing was changed');
  await claimRedis({ url: `${server.url()}/1` }, 'cluster-1/topic-2');
});

test("a Redis with somebody else's keys is refused, and none of them is touched", async (t) => {
  const server = await redis(t);
  await server.ask('SET', 'session:7', 'theirs');
  await refused(claimRedis({ url: server.url() }, FLEET), /keys of somebody else, such as session:7/);
  equal(await server.ask('EXISTS', 'assay:fleet'), 0);
  await claimRedis({ url: `${server.url()}/1` }, FLEET);
});

test('a Redis that evicts, and a wrong password, are refused', async (t) => {
  const evicting = await redis(t, { maxmemory: '20mb', maxmemoryPolicy: 'allkeys-lru' });
  await refused(claimRedis({ url: evicting.url() }, FLEET), /allkeys-lru.*set it to noeviction/);
  const server = await redis(t, { requirepass: 'right' });
  await claimRedis({ url: server.url() }, FLEET);
  await refused(claimRedis({ url: server.url().replace('right', 'wrong') }, FLEET), /WRONGPASS/);
  await refused(claimRedis({ url: server.url().replace(':right@', '') }, FLEET), /NOAUTH/);
});

/** In a process of its own: whom Node trusts is read at its start. */
async function claimed(url: string, ca: string): Promise<string> {
  const script = `import { claimRedis } from '#adapters/redis/fleet-claim.ts';
    await claimRedis({ url: '${url}' }, '${FLEET}').then(() => 'claimed', (error) => error.message)
      .then((text) => { console.log(text); });`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '..', '..'), env: { ...process.env, NODE_EXTRA_CA_CERTS: ca },
  });
  return stdout.trim();
}

test('TLS: whom NODE_EXTRA_CA_CERTS names is trusted; one that has expired is told as such', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-redis-tls-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  type Made = Awaited<ReturnType<typeof selfSigned>>;
  const serve = async (name: string, made: Made): Promise<[string, string]> => {
    const [certificate, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
    await writeFile(certificate, made.certificate);
    await writeFile(key, made.key);
    const port = await freePort();
    await redis(t, { more: ['--tls-port', `${port}`, '--tls-cert-file', certificate, '--tls-key-file', key,
      '--tls-ca-cert-file', certificate, '--tls-auth-clients', 'no'] });
    return [`rediss://127.0.0.1:${port}`, certificate];
  };
  const [good, trusted] = await serve('good', await selfSigned('127.0.0.1'));
  equal(await claimed(good, trusted), 'claimed');
  const [old, itself] = await serve('old', await expired('127.0.0.1'));
  match(await claimed(good, itself), /self-signed certificate/);
  match(await claimed(old, itself), /certificate has expired/);
});
