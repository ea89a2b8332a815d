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
  /** Its share in the past, and of how many payments. */
  readonly past: { readonly share: number; readonly payments: number } | undefined;
  /** `hits_max` of the policy. */
  readonly policyMax: number | undefined;
}

const PAST_PAYMENTS_MIN = 10_000;
const HITS_MAX_DEFAULT = 0.2;

const percent = (share: number): string => `${Number((100 * share).toFixed(2))} %`;

export function bandOf({ ruleMax, forecast, past, policyMax }: BandSources): Band {
  if (ruleMax !== undefined) {
    return { low: 0, high: ruleMax, of: 'acts', said: `hits_max of the rule ${percent(ruleMax)}` };
  }
  if (forecast !== undefined) {
    const { low, high, from } = forecast;
    return { low, high, of: 'hits', said: `forecast ${percent(low)} to ${percent(high)} (${from})` };
  }
  if (past !== undefined && past.payments >= PAST_PAYMENTS_MIN) {
    // Wide, for days differ: what is learned is to catch what went wrong, not what drifted.
    const [low, high] = [past.share / 3, Math.min(1, 3 * past.share + 0.01)];
    return { low, high, of: 'hits', said: `usual ${percent(past.share)}, at most ${percent(high)}` };
  }
  const high = policyMax ?? HITS_MAX_DEFAULT;
  const what = policyMax === undefined ? 'default' : 'hits_max of the policy';
  return { low: 0, high, of: 'acts', said: `${what} ${percent(high)}` };
}

/** `hits 87.3 % of 412 payments in a minute (ecom); forecast ...`. */
export const excessText = (
  share: number, payments: number, segment: string | undefined, band: Band,
): string =>
  `${band.of} on ${percent(share)} of ${payments} payments in a minute`
  + `${segment === undefined ? '' : ` (${segment})`}; ${band.said}`;
