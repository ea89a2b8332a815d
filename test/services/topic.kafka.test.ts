// The contract of Topic on a real broker, and what becomes of it when that broker fails.
import { after, before, describe } from 'node:test';
import { createTopic } from '#adapters/kafka/check-topic.ts';
import { KafkaTopic, type KafkaTopicOptions } from '#adapters/kafka/topic.ts';
import { topicContract } from '../contracts/topic.ts';
import { KafkaServer } from './kafka-server.ts';

describe('Kafka', () => {
  let server: KafkaServer;
  let count = 0;
  before(async () => { server = await KafkaServer.make(); });
  after(() => server.remove());

  const options = (topic: string): KafkaTopicOptions =>
    ({ connection: { brokers: [`127.0.0.1:${server.port}`], clientId: 'assay' }, topic });

  topicContract('Kafka', () => ({
    make: async (partitionCount) => {
      const name = `topic-${++count}`;
      const { connection } = options(name);
      await createTopic(connection, {
        name, partitionCount, replicas: 1, inSyncMin: 1, retentionMs: 'for ever',
      });
      return KafkaTopic.open(options(name));
    },
    again: (topic) => KafkaTopic.open(options(topic.name)),
  }));
});
