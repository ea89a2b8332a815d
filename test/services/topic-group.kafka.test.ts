// The contract of TopicGroup on a real broker, and what members do when it dies or they come back.
import { equal, ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTopic } from '#adapters/kafka/check-topic.ts';
import type { KafkaConnection } from '#adapters/kafka/kafka-client.ts';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { KafkaTopicGroup } from '#adapters/kafka/topic-group.ts';
import type { Topic } from '#ports/topic.ts';
import { topicGroupContract } from '../contracts/topic-group.ts';
import { KafkaServer } from './kafka-server.ts';

describe('Kafka', () => {
  let server: KafkaServer;
  let count = 0;
  before(async () => {
    server = await KafkaServer.make({ settings: { 'group.min.session.timeout.ms': '100' } });
  });
  after(() => server.remove());

  const connection = (): KafkaConnection => ({ brokers: [`127.0.0.1:${server.port}`], clientId: 'assay' });

  topicGroupContract('Kafka', () => ({ make: makeTopic, member: (topic, name) => member(topic, name) }));

  const member = (topic: Topic, name: string, sessionMsMax = 1_000): KafkaTopicGroup => new KafkaTopicGroup({
    connection: connection(), topic: topic.name, group: `deciders-of-${topic.name}`, member: name,
    sessionMsMax, rebalanceMsMax: 2_000,
  });

  async function makeTopic(partitionCount = 4): Promise<Topic> {
    const topic = `topic-${++count}`;
    await createTopic(connection(), {
      name: topic, partitionCount, replicas: 1, inSyncMin: 1, retentionMs: 'for ever',
    });
    return KafkaTopic.open({ connection: connection(), topic, appendMsMax: 60_000 });
  }

  const append = (topic: Topic, text: string) =>
    topic.append({ key: `key_${text}`, value: Buffer.from(text), headers: {} });

  test('a broker that is killed under the members and comes back leaves out nothing', async () => {
    const topic = await makeTopic();
    const stop = new AbortController();
    const done = new Set<string>();
    const members = ['a', 'b'].map((name) => member(topic, name));
    const work = members.map(async (one) => {
      for await (const { record, claim } of one.consume(stop.signal)) {
        done.add(Buffer.from(record.value).toString());
        // What is not known to be committed comes again, and that is all.
        await claim.commit(record.place.offset + 1).catch(() => false);
      }
    });
    const ends: Promise<unknown>[] = [];
    for (let index = 0; index < 300; index++) {
      ends.push(append(topic, `${index}`));
      await sleep(2);
      if (index === 150) await server.kill();
      if (index === 200) await server.start();
    }
    await Promise.all(ends);
    for (const startedAt = performance.now(); done.size < 300;) {
      ok(performance.now() - startedAt < 60_000, `${done.size} of 300`);
      await sleep(20);
    }
    stop.abort();
    await Promise.all(work);
    await Promise.all(members.map((one) => one.close()));
    await topic.close();
  });

  test('a member that comes back soon finds its partitions, and the other loses none meanwhile', async () => {
    const topic = await makeTopic();
    const [stopOne, stopTwo, stopBack] = [1, 2, 3].map(() => new AbortController());
    const owners = new Map<number, string>();
    let lostByTwo = 0;
    const run = async (name: string, stop: AbortController): Promise<void> => {
      const one = member(topic, name, 20_000);
      for await (const { claim } of one.consume(stop.signal)) {
        if (name === 'two' && !owners.has(claim.partition)) {
          claim.lost.addEventListener('abort', () => { if (!stopTwo!.signal.aborted) lostByTwo += 1; });
        }
        owners.set(claim.partition, name);
      }
      await one.close();
    };
    const two = run('two', stopTwo!);
    const one = run('one', stopOne!);
    const shared = async (): Promise<void> => {
      owners.clear();
      for (const startedAt = performance.now(); owners.size < 4 || new Set(owners.values()).size < 2;) {
        ok(performance.now() - startedAt < 30_000, 'both have partitions');
        await append(topic, `${performance.now()}`);
        await sleep(10);
      }
    };
    await shared();
    const earlier = new Map(owners);
    lostByTwo = 0;
    stopOne!.abort();
    await one;
    const back = run('one', stopBack!);
    await shared();
    for (const [partition, name] of earlier) equal(owners.get(partition), name);
    equal(lostByTwo, 0);
    stopTwo!.abort();
    stopBack!.abort();
    await Promise.all([two, back]);
    await topic.close();
  });
});
