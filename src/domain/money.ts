/**
 * Money is decimal text outside and integer minor units inside, with the exponents of ISO 4217 (JPY 0, EUR 2,
 * BHD 3). Minor units are safe integers; what does not fit is refused, never rounded.
 */
import currencyCodes from 'currency-codes';
import { flatText } from './flat-text.ts';
import { LIMITS } from './limits.ts';

const EXPONENTS: ReadonlyMap<string, number> = new Map(
  currencyCodes.codes().map((code) => [code, currencyCodes.code(code)?.digits ?? 0]),
);

/** Decimals of an ISO 4217 currency, or undefined where the code is not one. */
export const currencyExponent = (currency: string): number | undefined => EXPONENTS.get(currency);

export type MoneyProblem = 'not_decimal' | 'unknown_currency' | 'too_many_decimals' | 'too_large';
export type ParsedMoney =
  | { readonly minor: number }
  | { readonly problem: MoneyProblem; readonly detail: string };

const problem = (kind: MoneyProblem, detail: string): ParsedMoney => ({ problem: kind, detail });

/**
 * `parseMoneyText('120.50', 'EUR')` is 12050 minor units. Digits, at most one point with digits on both
 * sides, an optional leading minus. Zeros beyond the currency's decimals are refused too: `1.230 EUR` may be
 * a slip.
 */
export function parseMoneyText(text: string, currency: string): ParsedMoney {
  const exponent = EXPONENTS.get(currency);
  if (exponent === undefined) return problem('unknown_currency', `${currency} is not an ISO 4217 currency`);
  const negative = text.charCodeAt(0) === 45;
  let minor = 0;
  let point = -1;
  const first = negative ? 1 : 0;
  for (let i = first; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit === -2 && point === -1 && i > first) point = i;
    else if (digit >= 0 && digit <= 9) minor = minor * 10 + digit;
    else return problem('not_decimal', `${JSON.stringify(text)} is not a decimal number such as 120.50`);
  }
  if (text.length === first || point === text.length - 1) {
    return problem('not_decimal', `${JSON.stringify(text)} is not a decimal number such as 120.50`);
  }
  const decimals = point === -1 ? 0 : text.length - 1 - point;
  if (decimals > exponent) {
    const has = exponent === 0 ? 'no decimals' : `${exponent} decimals`;
    return problem('too_many_decimals', `${currency} has ${has}; ${text} has ${decimals}`);
  }
  for (let i = decimals; i < exponent; i++) minor *= 10;
  // INVARIANT: up to the limit every step above was exact; past it the sum only grows, so this test is
  // enough.
  if (minor > LIMITS.amountMinorMax) return problem('too_large',
    `${text} ${currency} is beyond 2^53 - 1 minor units`);
  return { minor: negative && minor !== 0 ? -minor : minor };
}

/** `120.50`: the decimal text of minor units. Throws RangeError where the currency is not in ISO 4217. */
export function formatAmount(minor: number, currency: string): string {
  const exponent = EXPONENTS.get(currency);
  if (exponent === undefined) throw new RangeError(`${currency} is not an ISO 4217 currency`);
  const sign = minor < 0 ? '-' : '';
  const whole = Math.abs(minor);
  if (exponent === 0) return `${sign}${whole}`;
  // The remainder is exact, and so is the quotient without it: no digit is rounded.
  const scale = 10 ** exponent;
  const rest = whole % scale;
  return `${sign}${(whole - rest) / scale}.${String(rest).padStart(exponent, '0')}`;
}

/** `120.50 EUR`. */
export function formatMoney(minor: number, currency: string): string {
  const amount = formatAmount(minor, currency);
  // So short a text is flat however it is joined, which takes half the time.
  return amount.length + currency.length < 12 ? `${amount} ${currency}` : flatText(amount, ' ', currency);
}
