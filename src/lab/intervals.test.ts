import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../bench/random.ts';
import { scaled } from '../../test/test-scale.ts';
import { clopperPearson, incompleteBeta, logGamma, sampleSize, wilson } from './intervals.ts';

// R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998)
// 857-872, table I: methods 3 (score) and 5 (Clopper and Pearson).
const NEWCOMBE = [
  { count: 81, total: 263, score: [0.2553, 0.3662], exact: [0.2527, 0.3676] },
  { count: 15, total: 148, score: [0.0624, 0.1605], exact: [0.0578, 0.1617] },
  { count: 0, total: 20, score: [0, 0.1611], exact: [0, 0.1684] },
  { count: 1, total: 29, score: [0.0061, 0.1718], exact: [0.0009, 0.1776] },
] as const;

test('intervals are those of the published table', () => {
  for (const { count, total, score, exact } of NEWCOMBE) {
    const [s, e] = [wilson(count, total), clopperPearson(count, total)];
    assert.deepEqual([s.low, s.high].map((end) => Number(end.toFixed(4))), score, `${count}/${total} score`);
    assert.deepEqual([e.low, e.high].map((end) => Number(end.toFixed(4))), exact, `${count}/${total} exact`);
  }
});

test('of nothing, anything may be true', () => {
  assert.deepEqual(wilson(0, 0), { low: 0, high: 1 });
  assert.deepEqual(clopperPearson(0, 0), { low: 0, high: 1 });
});

/** P(X <= count) by adding up terms: the plain way, in logarithms that cannot run out. */
function naiveBinomial(count: number, total: number, share: number): number {
  let ways = 0;
  let sum = 0;
  for (let k = 0; k <= count; k++) {
    if (k > 0) ways += Math.log((total - k + 1) / k);
    sum += Math.exp(ways + k * Math.log(share) + (total - k) * Math.log1p(-share));
  }
  return sum;
}

test('the ends of the exact interval leave exactly a fortieth on each side', () => {
  const random = seededRandom(11);
  for (let i = 0; i < scaled(300); i++) {
    const total = 1 + Math.floor(random() * 300);
    const count = Math.floor(random() * (total + 1));
    const { low, high } = clopperPearson(count, total);
    if (count < total) assert.ok(Math.abs(naiveBinomial(count, total, high) - 0.025) < 1e-9,
      `${count}/${total}`);
    if (count === 0) continue;
    assert.ok(Math.abs(1 - naiveBinomial(count - 1, total, low) - 0.025) < 1e-9, `${count}/${total}`);
  }
});

test('the incomplete beta function adds up binomial tails', () => {
  const random = seededRandom(12);
  for (let i = 0; i < scaled(300); i++) {
    const total = 1 + Math.floor(random() * 200);
    const count = Math.floor(random() * total);
    const share = 0.01 + 0.98 * random();
    const wanted = 1 - naiveBinomial(count, total, share);
    const got = incompleteBeta(share, count + 1, total - count);
    assert.ok(Math.abs(got - wanted) < 1e-10, `${count} of ${total} at ${share}: ${got}, not ${wanted}`);
  }
});

test('the gamma function of whole numbers is the factorial', () => {
  let factorial = 0;
  for (let n = 1; n < 30; n++) {
    assert.ok(Math.abs(logGamma(n) - factorial) < 1e-12 * Math.max(1, factorial), `${n}`);
    factorial += Math.log(n);
  }
});

test('sample sizes are those of the textbook', () => {
  assert.equal(sampleSize(0.5, 0.05), 385);
  assert.equal(sampleSize(0.5, 0.05, 1_000), 278);
  assert.equal(sampleSize(0.5, 0.05, 10_000), 370);
  assert.equal(sampleSize(0.5, 0.01), 9_604);
  assert.equal(sampleSize(0.5, 0.05, 10), 10);
});
