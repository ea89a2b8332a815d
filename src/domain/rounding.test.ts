import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decimalFraction, divideHalfEven, multiplyFast, scaleHalfEven } from './rounding.ts';

/** The definition, by search: the whole number nearest to n/d, of two the even one. */
function naive(n: bigint, d: bigint): bigint {
  const distance = (q: bigint): bigint => (q * d > n ? q * d - n : n - q * d);
  const near = n / d;
  const candidates = [near - 1n, near, near + 1n];
  const least = candidates.map(distance).reduce((a, b) => (a < b ? a : b));
  const nearest = candidates.filter((q) => distance(q) === least);
  return nearest.find((q) => nearest.length === 1 || q % 2n === 0n) ?? near;
}

test('half to even, on every small fraction', () => {
  for (let n = -60n; n <= 60n; n++) {
    for (let d = 1n; d <= 12n; d++) assert.equal(divideHalfEven(n, d), naive(n, d), `${n}/${d}`);
  }
});

test('a factor counts as its shortest decimal text, so that 7% of 150 is a tie', () => {
  assert.equal(150 * 0.07, 10.500000000000002);
  assert.equal(scaleHalfEven(150, 0.07), 10);
  assert.equal(scaleHalfEven(-150, 0.07), -10);
  assert.equal(scaleHalfEven(50, 0.07), 4);
  assert.equal(scaleHalfEven(250, 0.07), 18);
});

test('the fast product is the exact one, ties and near ties included', () => {
  let fastCount = 0;
  for (let i = 0; i < 40_000; i++) {
    const value = i < 20_000 ? i - 10_000 : Math.floor(2 ** ((i % 52) + 1) + ((i * 104_729) % 1_000));
    const factor = [0.07, 0.5, 0.005, 1.0812, 0.1, 1 / 3, 1e-7, 123.456, 0.00005][i % 9] ?? 0;
    const text = decimalFraction(String(factor)) ?? { numerator: 0n, denominator: 1n };
    const exact = Number(naive(BigInt(value) * text.numerator, text.denominator));
    assert.equal(scaleHalfEven(value, factor), Number.isSafeInteger(exact) ? exact : Number.NaN,
      `${value} * ${factor}`);
    if (!Number.isNaN(multiplyFast(value, factor))) fastCount++;
  }
  assert.ok(fastCount > 20_000, `the fast path was taken ${fastCount} times`);
});

test('what is missing or too large is missing', () => {
  assert.ok([[Number.NaN, 1], [1, Number.NaN], [1, Infinity], [2 ** 53 - 1, 2]].every(([a = 0, b = 0]) =>
    Number.isNaN(scaleHalfEven(a, b))));
});

test('decimal texts are exact fractions', () => {
  assert.deepEqual(decimalFraction('1.0812'), { numerator: 10_812n, denominator: 10_000n });
  assert.deepEqual(decimalFraction('-3'), { numerator: -3n, denominator: 1n });
  assert.deepEqual(decimalFraction('1e-7'), { numerator: 1n, denominator: 10_000_000n });
  assert.deepEqual(decimalFraction('1.5e+21'), { numerator: 15n * 10n ** 20n, denominator: 1n });
  assert.deepEqual(['', '.', '1.', '0x1', 'NaN', '1e9999'].map(decimalFraction), Array(6).fill(undefined));
});
