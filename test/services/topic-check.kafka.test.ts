// What is said of a topic that is not as we need it, and of a broker that does not let us in.
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { checkTopic, createTopic, type WantedTopic } from '#adapters/kafka/check-topic.ts';
import type { KafkaConnection } from '#adapters/kafka/kafka-client.ts';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { selfSigned } from './certificate.ts';
import { freePort } from './free-port.ts';
import { KafkaServer } from './kafka-server.ts';
import type { KafkaOptions } from './kafka-settings.ts';

const WANTED: WantedTopic = {
  name: 'decisions', partitionCount: 3, replicas: 1, inSyncMin: 1, retentionMs: 'for ever',
};

async function kafka(t: TestContext, options: KafkaOptions = {}): Promise<KafkaServer> {
  const server = await KafkaServer.make(options);
  t.after(() => server.remove());
  return server;
}

const reach = (port: number, more: Partial<KafkaConnection> = {}): KafkaConnection =>
  ({ brokers: [`127.0.0.1:${port}`], clientId: 'assay', connectMsMax: 1_000, requestMsMax: 5_000, ...more });

/** How long it took to be told. */
async function refusedWith(connection: KafkaConnection, message: RegExp): Promise<void> {
  const startedAt = performance.now();
  await rejects(checkTopic(connection, WANTED), { code: 'refused', message });
  await rejects(KafkaTopic.open({ connection, topic: WANTED.name }), { code: 'refused', message });
  ok(performance.now() - startedAt < 10_000);
}

test('a topic that is not there, one as wanted, and one that differs in every way', async (t) => {
  const server = await kafka(t);
  const connection = reach(server.port);
  deepEqual(await checkTopic(connection, WANTED),
    ['there is no topic decisions: create it with 3 partitions and 1 replicas']);
  await createTopic(connection, WANTED);
  deepEqual(await checkTopic(connection, WANTED), []);
  await rejects(createTopic(connection, WANTED), { code: 'refused', message: /TOPIC_ALREADY_EXISTS/ });
  await rejects(createTopic(connection, { ...WANTED, name: 'more', replicas: 3, inSyncMin: 2 }),
    { code: 'refused', message: /INVALID_REPLICATION_FACTOR/ });

  await createTopic(connection, {
    name: 'other', partitionCount: 2, replicas: 1, inSyncMin: 1, retentionMs: 60_000,
    keeps: 'last of each key',
  });
  const lines = await checkTopic(connection, { ...WANTED, name: 'other', replicas: 3, inSyncMin: 2 });
  deepEqual(lines.map((line) => line.slice(0, line.indexOf(','))), [
    'other has 2 partitions', 'other has 1 replicas', 'other has min.insync.replicas=1',
    'other has cleanup.policy=compact', 'other has retention.ms=60000',
  ]);
  equal(lines[4], 'other has retention.ms=60000, and nothing may ever go: kafka-configs --alter '
    + '--entity-type topics --entity-name other --add-config retention.ms=-1');
});

test('the settings that a broker gives by itself are not enough', async (t) => {
  const server = await kafka(t, { settings: {
    'message.max.bytes': '1000', 'unclean.leader.election.enable': 'true', 'log.retention.bytes': '5000000',
  } });
  const connection = reach(server.port);
  await createTopic(connection, { ...WANTED, name: 'as-wanted' });
  deepEqual(await checkTopic(connection, { ...WANTED, name: 'as-wanted' }), []);
});

test('F24 a partition count that the fleet did not agree upon is refused', async (t) => {
  const server = await kafka(t);
  const connection = reach(server.port);
  await createTopic(connection, WANTED);
  await rejects(KafkaTopic.open({ connection, topic: 'decisions', partitionCount: 12 }),
    { code: 'refused', message: /has 3 partitions instead of 12/ });
  const topic = await KafkaTopic.open({ connection, topic: 'decisions', partitionCount: 3 });
  equal(topic.partitionCount, 3);
  await topic.close();
});

test('a record that the broker finds too large is refused alone', async (t) => {
  const server = await kafka(t, { settings: { 'max.message.bytes': '1' } });
  const connection = reach(server.port);
  await createTopic(connection, WANTED);
  const topic = await KafkaTopic.open({ connection, topic: 'decisions' });
  t.after(() => topic.close());
  const record = (text: string) => ({ key: 'a', value: Buffer.from(text), headers: {} });
  await rejects(topic.append(record('x'.repeat(900_001))), { code: 'refused', message: /900000 may be/ });
  deepEqual(await topic.append(record('x')), { partition: 1, offset: 0 });
});

test('a wrong password, and none, are told as such', async (t) => {
  const login = { user: 'assay', password: 'open sesame' };
  const server = await kafka(t, { login });
  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
    const good = reach(server.port, { sasl: { mechanism, username: login.user, password: login.password } });
    equal((await checkTopic(good, WANTED)).length, 1, mechanism);
    const wrong = reach(server.port, { sasl: { mechanism, username: login.user, password: 'x' } });
    await refusedWith(wrong, /does not accept the user and password/);
  }
  await rejects(checkTopic(reach(server.port), WANTED), { code: 'unreachable' });
});

test('a certificate is held against whom we trust, and TLS is needed on both sides', async (t) => {
  const [tls, strange] = [await selfSigned('127.0.0.1'), await selfSigned('127.0.0.1')];
  const server = await kafka(t, { tls });
  equal((await checkTopic(reach(server.port, { tls: { ca: tls.certificate } }), WANTED)).length, 1);
  await refusedWith(reach(server.port, { tls: {} }), /not trusted: set tls\.ca/);
  await refusedWith(reach(server.port, { tls: { ca: strange.certificate } }), /not trusted: set tls\.ca/);
  await refusedWith(reach(server.port), /requires TLS/);
  const plain = await kafka(t);
  await refusedWith(reach(plain.port, { tls: { ca: tls.certificate } }), /TLS/);
});

test('nobody there, and an address that is none', async () => {
  await rejects(checkTopic(reach(await freePort()), WANTED),
    { code: 'unreachable', message: /ECONNREFUSED/ });
  await rejects(async () => checkTopic({ ...reach(1), brokers: ['no port:x'] }, WANTED),
    { code: 'refused', message: /is no broker; write host:port/ });
});
