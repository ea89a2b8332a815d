import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scaled } from '../../test/test-scale.ts';
import { LineSample, stratumFinding, type Sampled } from './line-sample.ts';

const sampled = (id: string): Sampled => ({ transactionId: id, occurredAt: '', amount: null, reasons: [] });

function draw(seed: string, ids: readonly string[], size: number): readonly string[] {
  const sample = new LineSample(seed, 1, size);
  for (const id of ids) sample.offer(0, id, () => sampled(id));
  return sample.strata()[0]?.sample.map(({ transactionId }) => transactionId) ?? [];
}

const IDS = Array.from({ length: 40 }, (_, i) => `tx-${i}`);

test('one seed draws one sample, in any order of the payments, and another draws another', () => {
  assert.deepEqual(draw('a', IDS, 10), draw('a', IDS.toReversed(), 10));
  assert.notDeepEqual(draw('a', IDS, 10), draw('b', IDS, 10));
  assert.equal(new Set(draw('a', IDS, 10)).size, 10);
  assert.equal(draw('a', IDS, 100).length, 40);
});

test('every payment of a stratum is drawn with the same chance', () => {
  const rounds = scaled(2_000);
  const counts = new Map(IDS.map((id) => [id, 0]));
  for (let seed = 0; seed < rounds; seed++) {
    for (const id of draw(`seed ${seed}`, IDS, 10)) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  // Chi-square of 39 degrees of freedom; drawing without replacement makes the counts vary by 30/39 of it.
  const expected = rounds * 10 / 40;
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  assert.ok(chiSquare / (30 / 39) < 90, `chi-square ${chiSquare}`);
});

test('strata are apart, and each counts all of its payments', () => {
  const sample = new LineSample('s', 3, 2);
  for (const [i, id] of IDS.entries()) sample.offer(i % 4, id, () => sampled(id));
  assert.deepEqual(sample.strata().map(({ population, sample: { length } }) => [population, length]),
    [[10, 2], [10, 2], [10, 2]]);
});

test('what a sample says of its stratum: the share, and how many may be there', () => {
  // 3 bad of 30 reviewed: Clopper and Pearson 2.11 % to 26.53 % (as in any table), Wilson 3.46 % to 25.62 %.
  const found = stratumFinding(1_000,
    [...Array<'bad'>(3).fill('bad'), ...Array<'good'>(27).fill('good'), 'unknown'], 0.05);
  assert.deepEqual([found.reviewed, found.bad, found.share], [30, 3, 0.1]);
  assert.deepEqual([found.exact.low, found.exact.high].map((end) => end.toFixed(4)), ['0.0211', '0.2653']);
  assert.deepEqual([found.wilson.low, found.wilson.high].map((end) => end.toFixed(4)), ['0.0346', '0.2562']);
  assert.deepEqual([found.badLow, found.badHigh], [21, 266]);
  assert.equal(found.neededForMargin, 231);
});

test('of none bad in fifty-nine, six in a hundred may still be', () => {
  const { exact } = stratumFinding(10_000, Array<'good'>(59).fill('good'), 0.05);
  assert.equal(exact.low, 0);
  assert.ok(exact.high > 0.05 && exact.high < 0.062);
});
