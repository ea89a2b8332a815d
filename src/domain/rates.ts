/**
 * Exchange rates, pinned by version: a conversion is exact, half-even to the target's minor unit, and the
 * same for ever.
 */
import { currencyExponent } from './money.ts';
import { parseDate } from './instant.ts';
import { decimalFraction, multiplyExact, multiplyFast, type Fraction } from './rounding.ts';

const DAY_MS = 86_400_000;

/** One rate: from 00:00 UTC of a date on, until the next one. */
export interface Rate {
  readonly fromMs: number;
  /** Units of the currency for one unit of the base, as decimal text. */
  readonly text: string;
  readonly fraction: Fraction;
}

export interface RateTable {
  readonly version: string;
  readonly base: string;
  /** Oldest first. The base has none: it is 1. */
  readonly rates: ReadonlyMap<string, readonly Rate[]>;
}

/** How a table is written down. */
export interface RateTableSource {
  readonly version: string;
  readonly base: string;
  readonly rates: Readonly<Record<string, readonly { readonly from: string; readonly rate: string }[]>>;
}

const ONE: Rate = { fromMs: -Infinity, text: '1', fraction: { numerator: 1n, denominator: 1n } };

/** Checks the table; the problems are sentences. */
export function parseRateTable(
  source: RateTableSource,
): { table: RateTable } | { problems: readonly string[] } {
  const problems: string[] = [];
  const rates = new Map<string, readonly Rate[]>();
  if (currencyExponent(source.base) === undefined) problems.push(
    `base ${source.base} is not an ISO 4217 currency`);
  for (const [currency, entries] of Object.entries(source.rates)) {
    if (currencyExponent(currency) === undefined) problems.push(`${currency} is not an ISO 4217 currency`);
    if (currency === source.base) problems.push(`${currency} is the base; its rate is 1 and is not listed`);
    const list: Rate[] = [];
    for (const { from, rate } of entries) {
      const days = parseDate(from);
      const fraction = /^\d{1,15}(\.\d{1,15})?$/.test(rate) ? decimalFraction(rate) : undefined;
      if (days === undefined) problems.push(`${currency}: ${from} is not a date`);
      else if (fraction === undefined ||
        fraction.numerator === 0n) problems.push(`${currency}: rate ${rate} is not a positive decimal`);
      else if (list.some((known) => known.fromMs === days * DAY_MS)) problems.push(
        `${currency}: two rates from ${from}`);
      else list.push({ fromMs: days * DAY_MS, text: rate, fraction });
    }
    rates.set(currency, list.toSorted((a, b) => a.fromMs - b.fromMs));
  }
  if (problems.length > 0) return { problems };
  return { table: { version: source.version, base: source.base, rates } };
}

/** No rates at all: every conversion but that to the same currency is missing. */
export const emptyRateTable = (base: string): RateTable => ({ version: 'none', base, rates: new Map() });

function rateAt(table: RateTable, currency: string, tMs: number): Rate | undefined {
  if (currency === table.base) return ONE;
  return table.rates.get(currency)?.findLast((rate) => rate.fromMs <= tMs);
}

/** What one minor unit of `from` is worth in minor units of `to`. */
function crossRate(from: string, fromRate: Rate, to: string, toRate: Rate): Fraction {
  const shift = (currencyExponent(to) ?? 0) - (currencyExponent(from) ?? 0);
  return {
    numerator: toRate.fraction.numerator * fromRate.fraction.denominator * 10n ** BigInt(Math.max(shift, 0)),
    denominator: toRate.fraction.denominator * fromRate.fraction.numerator * 10n ** BigInt(
      Math.max(-shift, 0)),
  };
}

/**
 * The definition: exact, slow. Minor units of `to`, or undefined where there is no rate or it no longer fits.
 */
export function convertExact(
  table: RateTable, minor: number, from: string, to: string, tMs: number,
): { readonly minor: number } | { readonly missing: 'no_rate' | 'overflow' } {
  if (from === to) return { minor };
  const fromRate = rateAt(table, from, tMs);
  const toRate = rateAt(table, to, tMs);
  if (fromRate === undefined || toRate === undefined) return { missing: 'no_rate' };
  const converted = multiplyExact(minor, crossRate(from, fromRate, to, toRate));
  return Number.isNaN(converted) ? { missing: 'overflow' } : { minor: converted };
}

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly factor: number;
  readonly fraction: Fraction | undefined;
}
interface Pair { stretches: readonly Stretch[]; last: Stretch }

const NEVER: Stretch = { fromMs: 0, toMs: 0, factor: Number.NaN, fraction: undefined };

/** Every change of the cross rate of two currencies, from the beginning of time to its end. */
function stretchesOf(table: RateTable, from: string, to: string): readonly Stretch[] {
  const starts = new Set<number>([-Infinity]);
  for (const currency of [from, to]) for (const rate of table.rates.get(currency) ??
    []) starts.add(rate.fromMs);
  const sorted = [...starts].toSorted((a, b) => a - b);
  return sorted.map((fromMs, i): Stretch => {
    const fromRate = rateAt(table, from, fromMs);
    const toRate = rateAt(table, to, fromMs);
    const known = fromRate !== undefined && toRate !== undefined;
    const fraction = known ? crossRate(from, fromRate, to, toRate) : undefined;
    const factor = fraction === undefined ? Number.NaN : nearestDouble(fraction);
    return { fromMs, toMs: sorted[i + 1] ?? Infinity, factor, fraction };
  });
}

/** The fraction as a double, within one rounding: 80 bits of quotient are more than a double keeps. */
function nearestDouble({ numerator, denominator }: Fraction): number {
  const shift = Math.max(0, 80 + denominator.toString(2).length - numerator.toString(2).length);
  return Number((numerator << BigInt(shift)) / denominator) / 2 ** shift;
}

/**
 * Converts like `convertExact`, NaN for missing, in a few nanoseconds: one per table, it keeps what it worked
 * out.
 */
export function rateConverter(
  table: RateTable,
): (minor: number, from: string | undefined, to: string, tMs: number) => number {
  const targets = new Map<string, Map<string, Pair>>();
  const pairOf = (from: string, to: string): Pair => {
    let pairs = targets.get(to);
    if (pairs === undefined) targets.set(to, (pairs = new Map<string, Pair>()));
    let pair = pairs.get(from);
    if (pair === undefined) pairs.set(from,
      (pair = { stretches: stretchesOf(table, from, to), last: NEVER }));
    return pair;
  };
  return (minor, from, to, tMs) => {
    if (from === undefined || minor !== minor) return Number.NaN;
    if (from === to) return minor;
    const pair = pairOf(from, to);
    let { last } = pair;
    if (!(tMs >= last.fromMs && tMs < last.toMs)) {
      last = pair.stretches.findLast((s) => s.fromMs <= tMs) ?? NEVER;
      pair.last = last;
    }
    if (last.fraction === undefined) return Number.NaN;
    const fast = multiplyFast(minor, last.factor);
    return fast === fast ? fast : multiplyExact(minor, last.fraction);
  };
}
