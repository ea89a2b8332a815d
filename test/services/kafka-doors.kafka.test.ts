// A node is told of a Kafka that does not let it in, at its start and later, in words of its environment.
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { UsageError } from '#cli/shell.ts';
import { TopicUnavailable, type Topic } from '#ports/topic.ts';
import { fleetSettings } from '../../src/main/fleet-settings.ts';
import { checkTopics } from '../../src/main/fleet-topics.ts';
import { expired, selfSigned } from './certificate.ts';
import { freePort } from './free-port.ts';
import { keyStorePath } from './kafka-settings.ts';
import { KafkaServer } from './kafka-server.ts';

const LOGIN = { user: 'assay', password: 'right' };
const MEND_MS_MAX = 60_000;

describe('Kafka with TLS and a password', () => {
  let server: KafkaServer;
  let folder: string;
  let own: Awaited<ReturnType<typeof selfSigned>>;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-doors-'));
    own = await selfSigned('127.0.0.1');
    server = await KafkaServer.make({ login: LOGIN, tls: own });
  });
  after(async () => {
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  });

  /** The environment of a node whom we let in, but for what is changed. */
  async function env(change: Readonly<Record<string, string | undefined>> = {}, ca = own.certificate) {
    const path = join(folder, 'ca.pem');
    await writeFile(path, ca);
    const settings = fleetSettings({
      ASSAY_KAFKA: server.address, ASSAY_REDIS: 'redis://none', ASSAY_POSTGRES: 'postgres://none/none',
      ASSAY_REPLICAS: '1', ASSAY_PARTITIONS: '2', ASSAY_CREATE: '1', ASSAY_INTAKE: '1',
      ASSAY_KAFKA_CA: path, ASSAY_KAFKA_USER: LOGIN.user, ASSAY_KAFKA_PASSWORD: LOGIN.password, ...change,
    });
    ok(settings !== undefined);
    return settings;
  }

  async function refused(says: RegExp, change: Readonly<Record<string, string | undefined>>, ca?: string) {
    await rejects(checkTopics(await env(change, ca), () => {}), (error) => {
      ok(error instanceof UsageError, String(error));
      match(error.message, says);
      match(error.message, /^Kafka at .*ASSAY_KAFKA_PASSWORD/s);
      equal(error.message.includes(LOGIN.password), false);
      return true;
    });
  }

  /** The broker again, with another certificate or password. */
  async function again(
    { certificate, key }: { readonly certificate: string; readonly key: string }, from = '', to = '',
  ): Promise<void> {
    await server.kill();
    await writeFile(keyStorePath(server.folder), `${key}\n${certificate}\n`);
    const path = join(server.folder, 'server.properties');
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll(from, to));
    await server.start();
  }

  const append = (topic: Topic) => topic.append({ key: 'k', value: Buffer.from('v'), headers: {} });

  /** Until it is as it says, for who was thrown out comes back by himself. */
  async function until(isSo: () => Promise<boolean>): Promise<void> {
    const startedAt = performance.now();
    while (!(await isSo())) ok(performance.now() - startedAt < MEND_MS_MAX, 'it does not come back');
  }

  test('a node that is let in creates its topics, by each mechanism, and appends', async () => {
    const told: string[] = [];
    await checkTopics(await env(), (what) => { told.push(what); });
    equal(told.length, 4);
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
      const { kafka } = await env({ ASSAY_KAFKA_MECHANISM: mechanism });
      const topic = await KafkaTopic.open({ connection: kafka, topic: 'decisions' });
      await append(topic);
      await topic.close();
    }
  });

  test('wrong password, none, no TLS, no trust, nobody there: refused with what to look at', async () => {
    await refused(/does not accept the user and password/, { ASSAY_KAFKA_PASSWORD: 'wrong' });
    await refused(/does not accept the user and password/, { ASSAY_KAFKA_USER: 'nobody' });
    await refused(/TLS|user and password/, { ASSAY_KAFKA_USER: undefined, ASSAY_KAFKA_PASSWORD: undefined });
    await refused(/does this port want TLS/, { ASSAY_KAFKA_CA: undefined });
    await refused(/is not trusted/, {}, (await selfSigned('127.0.0.1')).certificate);
    await refused(/cannot be reached/, { ASSAY_KAFKA: `127.0.0.1:${await freePort()}` });
    await refused(/cannot be reached/, { ASSAY_KAFKA: 'nowhere.invalid:9092' });
  });

  test('a certificate that has expired or is of another host is told, later too', async () => {
    const topic = await KafkaTopic.open({
      connection: (await env()).kafka, topic: 'decisions', appendMsMax: 1_500,
    });
    const [old, other] = [await expired('127.0.0.1'), await selfSigned('elsewhere.example')];
    for (const [certificate, says] of [[old, /has expired/], [other, /for another name/]] as const) {
      await again(certificate);
      await refused(says, {}, certificate.certificate);
      const failure = await append(topic).then(() => undefined, (error: unknown) => error);
      ok(failure instanceof TopicUnavailable, String(failure));
      match(failure.message, /certificate/);
    }
    await again(own);
    await until(() => append(topic).then(() => true, () => false));
    await topic.close();
  });

  test('a password that is changed later is told, and once it is right again all goes on', async () => {
    const { kafka } = await env({ ASSAY_KAFKA_MECHANISM: 'PLAIN' });
    const topic = await KafkaTopic.open({ connection: kafka, topic: 'decisions', appendMsMax: 1_500 });
    await again(own, 'user_assay="right"', 'user_assay="changed"');
    const failure = await append(topic).then(() => undefined, (error: unknown) => error);
    ok(failure instanceof TopicUnavailable, String(failure));
    match(failure.message, /does not accept the user and password/);
    await again(own, 'user_assay="changed"', 'user_assay="right"');
    await until(() => append(topic).then(() => true, () => false));
    await topic.close();
  });

  test('topics that would break a promise are refused, with what is wrong and how to mend it', async () => {
    const settings = await env({ ASSAY_CREATE: undefined });
    await checkTopics(settings, () => {});
    const wrong = (change: Partial<typeof settings>): Promise<string> =>
      checkTopics({ ...settings, ...change }, () => {}).then(() => '', String);
    match(await wrong({ partitions: 3 }), /decisions has 2 partitions, 3 are needed/);
    match(await wrong({ replicas: 3 }), /min\.insync\.replicas=1, and 2 brokers must have a record/);
    match(await wrong({ replicas: 3 }), /has 1 replicas, 3 are needed/);
    const intake = { member: 'm', tenant: 't', partitions: 5 };
    match(await wrong({ intake }), /transactions has 2 partitions, 5 are needed/);
    deepEqual(await wrong({}), '');
  });
});
