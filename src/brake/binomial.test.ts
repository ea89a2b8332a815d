import { ok, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../bench/random.ts';
import { scaled } from '../../test/test-scale.ts';
import { atLeast, atMost } from './binomial.ts';

/** The sum, term by term, each from the one before; exact enough for counts this small. */
function naiveAtLeast(hits: number, trials: number, share: number): number {
  let term = (1 - share) ** trials;
  let sum = hits === 0 ? term : 0;
  for (let k = 1; k <= trials; k++) {
    term *= ((trials - k + 1) / k) * (share / (1 - share));
    if (k >= hits) sum += term;
  }
  return sum;
}

test('the bound is never below the true tail, and near it where it is small', () => {
  const random = seededRandom(1);
  let close = 0;
  for (let i = 0; i < scaled(20_000); i++) {
    const trials = 1 + Math.floor(random() * 600);
    const share = 0.001 + 0.6 * random();
    const hits = Math.floor(random() * (trials + 1));
    const [bound, exact] = [atLeast(hits, trials, share), naiveAtLeast(hits, trials, share)];
    const place = `${hits} of ${trials} at ${share}: ${bound}, exactly ${exact}`;
    ok(bound >= exact * (1 - 1e-8), place);
    if (exact > 1e-4 || exact < 1e-300) continue;
    ok(bound <= exact * 1.6, place);
    close++;
  }
  ok(close > 1_000);
});

test('the lower tail is the upper one of the misses', () => {
  const random = seededRandom(2);
  for (let i = 0; i < scaled(5_000); i++) {
    const trials = 1 + Math.floor(random() * 200);
    const [share, hits] = [0.05 + 0.85 * random(), Math.floor(random() * trials)];
    const exact = 1 - naiveAtLeast(hits + 1, trials, share);
    ok(atMost(hits, trials, share) >= exact - 1e-9, `${hits} of ${trials} at ${share}`);
  }
});

test('the ends', () => {
  equal(atLeast(0, 10, 0.1), 1);
  equal(atLeast(10, 10, 1), 1);
  equal(atLeast(1, 10, 0), 0);
  equal(atMost(10, 10, 0.5), 1);
  ok(Math.abs(atLeast(10, 10, 0.5) - 2 ** -10) < 1e-9);
  ok(Math.abs(atMost(0, 20, 0.5) / 2 ** -20 - 1) < 0.06);
});
