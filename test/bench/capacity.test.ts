import { equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { capacityAt, capacityTable, MEASURED } from '../../bench/capacity.ts';

test('the table of docs/capacity.md is what the model says', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'capacity.md'), 'utf8');
  ok(page.includes(capacityTable(MEASURED)), `put this there:\n${capacityTable(MEASURED)}`);
});

test('unit costs times the rate, and one node to spare', () => {
  const costs = {
    nodeMicros: 500, redisMicros: 100, kafkaMicros: 200, postgresMicros: 50, perNode: 1_000, redisShare: 0.5,
    replicas: 3, redisBytes: 1_000, kafkaBytes: 2_000, postgresBytes: 500, nodeBytes: 100, redisNetBytes: 10,
    entryBytes: 100, entities: 6, recordBytes: 20,
  };
  const at = (rate: number): Readonly<Record<string, string>> => Object.fromEntries(capacityAt(rate, costs));
  equal(at(100)['nodes, one spare'], '2');
  equal(at(10_000)['nodes, one spare'], '11');
  equal(at(10_000)['cores of nodes'], '5.0');
  equal(at(10_000)['shards of Redis'], '2', 'half of one thread is what a shard may use');
  equal(at(10_000)['cores of Kafka, 3 replicas'], '6.0');
  equal(at(1_000)['memory of Redis, a day of payments'], '86 GB');
  equal(at(1_000)['memory of all nodes, a day of payments'], '17 GB', 'each of two has all of it');
  equal(at(10_000)['network from Redis, at most'], '60 MB/s', 'ten others have been there');
  equal(at(1_000)['network of Kafka'], '100 KB/s');
});
