/** A node of a fleet, wired: topics, shared logs, the index of decisions and the projector that fills it. */
import { join } from 'node:path';
import { LocalJournal } from '#adapters/journal/local-journal.ts';
import { topicIdentity } from '#adapters/kafka/topic-identity.ts';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { openPostgres } from '#adapters/postgres/postgres-source.ts';
import { claimWindowLog, openWindowLog } from '#adapters/redis/open-window-log.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import type { Publication } from '#decisioning/publication.ts';
import type { BrakeNews } from '#decisioning/rule-brake.ts';
import { eventSchema } from '#domain/field.ts';
import { FleetNode } from '#fleet/fleet-node.ts';
import { completedOn } from '#fleet/orphans.ts';
import { Restorer } from '#fleet/restorer.ts';
import type { RepairableLog } from '#ports/window-repair.ts';
import { DecisionFinder } from '#projections/decision-finder.ts';
import { ProjectedIndex } from '#projections/fleet-index.ts';
import { Projector } from '#projections/projector.ts';
import { SqlDecisionIndex } from '#projections/sql-decision-index.ts';
import { OpeningSource } from '#records/opening-source.ts';
import type { FleetSettings } from './fleet-settings.ts';
import { publishFirst } from './fleet-lifecycle.ts';
import { keepHouse, type Housekeeping } from './fleet-housekeeping.ts';
import { checkTopics } from './fleet-topics.ts';
import { reached } from './reached.ts';
import { REDIS_LOGS } from './redis-logs.ts';
import { systemClock } from './system-clock.ts';
import { warmUp } from './warm-up.ts';

const REDIS_ANSWER_MS_MAX = 1_000;
const APPEND_MS_MAX = 2_000;
/** Nobody waits so long: the journal answers. What was out while a broker was away is then there once. */
const DECISION_APPEND_MS_MAX = 60_000;
const REDIS_MENDS = 'it is ASSAY_REDIS: redis://USER:PASSWORD@HOST:PORT/DATABASE, or rediss: for TLS; '
  + 'whom to trust beside the usual is a PEM file in NODE_EXTRA_CA_CERTS';

export interface OpenedNode {
  readonly node: FleetNode;
  readonly finder: DecisionFinder;
  readonly house: Housekeeping;
  close(): Promise<void>;
}

/** `folder`: of this node alone. `first`: published where the fleet has nothing live yet. */
export async function openFleetNode(
  settings: FleetSettings, folder: string, first: Publication, tell: (what: string) => void,
  onBrake: (news: BrakeNews) => void = () => {},
): Promise<OpenedNode> {
  const connection = settings.kafka;
  await checkTopics(settings, tell);
  const topic = (name: string, appendMsMax: number): Promise<KafkaTopic> =>
    KafkaTopic.open({ connection, topic: name, appendMsMax });
  const decisions = await topic('decisions', DECISION_APPEND_MS_MAX);
  const publications = await topic('publications', APPEND_MS_MAX);
  const connect = (): Promise<RepairableLog> => openWindowLog({
    url: settings.redis, answerMsMax: REDIS_ANSWER_MS_MAX, ...REDIS_LOGS, tell,
  });
  const redis = { name: 'Redis', at: settings.redis, mend: REDIS_MENDS };
  const identity = await topicIdentity(connection, 'decisions');
  await reached(redis, claimWindowLog({ url: settings.redis, tell }, identity));
  const [log, spareLog] = [await reached(redis, connect()), await reached(redis, connect())];
  // Only copies need it: a node that starts while it is away decides all the same.
  const place = { url: settings.postgres, ownerUrl: settings.postgresOwner };
  const source = new OpeningSource(() => openPostgres(place), tell);
  const index = new SqlDecisionIndex(source);
  const finder = new DecisionFinder(index);
  const schema = eventSchema(first.custom);
  const projector = new Projector({ topic: decisions, index, clock: systemClock, tell });
  const node = await FleetNode.open({
    schema, clock: systemClock, log, spareLog, decisions, publications, tell, onBrake,
    journal: await LocalJournal.open(nodeDisk, { folder: join(folder, 'journal'), clock: systemClock, tell }),
    index: new ProjectedIndex(index, projector), deadlineMs: settings.deadlineMs,
    newWindowStore: () => new LocalWindowStore(schema),
  });
  const stopping = new AbortController();
  const restorer = new Restorer({
    log, topic: decisions, clock: systemClock, schema, tell, complete: completedOn(node),
    rescore: (record) => node.rescore(record),
  });
  const restoring = restorer.run(stopping.signal);
  await publishFirst(node, first, tell);
  const projecting = settings.projects ? projector.run(stopping.signal) : undefined;
  await warmUp(node, systemClock.now());
  const house = keepHouse({
    index, retentionDays: settings.retentionDays, tell,
    // It is told by those that project.
    lag: async () => (settings.projects ? projector.lag() : Number.NaN),
  });
  return {
    node, finder, house,
    async close() {
      house.close();
      stopping.abort();
      await projecting;
      await restoring;
      await node.close();
      await index.close();
    },
  };
}
