/** The rules of the audit policy, worked out by hand from the values of its features. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inEuro } from './naive-features.ts';
import type { Arrival, Values } from './naive-features.ts';
import type { Payment } from './message.ts';

/** Merchants on the published list. */
export const TRUSTED_MERCHANTS: readonly string[] = ['m0'];

/** One edition of the audit policy: the same rules with other limits. */
export interface Edition {
  readonly version: number;
  readonly burstMax: number;
  readonly spendMaxMinor: number;
  readonly outside: 'clamp' | 'refuse';
  readonly source: string;
  /** `sha256:...` of the document. */
  readonly hash: string;
}

export function edition(version: number): Edition {
  const limits = {
    version,
    burstMax: 3 + (version % 2),
    spendMaxMinor: 30_000 + 5_000 * ((version - 1) % 3),
    outside: version % 3 === 0 ? ('refuse' as const) : ('clamp' as const),
  };
  const source = readFileSync(join(import.meta.dirname, 'audit.policy.yaml'), 'utf8')
    .replace(/^version: 1$/m, `version: ${version}`)
    .replace(/^ {2}burst_max: 3$/m, `  burst_max: ${limits.burstMax}`)
    .replace(/^ {2}spend_max: 300\.00 EUR$/m, `  spend_max: ${limits.spendMaxMinor / 100}.00 EUR`)
    .replace('outside: clamp', `outside: ${limits.outside}`);
  return { ...limits, source, hash: `sha256:${createHash('sha256').update(source).digest('hex')}` };
}

/** A rule that hits and does nothing: for payments of this kind, or for all. */
export interface Held {
  readonly rule: string;
  readonly kind: Payment['kind'] | undefined;
  /** Where the brake holds it, and not a person: RFC 3339, and why. */
  readonly since?: string;
  readonly because?: string;
}

/** What amends an edition, in the auditor's own words. */
export interface Measures {
  readonly held: readonly Held[];
  /** A card that a rule leaves alone for payments of [fromMs, untilMs). */
  readonly snoozes: readonly {
    readonly rule: string; readonly card: string; readonly fromMs: number; readonly untilMs: number;
  }[];
  /** Another edition that decides a share of the cards. */
  readonly trial: { readonly edition: Edition; readonly share: number; readonly salt: string } | undefined;
}

export const NO_MEASURES: Measures = { held: [], snoozes: [], trial: undefined };

function withheldBy({ held, snoozes }: Measures, rule: string, { message, tMs }: Arrival<Payment>):
  'excepted' | 'shadow' | undefined {
  const isSnoozed = snoozes.some((one) =>
    one.rule === rule && one.card === message.card && tMs >= one.fromMs && tMs < one.untilMs);
  if (isSnoozed) return 'excepted';
  const isHeld = held.some((one) => one.rule === rule && (one.kind ?? message.kind) === message.kind);
  return isHeld ? 'shadow' : undefined;
}

type Answer = 'hit' | 'miss' | 'unknown';
type Axis = 'fraud' | 'aml';

interface AxisResult {
  readonly outcome: string;
  readonly score: number;
  readonly band: string;
}

export interface Judgement {
  readonly outcome: string;
  readonly fraud: AxisResult;
  readonly aml: AxisResult;
  /** `rule effect` of the rules that hit, sorted. */
  readonly reasons: readonly string[];
  /** Rules that could not say, sorted. */
  readonly unknown: readonly string[];
  /** `rule/ID` of those that the brake kept from acting, sorted. */
  readonly degraded: readonly string[];
}

const OUTCOMES = ['approve', 'challenge', 'review', 'hold', 'decline'];
const gravest = (outcomes: readonly string[]): string =>
  OUTCOMES[Math.max(0, ...outcomes.map((outcome) => OUTCOMES.indexOf(outcome)))] ?? 'approve';

/** The number in a value: a count, or the minor units of `120.50 EUR`; null where it is missing. */
function numberIn(values: Values, name: string): number | null {
  const value = values[name];
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? Math.round(Number(value.replace(' EUR', '')) * 100) : null;
}

const holds = (value: number | null, met: (value: number) => boolean): Answer =>
  value === null ? 'unknown' : met(value) ? 'hit' : 'miss';

/** Missing says nothing of a payment of another kind: the first condition is false already. */
function answers(
  { message }: Arrival<Payment>,
  values: Values,
  limits: Edition,
): Readonly<Record<string, Answer>> {
  const onCard = (answer: Answer): Answer => (message.kind === 'card' ? answer : 'miss');
  const onTransfer = (answer: Answer): Answer => (message.kind === 'transfer' ? answer : 'miss');
  const large = holds(inEuro(message), (minor) => minor > 5_000);
  const paid = values['payee_paid_30d'];
  const isNew: Answer = paid === null || paid === undefined ? 'unknown' : paid === true ? 'miss' : 'hit';
  return {
    burst: onCard(holds(numberIn(values, 'card_count_1h'), (n) => n > limits.burstMax)),
    chargeback: onCard(holds(numberIn(values, 'card_chargebacks_30d'), (n) => n >= 1)),
    spend: onCard(holds(numberIn(values, 'card_sum_24h'), (minor) => minor > limits.spendMaxMinor)),
    declines: holds(numberIn(values, 'card_declines_24h'), (n) => n >= 2),
    'many-cards': holds(numberIn(values, 'device_cards_24h'), (n) => n > 2),
    'day-total': onTransfer(holds(numberIn(values, 'debtor_out_day'), (minor) => minor > 90_000)),
    'new-payee': onTransfer(
      large === 'miss' || isNew === 'miss' ? 'miss' : large === 'hit' ? isNew : 'unknown',
    ),
  };
}

interface Effect {
  readonly axis: Axis;
  readonly action?: string;
  readonly score?: number;
  readonly unknown: string;
}

const EFFECTS: Readonly<Record<string, Effect>> = {
  burst: { axis: 'fraud', action: 'decline', unknown: 'review' },
  chargeback: { axis: 'fraud', action: 'hold', unknown: 'challenge' },
  spend: { axis: 'fraud', score: 35, unknown: 'hit' },
  declines: { axis: 'fraud', score: 40, unknown: 'miss' },
  'many-cards': { axis: 'fraud', score: 30, unknown: 'miss' },
  'day-total': { axis: 'aml', action: 'review', unknown: 'hold' },
  'new-payee': { axis: 'aml', score: 50, unknown: 'review' },
};

const BANDS: Readonly<Record<Axis, (score: number) => { readonly outcome: string; readonly band: string }>> =
  {
    fraud: (score) =>
      score < 35
        ? { outcome: 'approve', band: 'low' }
        : score < 70
          ? { outcome: 'challenge', band: 'raised' }
          : { outcome: 'decline', band: 'high' },
    aml: (score) =>
      score < 50 ? { outcome: 'approve', band: 'low' } : { outcome: 'review', band: 'raised' },
  };

export function naiveJudgement(
  now: Arrival<Payment>, values: Values, limits: Edition, measures: Measures = NO_MEASURES,
): Judgement {
  const answered = answers(now, values, limits);
  // An exception that holds takes back what the rule does, be it a hit or a rule that cannot say.
  const excepted = TRUSTED_MERCHANTS.includes(now.message.merchant ?? '');
  const axis = (wanted: Axis): AxisResult => {
    let score = 0;
    const outcomes: string[] = [];
    for (const [rule, effect] of Object.entries(EFFECTS)) {
      const answer = answered[rule];
      if (effect.axis !== wanted || answer === 'miss' || (rule === 'burst' && excepted)) continue;
      if (withheldBy(measures, rule, now) !== undefined) continue;
      if (answer === 'hit' || effect.unknown === 'hit') {
        score += effect.score ?? 0;
        outcomes.push(effect.action ?? 'approve');
      } else if (effect.unknown !== 'miss') outcomes.push(effect.unknown);
    }
    const { outcome, band } = BANDS[wanted](Math.min(score, 100));
    return { outcome: gravest([outcome, ...outcomes]), score: Math.min(score, 100), band };
  };
  const [fraud, aml] = [axis('fraud'), axis('aml')];
  const rulesThat = (answer: Answer): string[] =>
    Object.keys(answered).filter((rule) => answered[rule] === answer);
  const effectOf = (rule: string): string =>
    rule === 'burst' && excepted
      ? 'excepted'
      : (withheldBy(measures, rule, now) ?? EFFECTS[rule]?.action ?? 'score');
  const wouldAct = (rule: string): boolean =>
    answered[rule] === 'hit' || (answered[rule] === 'unknown' && EFFECTS[rule]?.unknown !== 'miss');
  return {
    outcome: gravest([fraud.outcome, aml.outcome]),
    fraud,
    aml,
    reasons: rulesThat('hit')
      .map((rule) => `${rule} ${effectOf(rule)}`)
      .toSorted(),
    unknown: rulesThat('unknown')
      .filter((rule) => rule !== 'burst' || !excepted)
      .toSorted(),
    degraded: Object.keys(answered)
      .filter((rule) => wouldAct(rule) && withheldBy(measures, rule, now) === 'shadow')
      .filter((rule) => rule !== 'burst' || !excepted)
      .map((rule) => `rule/${rule}`)
      .toSorted(),
  };
}
