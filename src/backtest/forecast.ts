/**
 * The share of payments on which each rule acts, by segment, as a band: what the brake holds the rule to.
 * Made of hours; hours with few payments are put together until there are enough to speak of a share.
 */
import { wilson } from '#lab/intervals.ts';
import type { Forecast } from '#decisioning/publication.ts';
import type { TrafficCounts } from './traffic-counts.ts';
import type { Verdict } from './verdict.ts';

/** Payments that a share is made of at least, and payments of a segment that are worth a forecast. */
const SHARE_PAYMENTS_MIN = 200;
const SEGMENT_PAYMENTS_MIN = 1_000;
/** Quantiles of the shares, and by how much they are widened: the next month is not the last one. */
const QUANTILE = 0.001;
const WIDENED = 1.5;
/** Two-sided 99.9 %. */
const Z_999 = 3.290526731491926;

interface Stretch { payments: number; readonly acting: Map<string, number> }
const empty = (): Stretch => ({ payments: 0, acting: new Map() });

/** By segment, and for all segments together (undefined); rules that never acted have a band from 0. */
export function forecastsOf(
  traffic: TrafficCounts, verdicts: readonly Verdict[], rules: readonly { policy: string; rule: string }[],
): readonly Forecast[] {
  const segments = new Map<string,
    { readonly stretches: Stretch[]; readonly total: Stretch; open: Stretch }>();
  const count = (key: string, verdict: Verdict, payments: number): void => {
    const segment = segments.get(key) ?? { stretches: [], total: empty(), open: empty() };
    segments.set(key, segment);
    for (const stretch of [segment.open, segment.total]) {
      stretch.payments += payments;
      for (const { rule, acts } of verdict.rules) {
        if (acts) stretch.acting.set(rule, (stretch.acting.get(rule) ?? 0) + payments);
      }
    }
  };
  for (const hour of traffic.hours()) {
    for (const { segment, verdict: number, count: payments } of hour) {
      const verdict = verdicts[number];
      if (verdict === undefined) continue;
      count(`${verdict.policy}\0`, verdict, payments);
      if (segment !== '') count(`${verdict.policy}\0${segment}`, verdict, payments);
    }
    for (const segment of segments.values()) {
      if (segment.open.payments < SHARE_PAYMENTS_MIN) continue;
      segment.stretches.push(segment.open);
      segment.open = empty();
    }
  }
  return [...segments].flatMap(([key, { stretches, total }]): Forecast[] => {
    if (total.payments < SEGMENT_PAYMENTS_MIN) return [];
    const [policy = '', segment = ''] = key.split('\0');
    return rules.filter((one) => one.policy === policy).map(({ rule }) => ({
      policy, rule, segment: segment === '' ? undefined : segment,
      ...bandOf(`${policy}/${rule}`, stretches, total), from: 'backtest',
    }));
  });
}

function bandOf(rule: string, stretches: readonly Stretch[], total: Stretch): { low: number; high: number } {
  const shares = stretches.map(({ payments, acting }) => (acting.get(rule) ?? 0) / payments)
    .toSorted((a, b) => a - b);
  const all = wilson(total.acting.get(rule) ?? 0, total.payments, Z_999);
  const low = Math.min(quantile(shares, QUANTILE), all.low);
  const high = Math.max(quantile(shares, 1 - QUANTILE), all.high);
  return { low: low / WIDENED, high: Math.min(1, high * WIDENED) };
}

/** Nearest rank; NaN-free: an empty list is 0. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return 0;
  const rank = Math.ceil(share * sorted.length) - 1;
  return sorted[Math.min(sorted.length - 1, Math.max(0, rank))] ?? 0;
}
