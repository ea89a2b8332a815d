/** Nodes in this process over a real Redis and a real Kafka, each with connections of its own. */
import { createTopic } from '#adapters/kafka/check-topic.ts';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import type { FleetNode } from '#fleet/fleet-node.ts';
import { FleetWorld } from '../fleet/fleet-world.ts';
import { KafkaServer } from './kafka-server.ts';
import { RedisServer } from './redis-server.ts';
import { wholeWindowLog } from './whole-window-log.ts';

const PARTITIONS = 4;

export class RealFleet {
  readonly redis: RedisServer;
  readonly kafka: KafkaServer;
  readonly #worlds: FleetWorld[] = [];
  #fleets = 0;

  private constructor(redis: RedisServer, kafka: KafkaServer) {
    this.redis = redis;
    this.kafka = kafka;
  }

  static async make(): Promise<RealFleet> {
    const [redis, kafka] = await Promise.all([RedisServer.make({ appendonly: true }), KafkaServer.make()]);
    return new RealFleet(redis, kafka);
  }

  /** A fleet that no other test has: topics of its own, and an empty Redis. */
  async fleet(nodes: number): Promise<FleetWorld> {
    const number = ++this.#fleets;
    await this.redis.ask('FLUSHALL');
    const topics = { decisions: PARTITIONS, publications: 1 };
    for (const [name, partitionCount] of Object.entries(topics)) {
      await createTopic(this.#connection, {
        name: `${name}-${number}`, partitionCount, replicas: 1, inSyncMin: 1, retentionMs: 'for ever',
      });
    }
    const world = new FleetWorld();
    this.#worlds.push(world);
    for (let i = 0; i < nodes; i++) await this.join(world, number);
    return world;
  }

  async join(world: FleetWorld, number = this.#fleets): Promise<FleetNode> {
    const topic = (name: string): Promise<KafkaTopic> =>
      KafkaTopic.open({ connection: this.#connection, topic: `${name}-${number}` });
    return world.join({
      log: await wholeWindowLog(this.redis.url(), {
        answerMsMax: 5_000, retentionMs: 400 * 86_400_000, entriesPerLogMax: 8_192,
      }),
      decisions: await topic('decisions'), publications: await topic('publications'),
    });
  }

  async close(): Promise<void> {
    for (const world of this.#worlds) await world.close();
    await this.redis.remove();
    await this.kafka.remove();
  }

  get #connection() {
    return { brokers: [this.kafka.address], clientId: 'assay' };
  }
}
