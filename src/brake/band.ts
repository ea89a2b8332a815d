/** What is expected of a rule in a segment, from the best source there is. */

export interface Band {
  readonly low: number;
  readonly high: number;
  /** What is held against it: every hit, or those that raised a payment above approve. */
  readonly of: 'hits' | 'acts';
  /** For people: `forecast 0.2 % to 0.9 % (backtest)`. */
  readonly said: string;
}

/** What is known of the rule, the best first. */
export interface BandSources {
  /** `hits_max` of the rule. */
  readonly ruleMax: number | undefined;
  readonly forecast: { readonly low: number; readonly high: number; readonly from: string } | undefined;
  /** `hits_max` of the policy. */
  readonly policyMax: number | undefined;
  /** The share of payments on which it acted, and how many payments and looks that is known from. */
  readonly past: { readonly share: number; readonly payments: number; readonly looks: number } | undefined;
}

const PAST_PAYMENTS_MIN = 10_000;
/**
 * A day of looks, one a second, of those that saw payments. Looks and not a clock: a clock that jumps has
 * seen nothing. They begin anew with every start, as what they saw is in no log.
 */
const PAST_LOOKS_MIN = 86_400;
/** Days differ, an attack is no fault of the rule, and windows of a month fill for longer than a day. */
const PAST_WIDENED = 5;
const LEARNED_MAX_MIN = 0.1;
const HITS_MAX_DEFAULT = 0.2;

const percent = (share: number): string => `${Number((100 * share).toFixed(2))} %`;

/**
 * What somebody stated goes before what was merely seen. What was seen can only tighten the default, never
 * below a tenth of the payments, and never loosen it: a rule that slowly comes to stop everybody is not
 * usual.
 */
export function bandOf({ ruleMax, forecast, policyMax, past }: BandSources): Band {
  if (ruleMax !== undefined) return actsAtMost(ruleMax, 'hits_max of the rule');
  if (forecast !== undefined) {
    const { low, high, from } = forecast;
    return { low, high, of: 'hits', said: `forecast ${percent(low)} to ${percent(high)} (${from})` };
  }
  if (policyMax !== undefined) return actsAtMost(policyMax, 'hits_max of the policy');
  if (past === undefined || past.payments < PAST_PAYMENTS_MIN || past.looks < PAST_LOOKS_MIN) {
    return actsAtMost(HITS_MAX_DEFAULT, 'default');
  }
  const { share } = past;
  const high = Math.min(HITS_MAX_DEFAULT, Math.max(LEARNED_MAX_MIN, PAST_WIDENED * share));
  return {
    low: share / PAST_WIDENED, high, of: 'acts', said: `usual ${percent(share)}, at most ${percent(high)}`,
  };
}

const actsAtMost = (high: number, what: string): Band =>
  ({ low: 0, high, of: 'acts', said: `${what} ${percent(high)}` });

/** `hits 87.3 % of 412 payments in a minute (ecom); forecast ...`. */
export const excessText = (
  share: number, payments: number, segment: string | undefined, band: Band,
): string =>
  `${band.of} on ${percent(share)} of ${payments} payments in a minute`
  + `${segment === undefined ? '' : ` (${segment})`}; ${band.said}`;
