// What we write is held against the reader and the writer of the client.
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import {
  NumericMap, Reader, createRecordsBatch, produceV9, readRecordsBatch, type MessageRecord,
} from '@platformatic/kafka';
import type { TopicRecord } from '#ports/topic.ts';
import { SeededRandom } from '../../../test/simulation/seeded-random.ts';
import { scaled } from '../../../test/test-scale.ts';
import { batchBytes, encodeBatch, encodeProduce, encodeRecord } from './record-batch.ts';

const AT_MS = 1_790_000_000_123;

function randomRecords(random: SeededRandom): readonly TopicRecord[] {
  const bytes = (): Buffer => {
    const length = random.pick([0, 1, 63, 64, 100, 8_191, 8_192]);
    return Buffer.from(Array.from({ length }, () => random.between(0, 255)));
  };
  return Array.from({ length: random.pick([1, 2, 63, 64, 65]) }, (_, index) => ({
    key: random.pick(['', 'card_1', 'ключ', '💳'.repeat(40)]),
    value: bytes(),
    headers: Object.fromEntries(
      Array.from({ length: random.between(0, 3) }, (__, at) => [`h${index}${at}é`, bytes()])),
  }));
}

const asMessage = ({ key, value, headers }: TopicRecord, partition: number): MessageRecord => ({
  key: Buffer.from(key), value: Buffer.from(value), topic: 'decisions', partition, timestamp: BigInt(AT_MS),
  headers: new Map(Object.entries(headers).map(([name, bytes]) => [Buffer.from(name), Buffer.from(bytes)])),
});

test('a batch is what the client would have written, byte for byte', () => {
  const random = new SeededRandom(8_121);
  for (let round = 0; round < scaled(12); round++) {
    const records = randomRecords(random);
    const producerId = BigInt(random.between(0, 1_000_000));
    const author = { producerId, epoch: random.between(0, 32_767), sequence: random.between(0, 2 ** 31 - 1) };
    const encoded = records.map(encodeRecord);
    const ours = encodeBatch(encoded, author, AT_MS);
    equal(ours.length <= batchBytes(encoded), true);
    const theirs = createRecordsBatch(records.map((record) => asMessage(record, 3)), {
      producerId, producerEpoch: author.epoch, partitionLeaderEpoch: -1,
      sequences: new NumericMap([['decisions:3', author.sequence]]),
    });
    equal(Buffer.compare(ours, theirs.buffer), 0, `round ${round}`);
    const read = readRecordsBatch(Reader.from(ours));
    deepEqual(read.records.map(({ key, value, headers }) => [key?.toString(), value, headers]),
      records.map(({ key, value, headers }) => [key, value,
        Object.entries(headers).map(([name, bytes]) => [Buffer.from(name), bytes])]));
  }
});

test('a request is what the client would have written', () => {
  const random = new SeededRandom(77);
  for (let round = 0; round < scaled(4); round++) {
    const parts = [0, 1, 300].map((partition) => ({ partition, records: randomRecords(random) }));
    const ours = encodeProduce('decisions', parts.map(({ partition, records }) => ({
      partition,
      bytes: encodeBatch(records.map(encodeRecord), { producerId: 9n, epoch: 2, sequence: 0 }, AT_MS),
    })), 5_000);
    const messages = parts.flatMap(({ partition, records }) =>
      records.map((one) => asMessage(one, partition)));
    const theirs = produceV9.createRequest(-1, 5_000, messages, {
      producerId: 9n, producerEpoch: 2, partitionLeaderEpoch: -1,
    });
    equal(Buffer.compare(ours, theirs.buffer), 0, `round ${round}`);
  }
});
