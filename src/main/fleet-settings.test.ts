import { deepEqual, equal, notEqual, throws } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '#cli/shell.ts';
import { fleetSettings } from './fleet-settings.ts';

const FLEET = {
  ASSAY_KAFKA: 'a:9092, b:9092', ASSAY_REDIS: 'redis://c:6379', ASSAY_POSTGRES: 'postgres://d/e',
};

test('a node is alone, or has all that a fleet needs', () => {
  equal(fleetSettings({}), undefined);
  equal(fleetSettings({ ASSAY_POSTGRES: 'postgres://d/e' }), undefined, 'its records may be on a server');
  deepEqual(fleetSettings(FLEET), {
    kafka: { brokers: ['a:9092', 'b:9092'], clientId: 'assay' }, redis: 'redis://c:6379',
    postgres: 'postgres://d/e', postgresOwner: undefined, create: false, partitions: 12, replicas: 3,
    deadlineMs: 50, retentionDays: undefined, projects: true, intake: undefined,
  });
  equal(fleetSettings({ ...FLEET, ASSAY_RETENTION_DAYS: '800' })?.retentionDays, 800);
  equal(fleetSettings({ ...FLEET, ASSAY_PROJECTION: 'off' })?.projects, false);
  const member = fleetSettings({ ...FLEET, ASSAY_INTAKE: '1', ASSAY_DATA: '/one' })?.intake?.member;
  notEqual(member, fleetSettings({ ...FLEET, ASSAY_INTAKE: '1', ASSAY_DATA: '/two' })?.intake?.member);
  deepEqual(fleetSettings({ ...FLEET, ASSAY_INTAKE: '1', ASSAY_NODE: 'n', ASSAY_TENANT: 't' })?.intake,
    { member: 'n', tenant: 't', partitions: 12 });
});

test('Kafka is reached with TLS and a password where they are given', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-settings-'));
  const [ca, secret] = [join(folder, 'ca.pem'), join(folder, 'secret')];
  await writeFile(ca, 'PEM');
  await writeFile(secret, 'pass\n');
  const kafka = fleetSettings({
    ...FLEET, ASSAY_KAFKA_CA: ca, ASSAY_KAFKA_USER: 'u', ASSAY_KAFKA_PASSWORD_FILE: secret,
  })?.kafka;
  deepEqual(kafka?.tls, { ca: 'PEM' });
  deepEqual(kafka?.sasl, { mechanism: 'SCRAM-SHA-512', username: 'u', password: 'pass' });
  deepEqual(fleetSettings({ ...FLEET, ASSAY_KAFKA_TLS: '1' })?.kafka.tls, {});
  await rm(folder, { recursive: true });
});

test('a node of a fleet is refused half a setting', () => {
  const refused = (change: Record<string, string | undefined>, says: RegExp): void => {
    throws(() => fleetSettings({ ...FLEET, ...change }), (error) => {
      equal(error instanceof UsageError && says.test(error.message), true, String(error));
      return true;
    });
  };
  refused({ ASSAY_REDIS: undefined }, /set ASSAY_REDIS too/);
  refused({ ASSAY_POSTGRES: '' }, /set ASSAY_POSTGRES too/);
  refused({ ASSAY_KAFKA: 'a' }, /host:port/);
  refused({ ASSAY_KAFKA: ',' }, /host:port/);
  refused({ ASSAY_REDIS: 'c:6379' }, /redis:\/\//);
  refused({ ASSAY_PARTITIONS: '0' }, /ASSAY_PARTITIONS/);
  refused({ ASSAY_RETENTION_DAYS: '30' }, /407 or more/);
  refused({ ASSAY_KAFKA_USER: 'u' }, /ASSAY_KAFKA_PASSWORD/);
  refused({ ASSAY_KAFKA_CA: '/nowhere.pem' }, /ASSAY_KAFKA_CA .*cannot be read/);
  refused({ ASSAY_KAFKA_CERT: import.meta.filename }, /come together/);
  refused({ ASSAY_KAFKA_USER: 'u', ASSAY_KAFKA_PASSWORD: 'p', ASSAY_KAFKA_MECHANISM: 'x' }, /SCRAM-SHA-256/);
});
