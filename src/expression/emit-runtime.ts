import { addMonths } from '#domain/instant.ts';
import { currencyExponent } from '#domain/money.ts';
import { scaleHalfEven } from '#domain/rounding.ts';
import { localClock, localDate } from '#domain/zone.ts';
import { benfordChiSquare } from './benford.ts';
import { globMatches } from './glob.ts';
import { sampleHash } from './sample-hash.ts';
import { sphereDistance } from './sphere.ts';
import { WEEKDAYS } from './type-rules.ts';
import type { Geo } from './type.ts';

type Text = string | undefined;
type Kleene = 0 | 1 | 2;

/** The parts of the runtime that know the world; `makeRuntime` adds the pure ones. */
export interface WorldRuntime {
  /** Minor units of `target`, half-even; NaN where the amount, the currency or the rate is missing. */
  convert(minor: number, currency: Text, target: string, tMs: number): number;
  /** Is a known value on the list (its index in the scope) at tMs? */
  inList(list: number, value: string | number, tMs: number): 0 | 2;
  /** Status of the past event in a row, as known at tMs. */
  statusAt(row: number, tMs: number): Text;
  labelAt(row: number, tMs: number): Text;
  /**
   * The latest mark `name` of an entity that was known at tMs, or undefined; with `holding`, of those that
   * had not ended. `path` is of an indexed field.
   */
  mark(path: string, value: string, name: string, tMs: number, holding?: boolean): RuntimeMark | undefined;
}

/** Holds in [fromMs, untilMs). */
export interface RuntimeMark { readonly value: number; readonly fromMs: number; readonly untilMs: number }

/**
 * All that generated code may call, as `$`. Missing numbers are NaN, missing texts undefined, bools 0, 1 or
 * 2.
 */
export type EmitRuntime = WorldRuntime & typeof PURE & {
  hasLabel(path: string, value: Text, name: string, tMs: number): Kleene;
  fact(path: string, value: Text, name: string, maxAgeMs: number, tMs: number): number;
};

export function makeRuntime(world: WorldRuntime): EmitRuntime {
  return {
    ...PURE,
    convert: world.convert.bind(world),
    inList: world.inList.bind(world),
    statusAt: world.statusAt.bind(world),
    labelAt: world.labelAt.bind(world),
    mark: world.mark.bind(world),
    hasLabel(path, value, name, tMs) {
      if (value === undefined) return 1;
      // A later label with a nearer end takes nothing from one that still holds.
      const mark = world.mark(path, value, name, tMs, true);
      return mark !== undefined && mark.fromMs <= tMs && tMs < mark.untilMs ? 2 : 0;
    },
    fact(path, value, name, maxAgeMs, tMs) {
      const mark = value === undefined ? undefined : world.mark(path, value, name, tMs);
      const fresh = mark !== undefined && mark.fromMs <= tMs && tMs - mark.fromMs <= maxAgeMs &&
        tMs < mark.untilMs;
      return fresh ? mark.value : Number.NaN;
    },
  };
}

/** The same where marks cannot be asked: what looks at one is missing. */
export const withoutMarks = (runtime: EmitRuntime): EmitRuntime => ({
  ...runtime,
  mark() { throw new Error('marks cannot be asked'); },
  hasLabel: () => 1,
  fact: () => Number.NaN,
});

const DAY_MS = 86_400_000;

/** A number between two others; Kleene, so that one known end can say no while the other is missing. */
function within(value: number, low: number, high: number, lowClosed: boolean, highClosed: boolean): Kleene {
  const above = value > low || (lowClosed && value === low) ? 2 : value <= low ? 0 : 1;
  const below = value < high || (highClosed && value === high) ? 2 : value >= high ? 0 : 1;
  return above < below ? above : below;
}

/** A time of day in an interval that may run over midnight. */
function withinClock(
  value: number, low: number, high: number, lowClosed: boolean, highClosed: boolean,
): Kleene {
  if (low !== low || high !== high || value !== value) return 1;
  if (low <= high) return within(value, low, high, lowClosed, highClosed);
  return within(value, high, low, !highClosed, !lowClosed) === 2 ? 0 : 2;
}

/** The same text but for case. */
const folded = (text: string): string => text.toUpperCase().toLowerCase().normalize('NFC');

function textTest(test: (text: string, part: string) => boolean): (text: Text, part: Text) => Kleene {
  return (text, part) => (text === undefined || part === undefined ? 1 : test(text, part) ? 2 : 0);
}

function weekdayOf(tMs: number, zone: Text): Text {
  const days = localDate(tMs, zone ?? '');
  // Day 0 was a Thursday.
  return days === days ? WEEKDAYS[(((days + 3) % 7) + 7) % 7] : undefined;
}

function isRound(minor: number, currency: Text, units: number): Kleene {
  const exponent = currencyExponent(currency ?? '');
  if (minor !== minor || exponent === undefined) return 1;
  return minor !== 0 && minor % (units * 10 ** exponent) === 0 ? 2 : 0;
}

function firstDigit(value: number): number {
  if (value !== value) return value;
  let digits = Math.abs(value);
  while (digits >= 10) digits = Math.floor(digits / 10);
  return digits;
}

/** Half-even to a whole number; NaN where it is beyond 2^53 - 1. */
function wholeHalfEven(value: number): number {
  const nearest = Math.round(value);
  const tie = Math.abs(value - Math.trunc(value)) === 0.5 && nearest % 2 !== 0;
  return exact(tie ? nearest - 1 : nearest);
}

/** A sum or product of whole numbers, or NaN where it is no longer exact. */
function exact(value: number): number {
  return value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER ? value : Number.NaN;
}

const PURE = {
  exact,
  wholeHalfEven,
  scale: scaleHalfEven,
  within,
  withinClock,
  firstDigit,
  isRound,
  weekday: weekdayOf,
  localClock: (tMs: number, zone: Text): number => localClock(tMs, zone ?? ''),
  localDate: (tMs: number, zone: Text): number => localDate(tMs, zone ?? ''),
  hour: (tMs: number, zone: Text): number => Math.floor(localClock(tMs, zone ?? '') / 3_600_000),
  addMonthsToDate: (days: number, months: number): number => (days === days ? addMonths(days, months) : days),
  /** In UTC: the time of day stays. */
  addMonths(tMs: number, months: number): number {
    if (tMs !== tMs) return tMs;
    const days = Math.floor(tMs / DAY_MS);
    return addMonths(days, months) * DAY_MS + (tMs - days * DAY_MS);
  },
  geo: (lat: number, lon: number): Geo | undefined => (lat === lat && lon === lon ? { lat, lon } : undefined),
  distance: (a: Geo | undefined, b: Geo | undefined): number =>
    (a === undefined || b === undefined ? Number.NaN : sphereDistance(a, b)),
  chiSquare: (histogram: readonly number[] | undefined): number => benfordChiSquare(histogram ?? []),
  sample: (salt: string, text: Text, share: number): Kleene =>
    (text === undefined ? 1 : sampleHash(salt, text) < share ? 2 : 0),
  blank: (text: Text): Kleene => (text === undefined || text.trim() === '' ? 2 : 0),
  lower: (text: Text): Text => text?.toLowerCase().normalize('NFC'),
  length: (text: Text): number => (text === undefined ? Number.NaN : Array.from(text).length),
  startsWith: textTest((text, part) => text.startsWith(part)),
  endsWith: textTest((text, part) => text.endsWith(part)),
  contains: textTest((text, part) => text.includes(part)),
  matches: textTest(globMatches),
  sameFolded: textTest((text, part) => text === part || folded(text) === folded(part)),
} as const;
