import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { KeyIndex } from './key-index.ts';

const KEY_COUNT = 120_000;
const key = (index: number): string => `tenant\0tx\0tx_${index}`;

test('it agrees with a map of all keys, and costs at most 24 bytes a key', () => {
  const index = new KeyIndex(12_345);
  const truth = new Map<string, number>();
  for (let count = 1; count <= KEY_COUNT; count += 1) {
    const position = count + (count % 3 === 0 ? 2 ** 40 : 0);
    index.add(key(count), position);
    truth.set(key(count), position);
    // Early sizes are the floor of empty shards; from 20,000 keys on the bound is the promise.
    if (count < 20_000 || count % 997 !== 0) continue;
    const each = index.byteLength / count;
    ok(each <= 24, `${each} at ${count}`);
  }
  equal(index.count, KEY_COUNT);
  for (const [text, position] of truth) deepEqual(index.candidates(text), [position]);
  for (let count = KEY_COUNT + 1; count <= 2 * KEY_COUNT; count += 1) equal(index.mayHave(key(count)), false);
});

test('keys that differ in one character, in length or in order are told apart', () => {
  const index = new KeyIndex(1);
  const keys = ['', 'a', 'b', 'ab', 'ba', 'aa', 'aaa', 'a\0b', 'a\0\0b', '\0', '\0\0', 'é', 'e\u0301', '𝒳'];
  for (const [at, text] of keys.entries()) index.add(text, at + 1);
  for (const [at, text] of keys.entries()) deepEqual(index.candidates(text), [at + 1], JSON.stringify(text));
});

test('another seed puts the same keys elsewhere', () => {
  const order = (seed: number): string => {
    const index = new KeyIndex(seed);
    for (let count = 1; count <= 500; count += 1) index.add(key(count), count);
    return Buffer.concat([...index.chunks(500)]).toString('hex');
  };
  equal(order(1), order(1));
  ok(order(1) !== order(2));
});

test('chunks hold the keys up to a position, also of an index that goes on growing', () => {
  const index = new KeyIndex(7);
  for (let count = 1; count <= 10_000; count += 1) index.add(key(count), count);
  const loaded = new KeyIndex(index.seed);
  let next = 10_001;
  for (const chunk of index.chunks(9_000)) {
    loaded.load(chunk);
    for (let count = 0; count < 20; count += 1, next += 1) index.add(key(next), next);
  }
  equal(loaded.count, 9_000);
  for (let count = 1; count < next; count += 1) {
    deepEqual(loaded.candidates(key(count)), count <= 9_000 ? [count] : []);
    deepEqual(index.candidates(key(count)), [count]);
  }
});
