import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Latest } from './latest.ts';

test('what was put or asked for last stays, whatever came first', () => {
  const latest = new Latest<number>(2);
  latest.put('a', 1);
  latest.put('b', 2);
  latest.get('a');
  latest.put('c', 3);
  deepEqual(['a', 'b', 'c'].map((key) => latest.get(key)), [1, undefined, 3]);
  latest.put('a', 4);
  latest.put('d', 5);
  deepEqual(['a', 'c', 'd'].map((key) => latest.get(key)), [4, undefined, 5]);
});
