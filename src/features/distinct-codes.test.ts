import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DistinctCodes } from './distinct-codes.ts';

test('it holds what a set holds, from one window to the next', () => {
  const codes = new DistinctCodes();
  const window = fc.oneof(
    fc.array(fc.integer({ min: 1, max: 20 })),
    fc.array(fc.integer({ min: 1, max: 2 ** 32 - 1 }), { maxLength: 300, size: 'max' }),
  );
  fc.assert(fc.property(window, (values) => {
    codes.clear();
    for (const value of values) codes.add(value);
    const set = new Set(values);
    strictEqual(codes.size, set.size);
    deepStrictEqual([...codes.values()].toSorted((a, b) => a - b), [...set].toSorted((a, b) => a - b));
  }), { numRuns: 500 });
});
