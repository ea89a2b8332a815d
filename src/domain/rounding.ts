/**
 * Exact products, rounded half to even: a fast path in doubles that is taken only where it cannot be wrong.
 */

/** An exact fraction; the denominator is positive. */
export interface Fraction { readonly numerator: bigint; readonly denominator: bigint }

/** `numerator / denominator` to the nearest integer, a tie to the even one. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n;
  const size = negative ? -numerator : numerator;
  const quotient = size / denominator;
  const twice = (size % denominator) * 2n;
  const up = twice > denominator || (twice === denominator && quotient % 2n === 1n);
  const rounded = up ? quotient + 1n : quotient;
  return negative ? -rounded : rounded;
}

/**
 * The fraction that a decimal text such as `1.0812`, `-3` or `1e-7` stands for, or undefined where it is
 * none.
 */
export function decimalFraction(text: string): Fraction | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', decimals = '', exponent = '0'] = match;
  const scale = decimals.length - Number(exponent);
  const digits = BigInt(sign + whole + decimals);
  return scale >= 0
    ? { numerator: digits, denominator: 10n ** BigInt(scale) }
    : { numerator: digits * 10n ** BigInt(-scale), denominator: 1n };
}

/** `value * fraction`, half-even, as a safe integer; NaN where it does not fit. */
export function multiplyExact(value: number, fraction: Fraction): number {
  const product = Number(divideHalfEven(BigInt(value) * fraction.numerator, fraction.denominator));
  return Number.isSafeInteger(product) ? product : Number.NaN;
}

/** Largest product for which a double still shows on which side of a half it lies. */
const FAST_MAX = 2 ** 44;
/** Relative error of the double product, with room to spare: the factor and the product round once each. */
const FAST_ERROR = 2 ** -50;

/**
 * `value * factor` rounded, where doubles leave no doubt; NaN where they do, or where a side is NaN: then
 * compute it exactly. `factor` is within two roundings of the exact factor.
 */
export function multiplyFast(value: number, factor: number): number {
  const product = value * factor;
  const nearest = Math.round(product);
  const fromHalf = 0.5 - Math.abs(product - nearest);
  const size = Math.abs(product);
  return size < FAST_MAX && fromHalf > size * FAST_ERROR && fromHalf > 2 ** -40 ? nearest + 0 : Number.NaN;
}

/**
 * `value * factor`, half-even; `factor` counts as its shortest decimal text, so 0.07 is 7/100. NaN: missing
 * or too large.
 */
export function scaleHalfEven(value: number, factor: number): number {
  const fast = multiplyFast(value, factor);
  if (fast === fast) return fast;
  if (!Number.isSafeInteger(value) || !Number.isFinite(factor)) return Number.NaN;
  const fraction = decimalFraction(String(factor));
  return fraction === undefined ? Number.NaN : multiplyExact(value, fraction);
}
