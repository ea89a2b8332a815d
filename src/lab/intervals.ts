/** Intervals for a share of which `count` of `total` were seen. */
export interface Interval { readonly low: number; readonly high: number }

/** Standard normal quantile for two-sided confidence of 95 %. */
const Z_95 = 1.959963984540054;
/** What that leaves on either side. */
const TAIL_95 = (1 - 0.95) / 2;

/**
 * Wilson's score interval, without continuity correction (E. B. Wilson, 1927; R. G. Newcombe, Statistics in
 * Medicine 17, 1998, method 3). [0, 1] where nothing was seen.
 */
export function wilson(count: number, total: number, z = Z_95): Interval {
  if (total === 0) return { low: 0, high: 1 };
  const share = count / total;
  const zz = z * z;
  const middle = share + zz / (2 * total);
  const reach = z * Math.sqrt(share * (1 - share) / total + zz / (4 * total * total));
  const scale = 1 + zz / total;
  return {
    low: count === 0 ? 0 : Math.max(0, (middle - reach) / scale),
    high: count === total ? 1 : Math.min(1, (middle + reach) / scale),
  };
}

/**
 * The exact interval of C. J. Clopper and E. S. Pearson (1934): never covers less than it says. Its ends are
 * quantiles of the beta distribution.
 */
export function clopperPearson(count: number, total: number): Interval {
  if (total === 0) return { low: 0, high: 1 };
  return {
    low: count === 0 ? 0 : betaQuantile(TAIL_95, count, total - count + 1),
    high: count === total ? 1 : betaQuantile(1 - TAIL_95, count + 1, total - count),
  };
}

/** By halves: 60 of them leave less than the spacing of doubles. */
function betaQuantile(probability: number, a: number, b: number): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (incompleteBeta(middle, a, b) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The regularised incomplete beta function, by its continued fraction (DLMF 8.17.22). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(
    a * Math.log(x) + b * Math.log1p(-x) - Math.log(a) - (logGamma(a) + logGamma(b) - logGamma(a + b)));
  return front * betaFraction(x, a, b);
}

const TINY = 1e-300;
const away = (value: number): number => (Math.abs(value) < TINY ? TINY : value);

/** Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  let upper = 1;
  let lower = 1 / away(1 - (a + b) * x / (a + 1));
  let value = lower;
  for (let m = 1; m <= 10_000; m++) {
    const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    lower = 1 / away(1 + even * lower);
    upper = away(1 + even / upper);
    value *= lower * upper;
    const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    lower = 1 / away(1 + odd * lower);
    upper = away(1 + odd / upper);
    const step = lower * upper;
    value *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return value;
}

/** Stirling's series after shifting the argument above 15 (DLMF 5.11.1): 14 digits. */
export function logGamma(value: number): number {
  let x = value;
  let shift = 0;
  while (x < 15) {
    shift += Math.log(x);
    x += 1;
  }
  const inverse = 1 / (x * x);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1_260 - inverse / 1_680))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/**
 * How many to look at so that a share near `expected` is known to within `margin` on either side (W. G.
 * Cochran, Sampling Techniques, 1977, 4.4: z^2 p q / d^2, and the correction for a finite population).
 */
export function sampleSize(expected: number, margin: number, population = Infinity): number {
  const infinite = Z_95 * Z_95 * expected * (1 - expected) / (margin * margin);
  const needed = population === Infinity ? infinite : infinite / (1 + (infinite - 1) / population);
  return Math.min(population, Math.ceil(needed - 1e-9));
}
