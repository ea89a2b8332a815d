/** What makes a node one of a fleet: where the servers are that all nodes share. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { KafkaConnection } from '#adapters/kafka/kafka-client.ts';
import { UsageError } from '#cli/shell.ts';
import { LIMITS } from '#domain/limits.ts';
import { kafkaSettings } from './kafka-settings.ts';
import { REDIS_LOGS } from './redis-logs.ts';
import { dataFolder, type Environment } from './settings.ts';

export interface FleetSettings {
  readonly kafka: KafkaConnection;
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
  /** `ASSAY_DEADLINE_MS`: for an answer by HTTP that does not say when it is wanted; default 50. */
  readonly deadlineMs: number;
  /** `ASSAY_PROJECTION=off`: other nodes copy decisions to PostgreSQL, and this one only asks it. */
  readonly projects: boolean;
  /** `ASSAY_RETENTION_DAYS`: decisions in PostgreSQL that are older go, in whole months; default: none. */
  readonly retentionDays: number | undefined;
  /** `ASSAY_INTAKE=1`: payments are taken from the topic `transactions` too. */
  readonly intake: IntakeSettings | undefined;
}

export interface IntakeSettings {
  /** `ASSAY_NODE`: the same after a restart, and no other node's; default: of this machine and folder. */
  readonly member: string;
  /** `ASSAY_TENANT`: whose records are that do not say so; default: that of the development key. */
  readonly tenant: string;
  /** `ASSAY_INTAKE_PARTITIONS`; default: as many as of the topic of decisions. */
  readonly partitions: number;
}

const PARTITIONS = 12;
const REPLICAS = 3;
const FOLDER_HASH_CHARS = 8;

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
  if (!/^rediss?:\/\//.test(redis)) throw new UsageError('ASSAY_REDIS begins with redis:// or rediss://');
  const partitions = whole(env, 'ASSAY_PARTITIONS', PARTITIONS);
  return {
    kafka: kafkaSettings(env), redis, postgres, postgresOwner: env['ASSAY_POSTGRES_OWNER'],
    create: env['ASSAY_CREATE'] === '1', partitions, replicas: whole(env, 'ASSAY_REPLICAS', REPLICAS),
    deadlineMs: whole(env, 'ASSAY_DEADLINE_MS', LIMITS.decisionDeadlineMsMax),
    retentionDays: retentionDays(env),
    projects: env['ASSAY_PROJECTION'] !== 'off',
    intake: env['ASSAY_INTAKE'] === '1' ? intakeSettings(env, partitions) : undefined,
  };
}

/** Until the windows have forgotten a payment too, its copy has its answer from its record. */
const RETENTION_DAYS_MIN = Math.ceil(REDIS_LOGS.retentionMs / 86_400_000);

function retentionDays(env: Environment): number | undefined {
  if (env['ASSAY_RETENTION_DAYS'] === undefined) return undefined;
  const days = whole(env, 'ASSAY_RETENTION_DAYS', RETENTION_DAYS_MIN);
  if (days >= RETENTION_DAYS_MIN) return days;
  throw new UsageError(`ASSAY_RETENTION_DAYS is ${RETENTION_DAYS_MIN} or more: the windows look back so far, `
    + 'and a copy must find its decision');
}

function intakeSettings(env: Environment, usualPartitions: number): IntakeSettings {
  const folder = createHash('sha256').update(dataFolder(env)).digest('hex').slice(0, FOLDER_HASH_CHARS);
  return {
    member: env['ASSAY_NODE'] ?? `${hostname()}-${folder}`, tenant: env['ASSAY_TENANT'] ?? 'default',
    partitions: whole(env, 'ASSAY_INTAKE_PARTITIONS', usualPartitions),
  };
}

function whole(env: Environment, name: string, usual: number): number {
  const value = Number(env[name] ?? usual);
  if (!Number.isInteger(value) || value < 1) throw new UsageError(`${name} is a whole number from 1 on`);
  return value;
}
