/**
 * Samples above and below the line of a threshold: payments by the strictest of several values at which a
 * rule
 * still hits, and from each stratum as many as were asked for, drawn without replacement.
 *
 * A draw is a function of the seed and the ids: those whose keyed hashes are the smallest. Each payment of a
 * stratum is drawn with the same chance, and anybody can draw the same sample again.
 */
import { createHmac } from 'node:crypto';
import { clopperPearson, sampleSize, wilson, type Interval } from './intervals.ts';
import { keepSmallest } from './keep-smallest.ts';

export interface Sampled {
  readonly transactionId: string;
  readonly occurredAt: string;
  readonly amount: string | null;
  /** Why the strictest candidate that hits it does so. */
  readonly reasons: readonly string[];
}

interface Drawn { readonly key: string; readonly sampled: Sampled }

export class LineSample {
  readonly #seed: string;
  readonly #size: number;
  readonly #strata: { population: number; readonly drawn: Drawn[] }[];

  /** `strata`: how many; `size`: drawn of each. */
  constructor(seed: string, strata: number, size: number) {
    this.#seed = seed;
    this.#size = size;
    this.#strata = Array.from({ length: strata }, () => ({ population: 0, drawn: [] }));
  }

  /** `make` is called where the payment is drawn, for now. */
  offer(stratum: number, id: string, make: () => Sampled): void {
    const here = this.#strata[stratum];
    if (here === undefined) return;
    here.population += 1;
    const key = createHmac('sha256', this.#seed).update(id).digest('hex');
    keepSmallest(here.drawn, this.#size, key, () => ({ key, sampled: make() }));
  }

  strata(): readonly { readonly population: number; readonly sample: readonly Sampled[] }[] {
    return this.#strata.map(({ population, drawn }) =>
      ({ population, sample: drawn.map(({ sampled }) => sampled) }));
  }
}

/** What a reviewer, or a label, says of a sampled payment. */
export type Finding = 'bad' | 'good' | 'unknown';

export interface StratumFinding {
  readonly population: number;
  readonly reviewed: number;
  readonly bad: number;
  /** Share bad of the reviewed. */
  readonly share: number | null;
  readonly wilson: Interval;
  readonly exact: Interval;
  /** Payments of the stratum that are bad, by the exact interval: what lies below the line unseen. */
  readonly badLow: number;
  readonly badHigh: number;
  /** To know the share to within `margin`, at this share (or at a half, where none is known). */
  readonly neededForMargin: number;
}

/** Payments that nobody could say anything of are no part of the sample. */
export function stratumFinding(population: number, findings: readonly Finding[],
  margin: number): StratumFinding {
  const bad = findings.filter((one) => one === 'bad').length;
  const reviewed = bad + findings.filter((one) => one === 'good').length;
  const exact = clopperPearson(bad, reviewed);
  const share = reviewed === 0 ? null : bad / reviewed;
  return {
    population, reviewed, bad, share, wilson: wilson(bad, reviewed), exact,
    badLow: Math.floor(exact.low * population), badHigh: Math.ceil(exact.high * population),
    // At a share of 0 or 1 the formula asks for nobody; the end of the interval is what may still be true.
    neededForMargin: sampleSize(nearestHalf(exact), margin, population),
  };
}

/** Of an interval the value that needs the largest sample. */
const nearestHalf = ({ low, high }: Interval): number => Math.min(high, Math.max(low, 0.5));
