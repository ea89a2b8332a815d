/**
 * A fleet on this machine: real servers in temporary folders, and nodes as `npm start` runs them, each a
 * process of its own whose CPU can be read.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { KafkaServer } from '../test/services/kafka-server.ts';
import { PostgresServer } from '../test/services/postgres-server.ts';
import { RedisServer } from '../test/services/redis-server.ts';
import { START_FLAGS, writePolicies } from './engine-server.ts';
import { cpuMicrosOf, cpuMicrosOfAll } from './process-usage.ts';
import { startServer } from './server-process.ts';
import type { RunningServer } from './server-process.ts';

const PARTITIONS = 4;

/** CPU that each kind of process has used so far, us; of Redis also its scripts, and their calls. */
export interface FleetUsage {
  readonly node: number;
  readonly redis: number;
  readonly kafka: number;
  readonly postgres: number;
  readonly scripts: Promise<{ readonly micros: number; readonly calls: number }>;
}

export interface BenchFleet {
  readonly urls: readonly URL[];
  readonly key: string;
  readonly nodes: readonly RunningServer[];
  readonly redis: RedisServer;
  readonly kafka: KafkaServer;
  readonly postgres: PostgresServer;
  usage(): FleetUsage;
  stop(): Promise<void>;
}

export interface FleetOptions {
  readonly folder: string;
  readonly policy: string;
  readonly nodeCount: number;
  /** False: no node copies decisions to PostgreSQL. */
  readonly projects: boolean;
}

export async function startFleet({ folder, policy, nodeCount, projects }: FleetOptions): Promise<BenchFleet> {
  const [redis, kafka, postgres] = await Promise.all([
    // Every second, as a Redis that can be made again is run.
    RedisServer.make({ appendonly: true, more: ['--appendfsync', 'everysec'] }),
    KafkaServer.make(), PostgresServer.make(),
  ]);
  const key = randomBytes(32).toString('base64url');
  const nodes: RunningServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
    await Promise.all([redis.remove(), kafka.remove(), postgres.remove()]);
  };
  try {
    const policies = writePolicies(folder, policy);
    for (let number = 1; number <= nodeCount; number++) {
      nodes.push(await startServer(`node ${number}`, 'src/main/serve.ts', [], {
        PORT: '0', HOST: '127.0.0.1', ASSAY_DEV_KEY: key, ASSAY_POLICIES: policies,
        ASSAY_DATA: join(folder, `node-${number}`),
        ASSAY_KAFKA: kafka.address, ASSAY_REDIS: redis.url(), ASSAY_POSTGRES: postgres.url(),
        ASSAY_CREATE: '1', ASSAY_PARTITIONS: `${PARTITIONS}`, ASSAY_REPLICAS: '1',
        ...(projects ? {} : { ASSAY_PROJECTION: 'off' }),
      }, key, START_FLAGS));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    urls: nodes.map(({ url }) => url), key, nodes, redis, kafka, postgres, stop,
    usage: () => ({
      node: nodes.reduce((sum, { pid }) => sum + cpuMicrosOf(pid), 0),
      redis: cpuMicrosOfAll(redis.pid), kafka: cpuMicrosOfAll(kafka.pid),
      postgres: cpuMicrosOfAll(postgres.pid), scripts: scriptsOf(redis),
    }),
  };
}

/** As Redis itself counts what its scripts took; reading and writing of sockets is not in it. */
async function scriptsOf(redis: RedisServer): Promise<{ readonly micros: number; readonly calls: number }> {
  const said = String(await redis.ask('INFO', 'commandstats'));
  const found = /^cmdstat_evalsha:calls=(\d+),usec=(\d+)/m.exec(said);
  return { calls: Number(found?.[1] ?? 0), micros: Number(found?.[2] ?? 0) };
}
