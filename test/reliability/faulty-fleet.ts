/** Two nodes as `npm start` wires them, each server behind a proxy that does what networks do. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { fleetSettings } from '#main/fleet-settings.ts';
import { openFleetNode, type OpenedNode } from '#main/open-fleet-node.ts';
import { readPublication } from '#main/read-publication.ts';
import { SHIPPED_POLICIES } from '#main/settings.ts';
import type { WrittenRecord } from '#ports/topic.ts';
import { FaultProxy } from '../services/fault-proxy.ts';
import { KafkaServer } from '../services/kafka-server.ts';
import { PostgresServer } from '../services/postgres-server.ts';
import { RedisServer } from '../services/redis-server.ts';

const NODES = 2;

export class FaultyFleet {
  readonly nodes: OpenedNode[] = [];
  readonly proxies: Readonly<Record<'Redis' | 'Kafka' | 'PostgreSQL', FaultProxy>>;
  readonly #kafka: KafkaServer;
  readonly #removals: (() => Promise<unknown>)[];

  private constructor(
    proxies: FaultyFleet['proxies'], kafka: KafkaServer, removals: (() => Promise<unknown>)[],
  ) {
    this.proxies = proxies;
    this.#kafka = kafka;
    this.#removals = removals;
  }

  static async make(): Promise<FaultyFleet> {
    const before = await FaultProxy.make();
    const [redis, kafka, postgres] = await Promise.all([
      RedisServer.make({ appendonly: true, more: ['--appendfsync', 'everysec'] }),
      KafkaServer.make({ advertisedPort: before.port }), PostgresServer.make(),
    ]);
    before.aim(kafka.port);
    const proxies = {
      Redis: await FaultProxy.make(redis.port), Kafka: before,
      PostgreSQL: await FaultProxy.make(postgres.port),
    };
    const fleet = new FaultyFleet(proxies, kafka, [
      ...Object.values(proxies).map((proxy) => () => proxy.close()),
      () => redis.remove(), () => kafka.remove(), () => postgres.remove(),
    ]);
    try {
      await fleet.#open();
      return fleet;
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  async #open(): Promise<void> {
    const at = ({ port }: FaultProxy): string => `127.0.0.1:${port}`;
    const settings = fleetSettings({
      ASSAY_KAFKA: at(this.proxies.Kafka), ASSAY_REDIS: `redis://${at(this.proxies.Redis)}`,
      ASSAY_POSTGRES: `postgres://owner@${at(this.proxies.PostgreSQL)}/postgres`,
      ASSAY_CREATE: '1', ASSAY_PARTITIONS: '4', ASSAY_REPLICAS: '1',
    });
    if (settings === undefined) throw new Error('the environment is that of a fleet');
    const publication = await readPublication(SHIPPED_POLICIES);
    for (let number = 1; number <= NODES; number++) {
      const folder = await mkdtemp(join(tmpdir(), `assay-faulty-${number}-`));
      this.#removals.push(() => rm(folder, { recursive: true, force: true }));
      this.nodes.push(await openFleetNode(settings, folder, publication, () => {}));
    }
  }

  /** All that is in the topic, past every proxy but Kafka's own. */
  async records(): Promise<readonly WrittenRecord[]> {
    const connection = { brokers: [this.#kafka.address], clientId: 'auditor' };
    const topic = await KafkaTopic.open({ connection, topic: 'decisions' });
    const all: WrittenRecord[] = [];
    for await (const record of topic.read([])) all.push(record);
    await topic.close();
    return all;
  }

  async close(): Promise<void> {
    for (const proxy of Object.values(this.proxies)) proxy.behave({ kind: 'pass' });
    for (const node of this.nodes) await node.close();
    for (const remove of this.#removals) await remove();
  }
}
