/** Random policy documents, as text, and random histories for them. All of the document's keys are met. */
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import { STATUSES, type EventSchema } from '#domain/field.ts';
import type { SeededRandom } from '../simulation/seeded-random.ts';

const FEATURES = [
  'count(by card over 1h)', 'prior_count(by card over 24h where declined)',
  'sum(amount as EUR by card over 24h)', 'distinct(card by ip over 24h)',
    'count(by (card, merchant) over 2d)',
  'prior_avg(amount as EUR by customer over 30d where amount as EUR > limit)',
  'max(amount as EUR by merchant last 3)',
    'prior_exists(by card over 7d since declined where channel == "ecom")',
  'time_since_last(by card over 7d)', 'first_seen(by customer over ever)',
  'prior_last(location by card over 24h where known(location))',
    'count(by customer over 7d of event == "login")',
  'sum(amount as USD by merchant over day("Europe/Paris") where debtor.country in ["NO", "SE"])',
  'prior_sum(amount as EUR match creditor == this.debtor over 3d)', 'count(by card tumbling 6h)',
  'prior_count(by card over 3d..1d where label == "confirmed_fraud")',
    'stddev(amount as EUR by card over 7d)',
  'last(debtor.country by customer over 7d where status == "approved")',
] as const;

/** Conditions; `F` stands for a declared feature that is a count, `N` for a name of its own. */
const ATOMS = [
  'F > threshold', 'F >= 2', 'F == 0', 'declined', 'amount as EUR > limit', 'amount as EUR <= segment_limit',
  'amount as USD > 50 USD', 'card in list("listed")', 'customer in list("managed")',
    'debtor.country in ["NO", "SE"]',
  'has_label(card, "seen")', 'sample(40% by id)', 'missing(ip)', 'known(debtor.opened_at)',
  'age(debtor.opened_at) < wait', 'local_time(t, "Europe/Paris") in [20:00, 06:00)', 'rate > 2%',
  'let N = F; N > 1 and amount as EUR / limit > rate',
    'distance(location, prior_last(location by card over 24h)) > 1 km',
  'require F >= 1 else unknown; amount as EUR >= 20 EUR', '(channel ?? "pos") == "ecom"',
    'amount as EUR > 3 * average',
  'count(by device over 1h) > 1', 'starts_with(merchant, "m")', 'status != "declined"',
    'is_round(amount, 10)', '(fact("score", card, max_age 1h) ?? 3) > threshold',
] as const;

const ASKS = /\b[FN]\b|average|has_label|fact|prior_|count/;
/** Those that look at no window and no mark. */
const ATOMS_OF_NOW = nonEmpty(ATOMS.filter((atom) => !ASKS.test(atom)));

const REASONS = [
  '{F} of it; the limit is {limit}', 'from {debtor.country} for {amount}',
    '{age(debtor.opened_at)} old {{so}}',
  '{amount as EUR / limit} of {segment_limit} at {rate}', '{location} and {t}',
] as const;

const REASONS_OF_NOW = nonEmpty(REASONS.filter((reason) => !ASKS.test(reason)));

function nonEmpty(texts: readonly string[]): readonly [string, ...string[]] {
  const [first, ...others] = texts;
  if (first === undefined) throw new Error('there is none');
  return [first, ...others];
}

const UNKNOWNS = ['miss', 'miss', 'hit', 'challenge', 'review', 'hold'] as const;

const ACTIONS = ['none', 'challenge', 'review', 'hold', 'decline'] as const;

interface Plan {
  readonly id: string;
  readonly axis: string;
  /** Index of its action. */
  readonly rank: number;
  readonly scored: boolean;
  readonly labels: boolean;
  readonly final: boolean;
  /** It counts only while windows cannot be asked, and reads none. */
  readonly degraded: boolean;
}

/** A rule that would do nothing else. */
const owesReport = (plan: Plan): boolean => plan.rank === 0 && !plan.scored && !plan.labels;

export class RandomPolicy {
  readonly #random: SeededRandom;
  #counts: readonly [string, ...string[]] = ['f0'];
  #lets = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  document(): string {
    const random = this.#random;
    const chosen = FEATURES.filter(() => random.chance(0.4));
    const features = [FEATURES[0], ...chosen.filter((one) => one !== FEATURES[0])];
    const counts = features.flatMap((text, i) => (/^(prior_)?(count|distinct)/.test(text) ? [`f${i}`] : []));
    this.#counts = ['f0', ...counts.slice(1)];
    const count = random.between(3, 9);
    const plans = Array.from({ length: count }, (_, i): Plan => {
      const degraded = random.chance(0.2);
      return {
        id: `r${i}`, axis: random.pick(['fraud', 'fraud', 'aml']), rank: random.between(0, 4), degraded,
        scored: random.chance(0.6), labels: random.chance(0.25) && !degraded, final: random.chance(0.1),
      };
    });
    const scored = (axis: string): readonly string[] =>
      plans.filter((plan) => plan.scored && plan.axis === axis).map(({ id }) => id);
    const rules = plans.map((plan, i) => this.#rule(plan, plans.slice(i + 1)));
    return [
      'policy: random', 'version: 1', 'event: transaction.v1', 'references:', '  LAW: { text: "the law" }',
        ...NAMES,
      ...(random.chance(0.4) ? [`degraded: { unknown: ${random.pick(UNKNOWNS)} }`] : []),
      'features:', ...features.map((text, i) => `  f${i}: ${text}`), 'rules:', ...rules,
      'scoring:', this.#bands('fraud', scored('fraud')), this.#bands('aml', scored('aml')), '',
    ].join('\n');
  }

  #fill(text: string): string {
    const name = `n${this.#lets++}`;
    return text.replaceAll(/\bF\b/g, () => this.#random.pick(this.#counts)).replaceAll(/\bN\b/g, name);
  }

  #condition(depth: number, ofNow: boolean): string {
    const random = this.#random;
    if (depth === 0 || random.chance(0.4)) {
      const atom = this.#fill(random.pick<string>(ofNow ? ATOMS_OF_NOW : ATOMS));
      return random.chance(0.2) ? `not (${atom})` : `(${atom})`;
    }
    const [one, other] = [this.#condition(depth - 1, ofNow), this.#condition(depth - 1, ofNow)];
    return `(${one} ${random.pick(['and', 'or'])} ${other})`;
  }

  #rule(plan: Plan, below: readonly Plan[]): string {
    const random = this.#random;
    const { labels } = plan;
    const action = ACTIONS[plan.rank] ?? 'none';
    const then = [`action: ${action}`];
    if (plan.scored) then.push(`score: ${random.pick([-20, 5, 10, 25, 40])}`);
    if (random.chance(0.2)) then.push('queue: people');
    if (labels) then.push('label: seen', 'on: card');
    if (labels || action === 'hold') then.push(
      `for: ${random.pick(['12h', 'wait', 'until(debtor.opened_at + 24h)'])}`);
    if (owesReport(plan)) then.push('reason_code: R1', 'report: ctr');
    const lines = [
      `  ${plan.id}:`, `    axis: ${plan.axis}`,
      `    when: ${JSON.stringify(this.#condition(2, plan.degraded))}`,
      `    then: { ${then.join(', ')} }`,
        `    unknown: ${random.pick(UNKNOWNS)}`,
      `    mode: ${random.pick(['live', 'live', 'live', 'live', 'shadow', 'off'])}`,
    ];
    if (plan.degraded) lines.push('    during: degraded');
    else if (random.chance(0.5)) {
      lines.push(`    degraded: ${random.pick(plan.final ? ['hit', 'hold'] : UNKNOWNS)}`);
    }
    if (plan.final) lines.push('    final: true');
    else if (random.chance(0.4)) {
      lines.push(`    unless: ${JSON.stringify(this.#condition(1, plan.degraded))}`);
    }
    const reason = this.#fill(random.pick<string>(plan.degraded ? REASONS_OF_NOW : REASONS));
    if (random.chance(0.7)) lines.push(`    reason: ${JSON.stringify(reason)}`);
    if (random.chance(0.5)) lines.push('    because: [LAW]');
    const weaker = below.filter((other) =>
      !other.final && other.axis === plan.axis && other.rank <= plan.rank && !owesReport(other) &&
        random.chance(0.5));
    if (weaker.length > 0) lines.push(`    replaces: [${weaker.map(({ id }) => id).join(', ')}]`);
    return lines.join('\n');
  }

  #bands(axis: string, scored: readonly string[]): string {
    const random = this.#random;
    const sum = scored.length > 0 && random.chance(0.3)
      ? `sum: [${scored.filter((_, i) => i === 0 || random.chance(0.5)).join(', ')}], ` : '';
    const bands = random.pick([
      '{ below: 20, action: approve, name: low }, { below: 40, action: hold, for: 30m }, { else: decline }',
      '{ below: 10, action: approve }, { else: review }', '{ else: approve }',
    ]);
    const limits = `floor: ${random.pick([-30, 0, 5])}, cap: ${random.pick([60, 100])}`;
    return `  ${axis}: { ${sum}${limits}, bands: [${bands}] }`;
  }
}

const NAMES = [
  'params:', '  limit: 30 EUR', '  threshold: 2', '  wait: 24h',
  '  segment_limit: { by: debtor.segment, cases: { retail: 20 EUR, business: 80 EUR }, otherwise: 40 EUR }',
  '  rate: [{ from: 2026-01-10, is: 1% }, { from: 2026-01-16, is: 3% }]',
  'lists:', '  listed: { of: card, values: [k1, k3] }',
    '  managed: { of: customer, managed: true, validity: true }',
  'define:', '  declined: status == "declined"', '  average: prior_avg(amount as EUR by card over 7d)',
];

export type RandomStep =
  | { readonly kind: 'event'; readonly event: ParsedEvent }
  | { readonly kind: 'change'; readonly id: string; readonly what: 'status' | 'label';
    readonly value: string; readonly atMs: number };

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 9);

/** Events of few entities close together, a fifth of them late, fields missing, some told of only later. */
export function randomHistory(random: SeededRandom, schema: EventSchema,
  count: number): readonly RandomStep[] {
  const steps: RandomStep[] = [];
  let now = START_MS;
  for (let i = 0; i < count; i++) {
    now += random.pick([0, 1, 60_000, 3_600_000, 7 * 3_600_000, DAY_MS]);
    const late = random.chance(0.2) ? random.pick([1, 3_600_000, DAY_MS]) : 0;
    if (i > 3 && random.chance(0.15)) {
      const what = random.pick(['status', 'label'] as const);
      const value = what === 'status' ? random.pick(STATUSES) : 'confirmed_fraud';
      steps.push({ kind: 'change', id: `e${random.between(0, i - 1)}`, what, value, atMs: now });
    } else steps.push({ kind: 'event', event: randomEvent(random, schema, `e${i}`, now - late) });
  }
  return steps;
}

function randomEvent(random: SeededRandom, schema: EventSchema, id: string, tMs: number): ParsedEvent {
  const type = random.chance(0.1) ? 'login' : 'transaction';
  const event: ParsedEvent = {
    type, tenant: 'test', id, position: -1, receivedAtMs: tMs,
    numbers: Array.from({ length: schema.numberSlotCount }, () => Number.NaN),
    texts: Array.from({ length: schema.textSlotCount }, () => undefined),
  };
  const number = (path: string, value: number): void => {
    const slot = schema.byPath.get(path)?.numberSlot ?? -1;
    if (random.chance(0.85)) event.numbers[slot] = value;
  };
  const text = (path: string, values: readonly [string, ...string[]]): void => {
    const slot = schema.byPath.get(path)?.textSlot ?? -1;
    if (random.chance(0.85)) event.texts[slot] = random.pick(values);
  };
  number('amount', random.pick([100, 1_999, 2_000, 3_000, 3_001, 7_900, 12_345]));
  text('amount', ['EUR', 'EUR', 'USD', 'JPY']);
  number('debtor.opened_at', tMs - random.pick([1_000, 23 * 3_600_000, DAY_MS, 40 * DAY_MS]));
  text('card.id', ['k1', 'k2', 'k3']);
  text('device.ip', ['192.0.2.1', '192.0.2.2']);
  text('device.id', ['d1', 'd2']);
  text('merchant.id', ['m1', 'n2']);
  text('debtor.customer_id', ['c1', 'c2']);
  text('debtor.account_id', ['a1', 'a2']);
  text('creditor.account_id', ['a1', 'a2', 'a3']);
  text('debtor.country', ['NO', 'SE', 'FR']);
  text('debtor.segment', ['retail', 'business', 'other']);
  text('channel', ['ecom', 'pos']);
  text('status', ['declined', 'approved', 'attempted']);
  const place = schema.byPath.get('location');
  if (place !== undefined && random.chance(0.6)) {
    event.numbers[place.numberSlot] = random.pick([51.5, 48.85]);
    event.numbers[place.secondNumberSlot] = random.pick([-0.12, 2.35]);
  }
  event.numbers[T_SLOT] = tMs;
  event.texts[schema.byPath.get('event')?.textSlot ?? -1] = type;
  event.texts[schema.byPath.get('id')?.textSlot ?? -1] = id;
  return event;
}
