import { metadataV12 } from '@platformatic/kafka';
import { TopicUnavailable } from '#ports/topic.ts';
import { askedOfKafka, KafkaClient, type KafkaConnection } from './kafka-client.ts';

/**
 * Which topic of which cluster it is: another one of the same name, or one that was made anew, has another.
 * Rejects with TopicUnavailable.
 */
export async function topicIdentity(connection: KafkaConnection, topic: string): Promise<string> {
  const client = new KafkaClient(connection);
  try {
    const { clusterId, topics } = await askedOfKafka(`topic ${topic}`, client.anywhere((wire) =>
      metadataV12.api.async(wire, [topic], false, false)));
    const found = topics.find(({ name }) => name === topic);
    if (found === undefined) throw new TopicUnavailable('unreachable', `nobody knows topic ${topic}`);
    return `${clusterId ?? ''}/${found.topicId}`;
  } finally {
    await client.close();
  }
}
