/**
 * Can chance explain it? Bounds of the tails of a binomial distribution: never below the true probability,
 * and close to it where it is small. The terms of a tail fall at least as fast as a geometric series with the
 * ratio of the first two, so the first term and that ratio bound the sum; no term is added up.
 */

/** Bound of P(X >= hits) for X of `trials` with probability `share`; 1 where hits are not above the mean. */
export function atLeast(hits: number, trials: number, share: number): number {
  if (hits <= trials * share || hits === 0) return 1;
  if (share <= 0 || hits > trials) return 0;
  const ratio = ((trials - hits) * share) / ((hits + 1) * (1 - share));
  return Math.min(1, Math.exp(logTerm(hits, trials, share)) / (1 - ratio));
}

/** Bound of P(X <= hits); 1 where hits are not below the mean. */
export const atMost = (hits: number, trials: number, share: number): number =>
  atLeast(trials - hits, trials, 1 - share);

/** ln of the probability of exactly so many. */
function logTerm(hits: number, trials: number, share: number): number {
  const misses = trials - hits;
  const ways = logFactorial(trials) - logFactorial(hits) - logFactorial(misses);
  return ways + hits * Math.log(share) + (misses === 0 ? 0 : misses * Math.log1p(-share));
}

const SMALL_COUNT = 32;
const SMALL: readonly number[] = Array.from({ length: SMALL_COUNT }, (_, n) => {
  let sum = 0;
  for (let i = 2; i <= n; i++) sum += Math.log(i);
  return sum;
});

/** Stirling's series: beyond 32 its error is below 1e-10. */
function logFactorial(n: number): number {
  const known = SMALL[n];
  if (known !== undefined) return known;
  const inverse = 1 / n;
  const square = inverse * inverse;
  return (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI)
    + inverse * (1 / 12 - square * (1 / 360 - square / 1260));
}
