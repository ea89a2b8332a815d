import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { partitionOfKey } from './key-partition.ts';

// The values of the test of Kafka's own clients (UtilsTest.testMurmur2, Apache-2.0).
const KNOWN: readonly (readonly [key: string, hash: number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

test('a key stands in the partition where the clients of Kafka put it', () => {
  for (const [key, hash] of KNOWN) {
    for (const count of [1, 2, 7, 12, 64, 1_000]) {
      equal(partitionOfKey(key, count), (hash & 0x7fff_ffff) % count, `${key} of ${count}`);
    }
  }
});

test('keys that look alike are spread evenly', () => {
  const counts = Array.from({ length: 16 }, () => 0);
  for (let card = 0; card < 16_000; card++) counts[partitionOfKey(`card_${card}`, 16)]! += 1;
  deepEqual(counts.filter((count) => count < 850 || count > 1_150), []);
});

test('a key may be empty or of any script', () => {
  for (const key of ['', 'é', 'ключ', '卡片', '💳', 'a\u0000b']) {
    ok([0, 1, 2].includes(partitionOfKey(key, 3)), key);
  }
});
