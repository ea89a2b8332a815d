/** A node of a fleet, wired: topics, shared logs, the index of decisions and the projector that fills it. */
import { checkTopic, createTopic, type WantedTopic } from '#adapters/kafka/check-topic.ts';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { openPostgres } from '#adapters/postgres/postgres-source.ts';
import { RedisWindowLog } from '#adapters/redis/window-log.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { UsageError } from '#cli/shell.ts';
import type { Publication } from '#decisioning/publication.ts';
import { eventSchema } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import { FleetNode } from '#fleet/fleet-node.ts';
import { DecisionFinder } from '#projections/decision-finder.ts';
import { ProjectedIndex } from '#projections/fleet-index.ts';
import { Projector } from '#projections/projector.ts';
import { SqlDecisionIndex } from '#projections/sql-decision-index.ts';
import type { FleetSettings } from './fleet-settings.ts';
import { systemClock } from './system-clock.ts';

/** Twice the exact tier, so that a node that comes new has all of it, late events too. */
const ENTRIES_PER_LOG_MAX = 2 * LIMITS.exactEventsPerEntityMax;
const REDIS_ANSWER_MS_MAX = 1_000;
const APPEND_MS_MAX = 2_000;

export interface OpenedNode {
  readonly node: FleetNode;
  readonly finder: DecisionFinder;
  /** Records that are in the topic and not in the index. */
  readonly lag: () => Promise<number>;
  close(): Promise<void>;
}

/** `first`: published where the fleet has nothing live yet. */
export async function openFleetNode(
  settings: FleetSettings, first: Publication, tell: (what: string) => void,
): Promise<OpenedNode> {
  const connection = { brokers: settings.brokers, clientId: 'assay' };
  for (const wanted of wantedTopics(settings)) await mustBeRight(settings, wanted, tell);
  const topic = (name: string): Promise<KafkaTopic> =>
    KafkaTopic.open({ connection, topic: name, appendMsMax: APPEND_MS_MAX });
  const [decisions, publications] = [await topic('decisions'), await topic('publications')];
  const connect = (): Promise<RedisWindowLog> => RedisWindowLog.open({
    url: settings.redis, answerMsMax: REDIS_ANSWER_MS_MAX, entriesPerLogMax: ENTRIES_PER_LOG_MAX,
    retentionMs: LIMITS.windowMsMax + LIMITS.occurredBehindMsMax, tell,
  });
  const { condition, epoch } = await log.health();
  if (condition === 'lost') await log.begin(epoch + 1);
  const [log, spareLog] = [await connect(), await connect()];
  const source = await openPostgres({ url: settings.postgres, ownerUrl: settings.postgresOwner });
  const index = new SqlDecisionIndex(source);
  const finder = new DecisionFinder(index);
  const schema = eventSchema(first.custom);
  const projector = new Projector({ topic: decisions, index, clock: systemClock, tell });
  const node = await FleetNode.open({
    schema, clock: systemClock, log, spareLog, decisions, publications, tell,
    index: new ProjectedIndex(index, projector), deadlineMs: LIMITS.decisionDeadlineMsMax,
    newWindowStore: () => new LocalWindowStore(schema),
  });
  if (node.state.live === undefined) await node.publish(first);
  const stopping = new AbortController();
  const projecting = projector.run(stopping.signal);
  return {
    node, finder, lag: () => projector.lag(),
    async close() {
      stopping.abort();
      await projecting;
      await node.close();
      await index.close();
    },
  };
}

function wantedTopics({ partitions, replicas }: FleetSettings): readonly WantedTopic[] {
  const inSyncMin = replicas === 1 ? 1 : Math.ceil((replicas + 1) / 2);
  const forEver = { replicas, inSyncMin, retentionMs: 'for ever' } as const;
  return [
    { name: 'decisions', partitionCount: partitions, ...forEver },
    { name: 'publications', partitionCount: 1, ...forEver },
  ];
}

/** Throws where a topic is not as the promises need it, and says how to mend it. */
async function mustBeRight(
  { brokers, create }: FleetSettings, wanted: WantedTopic, tell: (what: string) => void,
): Promise<void> {
  const connection = { brokers, clientId: 'assay' };
  let wrong = await checkTopic(connection, wanted);
  if (wrong.length > 0 && create) {
    // Another node may have been first; what is wrong then is said by the look that follows.
    const created = await createTopic(connection, wanted).then(() => true, () => false);
    if (created) tell(`kafka: topic ${wanted.name} was created`);
    wrong = await checkTopic(connection, wanted);
  }
  if (wrong.length === 0) return;
  throw new UsageError(`topic ${wanted.name} is not as it must be:\n  ${wrong.join('\n  ')}\n`
    + 'ASSAY_CREATE=1 creates topics that are not there, and changes none that are');
}
