/** What `assay dead` needs of the world: both topics, of the Kafka that the environment names. */
import process from 'node:process';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import type { DeadParts } from '#cli/dead.ts';
import { letterStates, replayDeadLetters } from '#intake/replay-dead-letters.ts';
import type { Topic } from '#ports/topic.ts';
import { DEAD_LETTERS, TRANSACTIONS } from './fleet-topics.ts';
import { kafkaSettings } from './kafka-settings.ts';

export const deadParts: DeadParts = {
  list: () => withTopics(letterStates),
  replay: (options) =>
    withTopics((dead, transactions) => replayDeadLetters(dead, transactions, options)),
};

async function withTopics<Result>(
  work: (dead: Topic, transactions: Topic) => Promise<Result>,
): Promise<Result> {
  const connection = kafkaSettings(process.env);
  const topics: Topic[] = [];
  try {
    for (const topic of [DEAD_LETTERS, TRANSACTIONS]) {
      topics.push(await KafkaTopic.open({ connection, topic }));
    }
    const [dead, transactions] = topics;
    return await work(dead!, transactions!);
  } finally {
    await Promise.all(topics.map((topic) => topic.close()));
  }
}
