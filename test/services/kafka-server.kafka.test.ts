// The broker under the tests is itself tested: what it says it does to Kafka, it does.
import { equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, Consumer, Producer, stringSerializers } from '@platformatic/kafka';
import type { BaseOptions } from '@platformatic/kafka';
import { selfSigned } from './certificate.ts';
import { FaultProxy } from './fault-proxy.ts';
import { KafkaCluster } from './kafka-cluster.ts';
import { KafkaServer } from './kafka-server.ts';
import type { KafkaOptions } from './kafka-settings.ts';

const TOPIC = 'words';
const WAIT_MS = 20_000;

async function kafka(t: TestContext, options?: KafkaOptions): Promise<KafkaServer> {
  const server = await KafkaServer.make(options);
  t.after(() => server.remove());
  return server;
}

function clientOptions(
  bootstrapBrokers: readonly string[],
  more: Pick<BaseOptions, 'sasl' | 'tls' | 'retries'> = {},
): BaseOptions {
  const broker = { clientId: 'test', bootstrapBrokers: [...bootstrapBrokers] };
  return { ...broker, timeout: WAIT_MS, retryDelay: 50, ...more };
}

/** A topic of one partition with as many copies as there are brokers, and `words` in it. */
async function write(client: BaseOptions, words: readonly string[], replicas = 1): Promise<void> {
  const admin = new Admin(client);
  // This client reads `acks` from each send alone; a producer that is idempotent waits for all in any case.
  const producer = new Producer<string, string, string, string>({
    ...client, serializers: stringSerializers, idempotent: true,
  });
  try {
    const topics = await admin.listTopics();
    if (!topics.includes(TOPIC)) await admin.createTopics({ topics: [TOPIC], partitions: 1, replicas });
    await producer.send({ messages: words.map((value) => ({ topic: TOPIC, value })) });
  } finally {
    await producer.close();
    await admin.close();
  }
}

/** A promise that can be asked whether it is still open. */
function settled(promise: Promise<void>): { readonly promise: Promise<void>; readonly isSettled: boolean } {
  const state = { promise, isSettled: false };
  const settle = (): void => {
    state.isSettled = true;
  };
  promise.then(settle, settle);
  return state;
}

/** How many records the topic has. */
async function count(client: BaseOptions): Promise<number> {
  const consumer = new Consumer({ ...client, groupId: 'count' });
  try {
    const ends = await consumer.listOffsets({ topics: [TOPIC] });
    return Number(ends.get(TOPIC)?.[0]);
  } finally {
    await consumer.close();
  }
}

test('what Kafka acknowledged outlives kill -9, a pause and a stop', async (t) => {
  const server = await kafka(t);
  const client = clientOptions([server.address]);
  await write(client, ['a', 'b']);
  await server.kill();
  await rejects(count({ ...client, retries: 0 }));
  await server.start();
  equal(await count(client), 2);
  server.pause();
  const writing = settled(write(client, ['c']));
  await sleep(300);
  equal(writing.isSettled, false);
  server.continue();
  await writing.promise;
  await server.stop();
  await server.start();
  equal(await count(client), 3);
});

test('a topic that nobody made is not there', async (t) => {
  const server = await kafka(t);
  const client = clientOptions([server.address], { retries: 0 });
  const producer = new Producer({ ...client, serializers: stringSerializers });
  t.after(() => producer.close());
  await rejects(producer.send({ messages: [{ topic: 'nobody-made-it', value: 'x' }] }));
});

test('clients of a broker that names its proxy go through that, and hang with it', async (t) => {
  const proxy = await FaultProxy.make();
  t.after(() => proxy.close());
  const server = await kafka(t, { advertisedPort: proxy.port });
  proxy.aim(server.port);
  // The first question goes past the proxy, and the answer leads to it.
  const client = { ...clientOptions([server.address]), requestTimeout: 1_000 };
  await write(client, ['a']);
  proxy.behave({ kind: 'black-hole' });
  const writing = settled(write(client, ['b']));
  await sleep(300);
  equal(writing.isSettled, false);
  proxy.behave({ kind: 'pass' });
  await writing.promise;
  equal(await count(client), 2);
});

test('a wrong password is refused, and a certificate that is not trusted', async (t) => {
  const [own, another] = await Promise.all([selfSigned('127.0.0.1'), selfSigned('127.0.0.1')]);
  const server = await kafka(t, { login: { user: 'assay', password: 'right' }, tls: own });
  const ask = async (mechanism: 'PLAIN' | 'SCRAM-SHA-512', password: string, ca: string): Promise<number> => {
    const sasl = { mechanism, username: 'assay', password };
    const admin = new Admin(clientOptions([server.address], { sasl, tls: { ca }, retries: 0 }));
    try {
      return (await admin.listTopics()).length;
    } finally {
      await admin.close();
    }
  };
  equal(await ask('PLAIN', 'right', own.certificate), 0);
  equal(await ask('SCRAM-SHA-512', 'right', own.certificate), 0);
  await rejects(ask('PLAIN', 'wrong', own.certificate));
  await rejects(ask('SCRAM-SHA-512', 'wrong', own.certificate));
  await rejects(ask('PLAIN', 'right', another.certificate));
});

test('a cluster of three writes with two of them, and has it all when the third is back', async (t) => {
  const cluster = await KafkaCluster.make();
  t.after(() => cluster.remove());
  // As long as it takes to miss a broker, and more.
  const client = clientOptions(cluster.bootstrap, { retries: 400 });
  await write(client, ['a'], 3);
  const [first, second] = cluster.brokers;
  await first?.kill();
  await write(client, ['b']);
  await first?.start();
  await second?.kill();
  await write(client, ['c']);
  equal(await count(client), 3);
});
