/**
 * Sums, averages and deviations of whole numbers (counts, minor units, ms), exact: no order of events changes
 * a digit.
 *
 * A sum is kept in two limbs, high * 2^26 + low, each far from where doubles lose whole numbers.
 */
import { divideHalfEven } from '#domain/rounding.ts';

export const LIMB = 2 ** 26;

/** The sum, or NaN where it is beyond 2^53 - 1. */
export function sumOf(high: number, low: number): number {
  // The product is exact, and a sum within the safe range has one double: if the result is safe, it is right.
  const sum = high * LIMB + low;
  return Number.isSafeInteger(sum) ? sum : Number.NaN;
}

const wide = (high: number, low: number): bigint => BigInt(high) * BigInt(LIMB) + BigInt(low);

/** The average as a double: rounded once where the sum is within 2^53 - 1, else twice. */
export function averageOf(high: number, low: number, count: number): number {
  const sum = high * LIMB + low;
  return (Number.isSafeInteger(sum) ? sum : Number(wide(high, low))) / count;
}

/** The average as a whole number, half to even. */
export function wholeAverageOf(high: number, low: number, count: number): number {
  const sum = high * LIMB + low;
  if (!Number.isSafeInteger(sum)) return Number(divideHalfEven(wide(high, low), BigInt(count)));
  const floor = Math.floor(sum / count);
  // The quotient was rounded; the remainder, exact, says whether to the wrong side.
  let quotient = floor;
  let rest = sum - floor * count;
  if (rest < 0) { quotient--; rest += count; }
  if (rest >= count) { quotient++; rest -= count; }
  const twice = rest * 2;
  return twice > count || (twice === count && quotient % 2 !== 0) ? quotient + 1 : quotient;
}

/**
 * Sample variance of `count` (at least 2) whole numbers, as a fraction: variance = numerator / (n (n - 1)).
 * Values are taken less the first of them, which changes no variance and keeps the squares small.
 */
function varianceOf(values: Float64Array, count: number): { numerator: bigint; denominator: bigint } {
  const origin = values[0]!;
  let sum = 0;
  let squares = 0;
  for (let i = 1; i < count; i++) {
    const difference = values[i]! - origin;
    sum += difference;
    squares += difference * difference;
  }
  const n = BigInt(count);
  // Squares only grow: if their sum is safe now, it was all the way. The sum is smaller, by Cauchy and
  // Schwarz.
  if (squares <= Number.MAX_SAFE_INTEGER && Math.abs(sum) <= Number.MAX_SAFE_INTEGER) {
    return { numerator: n * BigInt(squares) - BigInt(sum) * BigInt(sum), denominator: n * (n - 1n) };
  }
  let wideSum = 0n;
  let wideSquares = 0n;
  for (let i = 1; i < count; i++) {
    const difference = BigInt(values[i]!) - BigInt(origin);
    wideSum += difference;
    wideSquares += difference * difference;
  }
  return { numerator: n * wideSquares - wideSum * wideSum, denominator: n * (n - 1n) };
}

/** The sample standard deviation as a double. */
export function deviationOf(values: Float64Array, count: number): number {
  const { numerator, denominator } = varianceOf(values, count);
  return Math.sqrt(Number(numerator) / Number(denominator));
}

/** The sample standard deviation as a whole number, half to even. */
export function wholeDeviationOf(values: Float64Array, count: number): number {
  const { numerator, denominator } = varianceOf(values, count);
  let root = BigInt(Math.floor(Math.sqrt(Number(numerator) / Number(denominator))));
  // The double root is near; these find the floor of the exact one.
  while (root * root * denominator > numerator) root--;
  while ((root + 1n) * (root + 1n) * denominator <= numerator) root++;
  const half = (2n * root + 1n) ** 2n * denominator;
  const up = half < 4n * numerator || (half === 4n * numerator && root % 2n === 1n);
  return Number(up ? root + 1n : root);
}
