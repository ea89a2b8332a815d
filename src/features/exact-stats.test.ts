import { strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FeatureDefinition } from './definition.ts';
import { averageOf, deviationOf, LIMB, sumOf, wholeAverageOf, wholeDeviationOf } from './exact-stats.ts';
import { naiveAggregate } from './naive-aggregate.ts';

const naive = (aggregate: 'sum' | 'avg' | 'stddev', kind: 'int' | 'decimal',
  values: readonly number[]): unknown =>
  naiveAggregate({ aggregate, type: { kind } } as FeatureDefinition, 0, [], values).cell;

function limbs(values: readonly number[]): [number, number] {
  let [high, low] = [0, 0];
  for (const value of values) {
    high += Math.floor(value / LIMB);
    low += value - Math.floor(value / LIMB) * LIMB;
  }
  return [high, low];
}

const SIZES = [3, 100, 2 ** 27, 2 ** 40, Number.MAX_SAFE_INTEGER];
const numbers = fc.oneof(...SIZES
  .map((size) => fc.array(fc.integer({ min: -size, max: size }), { minLength: 2 })));

test('sums, averages and deviations are those of exact arithmetic', () => {
  fc.assert(fc.property(numbers, (values) => {
    const [high, low] = limbs(values);
    const series = Float64Array.from(values);
    strictEqual(sumOf(high, low), naive('sum', 'int', values));
    strictEqual(averageOf(high, low, values.length), naive('avg', 'decimal', values));
    strictEqual(wholeAverageOf(high, low, values.length), naive('avg', 'int', values));
    strictEqual(deviationOf(series, values.length), naive('stddev', 'decimal', values));
    strictEqual(wholeDeviationOf(series, values.length), naive('stddev', 'int', values));
  }), { numRuns: 3_000 });
});

test('a tie goes to the even number', () => {
  for (const [values, average] of [[[1, 2], 2], [[2, 3], 2], [[-1, -2], -2], [[-2, -3], -2],
    [[0, 1], 0]] as const) {
    strictEqual(wholeAverageOf(...limbs(values), 2) + 0, average, String(values));
  }
  strictEqual(wholeDeviationOf(Float64Array.of(0, 5, 10), 3), 5);
  // n = 9, sum of squares about the mean 2: a variance of 1/4, so a deviation of exactly a half, which goes
  // to 0.
  strictEqual(wholeDeviationOf(Float64Array.of(1, 0, 0, 0, 0, 0, 0, 0, -1), 9), 0);
  // Nine values whose squares about the mean add to 18: a variance of 9/4, a deviation of 3/2, which goes to
  // 2.
  strictEqual(wholeDeviationOf(Float64Array.of(3, -3, 0, 0, 0, 0, 0, 0, 0), 9), 2);
});
