/** Two nodes over a real Kafka and a real Redis that can be lost, each with a restorer beside it. */
import { createTopic } from '#adapters/kafka/check-topic.ts';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { RedisWindowLog } from '#adapters/redis/window-log.ts';
import { completedOn } from '#fleet/orphans.ts';
import type { RestorerBounds } from '#fleet/restorer.ts';
import type { RepairableLog } from '#ports/window-repair.ts';
import { FleetWorld } from '../fleet/fleet-world.ts';
import { runRestorer, type RunningRestorer } from '../fleet/restore-world.ts';
import type { KafkaServer } from './kafka-server.ts';

export interface RepairedFleet {
  readonly world: FleetWorld;
  readonly restorers: readonly RunningRestorer[];
  readonly logs: readonly RepairableLog[];
  readonly topic: KafkaTopic;
  /** Whole, and all that is in the topic is in the logs. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

let fleets = 0;

export async function repairedFleet(
  kafka: KafkaServer, redisUrl: string, bounds: Partial<RestorerBounds> = {}, tell?: (what: string) => void,
): Promise<RepairedFleet> {
  const number = ++fleets;
  const connection = { brokers: [kafka.address], clientId: 'assay' };
  for (const [name, partitionCount] of Object.entries({ decided: 4, published: 1 })) {
    await createTopic(connection, {
      name: `${name}-${number}`, partitionCount, replicas: 1, inSyncMin: 1, retentionMs: 'for ever',
    });
  }
  const open = (name: string): Promise<KafkaTopic> =>
    KafkaTopic.open({ connection, topic: `${name}-${number}` });
  const world = new FleetWorld();
  const [logs, restorers]: [RepairableLog[], RunningRestorer[]] = [[], []];
  const topic = await open('decided');
  for (let i = 0; i < 2; i++) {
    const log = await RedisWindowLog.open({
      url: redisUrl, answerMsMax: 2_000, retentionMs: 400 * 86_400_000, entriesPerLogMax: 8_192,
    });
    const topics = { decisions: await open('decided'), publications: await open('published') };
    const node = await world.join({ log, ...topics });
    const parts = { complete: completedOn(node), bounds: { settleMs: 300, lookMs: 20, ...bounds } };
    restorers.push(runRestorer({ decisions: topic }, log, tell === undefined ? parts : { ...parts, tell }));
    logs.push(log);
  }
  const settled = async (): Promise<void> => {
    for (const one of restorers) await one.settled();
  };
  await settled();
  return {
    world, restorers, logs, topic, settled,
    async close() {
      for (const one of restorers) await one.stop();
      await world.close();
      await topic.close();
    },
  };
}
