/**
 * A fleet on this machine: Redis, Kafka and PostgreSQL of the tests, two nodes, and a proxy that gives each
 * connection to the next node. Ctrl-C stops all of it, and its data are gone.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { KafkaServer } from '../test/services/kafka-server.ts';
import { PostgresServer } from '../test/services/postgres-server.ts';
import { RedisServer } from '../test/services/redis-server.ts';

const NODES = 2;
const START_MS_MAX = 60_000;
const PORT = Number(process.env['PORT'] ?? '8080');

const folder = mkdtempSync(join(tmpdir(), 'assay-fleet-'));
const key = process.env['ASSAY_DEV_KEY'] ?? randomBytes(32).toString('base64url');
const children: ChildProcess[] = [];
console.log('starting Redis, Kafka and PostgreSQL; the first time they are fetched ...');
const [redis, kafka, postgres] = await Promise.all([
  RedisServer.make({ appendonly: true }), KafkaServer.make(), PostgresServer.make(),
]);

async function startNode(number: number): Promise<number> {
  const child = spawn('npm', ['start', '--silent'], {
    cwd: join(import.meta.dirname, '..'), stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env, PORT: '0', HOST: '127.0.0.1', ASSAY_DEV_KEY: key,
      ASSAY_DATA: join(folder, `node-${number}`), ASSAY_KEYS: join(folder, 'keys'),
      ASSAY_KAFKA: kafka.address, ASSAY_REDIS: redis.url(), ASSAY_POSTGRES: postgres.url(),
      ASSAY_CREATE: '1', ASSAY_PARTITIONS: '4', ASSAY_REPLICAS: '1', ASSAY_INTAKE: '1',
    },
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => { reject(new Error(`node ${number} does not start`)); }, START_MS_MAX);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      process.stdout.write(text.replaceAll(/^(?=.)/gm, `node ${number}: `));
      const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(Number(found));
    });
    child.once('exit', (code) => { reject(new Error(`node ${number} ended with ${code}`)); });
  });
}

let stopping: Promise<void> | undefined;
async function stopAll(): Promise<void> {
  const ended = children.filter(({ exitCode }) => exitCode === null).map(async (child) => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  await Promise.all(ended);
  await Promise.all([redis.remove(), kafka.remove(), postgres.remove()]);
  rmSync(folder, { recursive: true, force: true });
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopping ??= stopAll().then(() => process.exit(0));
  });
}

try {
  const ports: number[] = [];
  for (let number = 1; number <= NODES; number++) ports.push(await startNode(number));
  let next = 0;
  createServer((client) => {
    const node = connect(ports[next++ % NODES] ?? 0, '127.0.0.1');
    client.pipe(node).pipe(client);
    for (const [socket, other] of [[client, node], [node, client]] as const) {
      socket.on('error', () => { other.destroy(); });
    }
  }).listen(PORT, '127.0.0.1');
  console.log(`
The fleet decides at http://127.0.0.1:${PORT}, each connection at the next of its nodes: ${ports.join(', ')}
Redis ${redis.url()}  Kafka ${kafka.address}  PostgreSQL ${postgres.url()}
The key with all scopes: ${key}

Try it, twice:
  curl -s http://127.0.0.1:${PORT}/v1/decisions -H 'Authorization: Bearer ${key}' \\
    -H 'Content-Type: application/json' -d '{"transaction": {"id": "tx_1", "kind": "card",
      "occurred_at": "${new Date().toISOString()}", "amount": {"value": "120.50", "currency": "EUR"},
      "channel": "ecom", "card": {"id": "card_1"}, "merchant": {"id": "shop_1"}}}'
Ctrl-C stops all of it; its data are gone with it.
`);
} catch (error) {
  console.error(error);
  await stopAll();
  process.exitCode = 1;
}
