/** Whether a topic is set up as we need it, and one that is. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createTopicsV7, describeConfigsV4, metadataV12 } from '@platformatic/kafka';
import { LIMITS } from '#domain/limits.ts';
import { TopicUnavailable } from '#ports/topic.ts';
import { askedOfKafka, KafkaClient, type KafkaConnection } from './kafka-client.ts';
import { troubleOfCode, unavailable } from './trouble.ts';

export interface WantedTopic {
  readonly name: string;
  readonly partitionCount: number;
  /** Brokers that keep a copy; 3 in a fleet. */
  readonly replicas: number;
  /** Of those, how many must have a record before an append settles; 2 of 3. */
  readonly inSyncMin: number;
  /** How long records are kept; 'for ever' where the topic is the truth. */
  readonly retentionMs: number | 'for ever';
  /** `last of each key`: older records of a key may go. Default: none goes before its time. */
  readonly keeps?: 'all' | 'last of each key';
}

/** A setting of a topic and why we need it so. */
interface Need {
  readonly setting: string;
  readonly value: string;
  readonly why: string;
  readonly isMet: (is: string) => boolean;
}

const TOPIC_RESOURCE = 2;
/** A record may be this much larger as a batch of its own. */
const BATCH_BYTES_MORE = 1_024;
const VISIBLE_MS_MAX = 10_000;
const POLL_MS = 50;

/**
 * What differs from what is wanted, one line each with how to mend it; nothing where all is well. Rejects
 * with TopicUnavailable when Kafka does not answer, or refuses to.
 */
export function checkTopic(connection: KafkaConnection, wanted: WantedTopic): Promise<readonly string[]> {
  return withClient(connection, `topic ${wanted.name}`, async (client) => {
    const { topics } = await client.anywhere((wire) =>
      metadataV12.api.async(wire, [wanted.name], false, false));
    const found = topics.find(({ name }) => name === wanted.name);
    const trouble = troubleOfCode(found?.errorCode ?? 0);
    if (found === undefined || trouble?.id === 'UNKNOWN_TOPIC_OR_PARTITION') {
      return [`there is no topic ${wanted.name}: create it with ${wanted.partitionCount} partitions and `
        + `${wanted.replicas} replicas`];
    }
    if (trouble !== undefined) throw unavailable(trouble, `topic ${wanted.name}`);
    const settings = await settingsOf(client, wanted.name);
    return [...shapeLines(wanted, found.partitions), ...settingLines(wanted, settings)];
  });
}

/** Makes it as it is wanted, and waits until the brokers know it. Refused when there is one of that name. */
export function createTopic(connection: KafkaConnection, wanted: WantedTopic): Promise<void> {
  return withClient(connection, `topic ${wanted.name} cannot be created`, async (client) => {
    const { name, partitionCount, replicas } = wanted;
    const configs = needsOf(wanted).map(({ setting, value }) => ({ name: setting, value }));
    const { topics } = await client.anywhere((wire) => createTopicsV7.api.async(wire,
      [{ name, numPartitions: partitionCount, replicationFactor: replicas, assignments: [], configs }],
      client.requestMsMax, false));
    const made = topics.find((one) => one.name === name);
    const trouble = troubleOfCode(made?.errorCode ?? -1);
    if (trouble !== undefined) {
      const text = made?.errorMessage ?? trouble.text;
      throw unavailable({ ...trouble, text: `${trouble.id}: ${text}` }, `topic ${name} cannot be created`);
    }
    await visible(client, name);
  });
}

function shapeLines(
  { name, partitionCount, replicas }: WantedTopic,
  partitions: readonly { readonly replicaNodes: unknown[] }[],
): readonly string[] {
  const lines: string[] = [];
  if (partitions.length !== partitionCount) {
    lines.push(`${name} has ${partitions.length} partitions, ${partitionCount} are needed: make another `
      + 'topic with that number; to change it here would move keys, and lose the order within each');
  }
  const fewest = Math.min(...partitions.map(({ replicaNodes }) => replicaNodes.length));
  if (fewest < replicas) {
    lines.push(`${name} has ${fewest} replicas, ${replicas} are needed, so that a broker may be lost: `
      + 'reassign its partitions with kafka-reassign-partitions');
  }
  return lines;
}

function settingLines(wanted: WantedTopic, settings: ReadonlyMap<string, string>): readonly string[] {
  return needsOf(wanted).flatMap(({ setting, value, why, isMet }) => {
    const is = settings.get(setting) ?? '';
    if (isMet(is)) return [];
    return [`${wanted.name} has ${setting}=${is}, ${why}: kafka-configs --alter --entity-type topics `
      + `--entity-name ${wanted.name} --add-config ${setting}=${value}`];
  });
}

function needsOf({ inSyncMin, retentionMs, keeps = 'all' }: WantedTopic): readonly Need[] {
  const bytes = LIMITS.topicRecordBytesMax + BATCH_BYTES_MORE;
  const retention = retentionMs === 'for ever' ? -1 : retentionMs;
  const cleanup = keeps === 'all' ? 'delete' : 'compact';
  const exactly = (value: string) => (is: string): boolean => is === value;
  return [
    { setting: 'min.insync.replicas', value: `${inSyncMin}`, isMet: (is) => Number(is) >= inSyncMin,
      why: `and ${inSyncMin} brokers must have a record before it counts as written` },
    { setting: 'cleanup.policy', value: cleanup, isMet: exactly(cleanup),
      why: keeps === 'all' ? 'and no record may go before its time'
        : 'and only the last of a key is needed' },
    { setting: 'retention.ms', value: `${retention}`,
      isMet: (is) => is === '-1' || (retention !== -1 && Number(is) >= retention),
      why: retention === -1 ? 'and nothing may ever go' : `and records are needed for ${retention} ms` },
    { setting: 'retention.bytes', value: '-1', isMet: exactly('-1'),
      why: 'and no record may go for its size' },
    { setting: 'unclean.leader.election.enable', value: 'false', isMet: exactly('false'),
      why: 'and a broker that lacks records must never lead: what was answered would be lost' },
    { setting: 'message.timestamp.type', value: 'LogAppendTime', isMet: exactly('LogAppendTime'),
      why: 'and the time of a record must be that of the broker' },
    { setting: 'max.message.bytes', value: `${bytes}`, isMet: (is) => Number(is) >= bytes,
      why: `and a record may have ${LIMITS.topicRecordBytesMax} bytes` },
  ];
}

async function settingsOf(client: KafkaClient, name: string): Promise<ReadonlyMap<string, string>> {
  const { results } = await client.anywhere((wire) => describeConfigsV4.api.async(wire,
    [{ resourceType: TOPIC_RESOURCE, resourceName: name }], false, false));
  const found = results.find(({ resourceName }) => resourceName === name);
  const trouble = troubleOfCode(found?.errorCode ?? -1);
  if (trouble !== undefined) throw unavailable(trouble, `settings of topic ${name}`);
  return new Map((found?.configs ?? []).map((one) => [one.name, one.value ?? '']));
}

async function visible(client: KafkaClient, name: string): Promise<void> {
  for (const startedAtMs = performance.now(); performance.now() - startedAtMs < VISIBLE_MS_MAX;) {
    const leaders = await client.leaders(name).catch((): readonly number[] => [-1]);
    if (leaders.every((leader) => leader >= 0)) return;
    await sleep(POLL_MS);
  }
  throw new TopicUnavailable('late', `topic ${name} is created, and not known to all brokers yet`);
}

async function withClient<Result>(
  connection: KafkaConnection, what: string, ask: (client: KafkaClient) => Promise<Result>,
): Promise<Result> {
  const client = new KafkaClient(connection);
  try {
    return await askedOfKafka(what, ask(client));
  } finally {
    await client.close();
  }
}
