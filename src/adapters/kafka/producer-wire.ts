import { Writer, initProducerIdV4, produceV9 } from '@platformatic/kafka';
import type { KafkaClient } from './kafka-client.ts';
import type { BatchAnswer } from './partition-queue.ts';
import { encodeProduce } from './record-batch.ts';
import type { ProducerWire } from './topic-writer.ts';
import { troubleOfCode, unavailable } from './trouble.ts';

type ProduceResponse = ReturnType<typeof produceV9.parseResponse>;

const PRODUCE = produceV9.api;
/**
 * Of the time for a request, what the replicas may take: the broker is to say so before we stop to listen.
 */
const REPLICAS_SHARE = 0.8;

/** What the writer asks, asked of Kafka. */
export function producerWire(client: KafkaClient, topic: string): ProducerWire {
  const timeoutMs = Math.floor(client.requestMsMax * REPLICAS_SHARE);
  return {
    leaders: () => client.leaders(topic),
    newAuthor: async () => {
      const { errorCode, producerId } = await client.anywhere((wire) =>
        initProducerIdV4.api.async(wire, null, timeoutMs));
      const trouble = troubleOfCode(errorCode);
      if (trouble !== undefined) throw unavailable(trouble, 'a producer id');
      return producerId;
    },
    send: async (node, batches) => {
      const request = Writer.create().append(encodeProduce(topic, batches, timeoutMs));
      const response = await client.on(node, (wire) => new Promise<ProduceResponse>((resolve, reject) => {
        const ended = (error: Error | null, answer?: ProduceResponse): void => {
          if (answer === undefined || error !== null) reject(error ?? new Error('no answer'));
          else resolve(answer);
        };
        wire.send(PRODUCE.key, PRODUCE.version, () => request, produceV9.parseResponse, true, true, ended);
      }));
      return answersIn(response, topic);
    },
  };
}

function answersIn({ responses }: ProduceResponse, topic: string): ReadonlyMap<number, BatchAnswer> {
  const answers = new Map<number, BatchAnswer>();
  for (const { name, partitionResponses } of responses) {
    if (name !== topic) continue;
    for (const { index, errorCode, baseOffset } of partitionResponses) {
      const trouble = troubleOfCode(errorCode);
      answers.set(index, trouble === undefined ? { kind: 'written', baseOffset: Number(baseOffset) }
        : { kind: 'trouble', trouble });
    }
  }
  return answers;
}
