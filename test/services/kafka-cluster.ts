import { KafkaServer } from './kafka-server.ts';
import type { KafkaOptions } from './kafka-settings.ts';

const BROKER_COUNT = 3;

/** Three brokers, three copies of everything; two must have a record before it is acknowledged. */
export class KafkaCluster {
  readonly brokers: readonly KafkaServer[];

  private constructor(brokers: readonly KafkaServer[]) {
    this.brokers = brokers;
  }

  /** Running, and known to each other. About 700 MiB, and 10 s of two cores. */
  static async make(options: Omit<KafkaOptions, 'advertisedPort'> = {}): Promise<KafkaCluster> {
    return new KafkaCluster(await KafkaServer.makeCluster(BROKER_COUNT, options));
  }

  /** Host and port of each, for clients. */
  get bootstrap(): readonly string[] {
    return this.brokers.map(({ address }) => address);
  }

  async remove(): Promise<void> {
    await Promise.all(this.brokers.map((one) => one.remove()));
  }
}
