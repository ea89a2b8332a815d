import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wilson } from '#lab/intervals.ts';
import { seededRandom } from '../../bench/random.ts';
import { forecastsOf, quantile } from './forecast.ts';
import { TrafficCounts } from './traffic-counts.ts';
import type { Verdict } from './verdict.ts';

const HOUR_MS = 3_600_000;
const axis = { outcome: 'approve', score: 0, band: 'low' } as const;
const verdict = (acts: boolean | undefined): Verdict => ({
  policy: 'p', hash: 'h', outcome: 'approve', fraud: axis, aml: axis, degraded: false,
  rules: acts === undefined ? [] : [{ rule: 'p/r', answer: 'hit', acts }],
});
/** 0: no hit; 1: a hit that acts; 2: a hit in shadow. */
const VERDICTS = [verdict(undefined), verdict(true), verdict(false)];
const RULES = [{ policy: 'p', rule: 'r' }, { policy: 'p', rule: 'never' }, { policy: 'other', rule: 'r' }];

test('a band holds the shares of hours of its segment, and the share of all of them', () => {
  const random = seededRandom(3);
  const traffic = new TrafficCounts();
  const shares: number[] = [];
  let total = 0;
  let acted = 0;
  for (let hour = 0; hour < 40; hour++) {
    let here = 0;
    for (let i = 0; i < 250; i++) {
      const ecom = i % 5 !== 0;
      const number = random() < 0.03 * (1 + hour % 3) ? 1 : random() < 0.1 ? 2 : 0;
      traffic.add(hour * HOUR_MS + i, ecom ? 'ecom' : 'pos', number, false);
      if (number === 1) here += 1;
    }
    shares.push(here / 250);
    total += 250;
    acted += here;
  }
  const forecasts = forecastsOf(traffic, VERDICTS, RULES);
  assert.deepEqual(forecasts.map(({ rule, segment }) => [rule, segment]), [
    ['r', undefined], ['never', undefined], ['r', 'pos'], ['never', 'pos'], ['r', 'ecom'], ['never', 'ecom'],
  ]);
  const [all, never] = forecasts;
  const whole = wilson(acted, total, 3.290526731491926);
  assert.equal(all?.low, Math.min(...shares, whole.low) / 1.5);
  assert.equal(all?.high, Math.max(...shares, whole.high) * 1.5);
  assert.equal(never?.low, 0);
  assert.ok(never !== undefined && never.high > 0 && never.high < 0.005,
    'what never hit may begin to, a little');
});

test('hours with few payments are put together, and a segment with few payments has no forecast', () => {
  const traffic = new TrafficCounts();
  for (let hour = 0; hour < 30; hour++) {
    for (let i = 0; i < 50; i++) traffic.add(hour * HOUR_MS, 'ecom', hour % 2 === 0 && i < 10 ? 1 : 0, false);
    traffic.add(hour * HOUR_MS, 'atm', 0, false);
  }
  const forecasts = forecastsOf(traffic, VERDICTS, RULES.slice(0, 1));
  assert.deepEqual(forecasts.map(({ segment }) => segment), [undefined, 'ecom']);
  // Two hours of 50 hit in ten of a hundred: single hours would have said 20 %.
  assert.ok((forecasts[1]?.high ?? 1) < 0.2);
});

test('quantiles are by nearest rank', () => {
  assert.equal(quantile([], 0.5), 0);
  assert.deepEqual([0, 0.2, 0.5, 0.9, 1].map((share) => quantile([1, 2, 3, 4, 5], share)), [1, 1, 3, 5, 5]);
});
