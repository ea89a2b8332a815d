/** What makes a node one of a fleet: where the servers are that all nodes share. */
import { UsageError } from '#cli/shell.ts';
import type { Environment } from './settings.ts';

export interface FleetSettings {
  /** `ASSAY_KAFKA`: brokers, `host:port,host:port`. */
  readonly brokers: readonly string[];
  /** `ASSAY_REDIS`: `redis://host:port`. */
  readonly redis: string;
  /** `ASSAY_POSTGRES`: `postgres://user@host:port/database`. */
  readonly postgres: string;
  readonly postgresOwner: string | undefined;
  /** `ASSAY_CREATE=1`: topics that are not there are created. */
  readonly create: boolean;
  /** `ASSAY_PARTITIONS` of the topic of decisions, `ASSAY_REPLICAS` of each topic. */
  readonly partitions: number;
  readonly replicas: number;
}

const PARTITIONS = 12;
const REPLICAS = 3;

/** Undefined where the environment names neither Kafka nor Redis: then the node decides alone. */
export function fleetSettings(env: Environment): FleetSettings | undefined {
  const { ASSAY_KAFKA: kafka, ASSAY_REDIS: redis, ASSAY_POSTGRES: postgres } = env;
  if (kafka === undefined && redis === undefined) return undefined;
  const lacking = Object.entries({ ASSAY_KAFKA: kafka, ASSAY_REDIS: redis, ASSAY_POSTGRES: postgres })
    .filter(([, value]) => value === undefined || value === '').map(([name]) => name);
  if (kafka === undefined || redis === undefined || postgres === undefined || lacking.length > 0) {
    throw new UsageError(`a node of a fleet needs ASSAY_KAFKA, ASSAY_REDIS and ASSAY_POSTGRES; `
      + `set ${lacking.join(' and ')} too, or none for a node that decides alone`);
  }
  const brokers = kafka.split(',').map((one) => one.trim()).filter((one) => one !== '');
  const wrong = brokers.find((one) => !/^[^:\s]+:\d+$|^\[[0-9a-f:]+\]:\d+$/i.test(one));
  if (wrong !== undefined || brokers.length === 0) {
    throw new UsageError(`ASSAY_KAFKA is a list of host:port with commas, not ${kafka}`);
  }
  if (!/^rediss?:\/\//.test(redis)) throw new UsageError('ASSAY_REDIS begins with redis:// or rediss://');
  return {
    brokers, redis, postgres, postgresOwner: env['ASSAY_POSTGRES_OWNER'], create: env['ASSAY_CREATE'] === '1',
    partitions: whole(env, 'ASSAY_PARTITIONS', PARTITIONS), replicas: whole(env, 'ASSAY_REPLICAS', REPLICAS),
  };
}

function whole(env: Environment, name: string, usual: number): number {
  const value = Number(env[name] ?? usual);
  if (!Number.isInteger(value) || value < 1) throw new UsageError(`${name} is a whole number from 1 on`);
  return value;
}
