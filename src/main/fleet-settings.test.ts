import { deepEqual, equal, throws } from 'node:assert/strict';
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
    brokers: ['a:9092', 'b:9092'], redis: 'redis://c:6379', postgres: 'postgres://d/e',
    postgresOwner: undefined, create: false, partitions: 12, replicas: 3,
  });
});

test('what is missing or wrong is named', () => {
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
});
