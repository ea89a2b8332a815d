/** Features as a policy writes them: every aggregate, window and clause, in random company. */
import { checkExpression } from '#expression/check.ts';
import { parseExpression } from '#expression/parse.ts';
import { fieldScope, type Scope } from '#expression/scope.ts';
import type { FeatureDefinition } from '#features/definition.ts';
import { featureDefinition } from '#policy/feature-definition.ts';
import { SCHEMA } from './random-history.ts';
import type { Seeded } from './seeded.ts';

const NUMBERS = ['amount as EUR', 'amount as USD', 'amount as JPY', 'custom.points', 'custom.huge',
  'age(debtor.opened_at)'];
const ORDERED = [...NUMBERS, 't', 'debtor.opened_at'];
const TEXTS = ['merchant', 'mcc', 'debtor.country', 'status', 'label', 'creditor', 'custom.vip'];
const ANY = [...ORDERED, ...TEXTS, 'location'];

const AGGREGATES: Readonly<Record<string, readonly string[]>> = {
  count: [''], exists: [''], time_since_last: [''], first_seen: [''],
  sum: NUMBERS, avg: NUMBERS, stddev: NUMBERS, min: ORDERED, max: ORDERED, first: ANY, last: ANY,
  distinct: [...ORDERED, ...TEXTS], histogram: ['first_digit(amount)', 'custom.points'],
};

const KEYS = [
  'by card', 'by card', 'by debtor', 'by creditor', 'by ip', 'by merchant', 'by (card, direction)',
    'by (debtor, mcc)',
  'by (card, custom.vip)', 'by (card, status)', 'match creditor == this.debtor',
    'match debtor == this.creditor',
  'match card == this.card and debtor.country == this.custom.region', 'by (ip, debtor.opened_at)',
];

const WINDOWS = [
  'over 1h', 'over 90m', 'over 24h', 'over 24h', 'over 7d', 'over 30d', 'over 3d..1d', 'over 24h..30m',
    'over ever',
  'over day("America/New_York")', 'over week("Europe/Paris")', 'over month("Asia/Kolkata")',
    'over day("UTC")',
  'tumbling 2h', 'tumbling 3d', 'last 1', 'last 5', 'last 40',
];

const CONDITIONS = [
  'status == "declined"', 'status != "declined"', 'kind == "cash"', 'amount as EUR > 10 EUR', 'known(mcc)',
  'missing(label)', 'label == "chargeback"', 'amount as EUR > 10% * this.amount as EUR', 'mcc == this.mcc',
  'not (direction == "credit")', 'custom.vip', 'custom.points > 0 or custom.vip',
    'debtor.country in ["C0", "C1"]',
  'local_time(t, "Europe/Paris") in [20:00, 06:00)', 'this or status == "approved"', 'not this',
  'age(debtor.opened_at) < 60d', 'custom.points < floor_points', 'debtor in list("watched")',
    'has_label(debtor, "hold")',
];

const STREAMS = ['event == "login"', 'event != "login"', 'event == "refund" or event == "transaction"',
  'known(card)'];

/** The text of a feature. */
export function randomFeatureText(random: Seeded): string {
  const name = random.pick(Object.keys(AGGREGATES));
  const plain = name === 'time_since_last' || name === 'first_seen';
  const clauses = [random.pick(AGGREGATES[name]!), random.pick(KEYS), random.pick(WINDOWS)];
  if (random.chance(0.2)) clauses.push(`since ${random.pick(CONDITIONS)}`);
  if (random.chance(0.2)) clauses.push(`of ${random.pick(STREAMS)}`);
  if (random.chance(0.5)) clauses.push(`where ${random.pick(CONDITIONS)}`);
  const prior = random.chance(0.4) && !plain ? 'prior_' : '';
  return `${prior}${name}(${clauses.filter((part) => part !== '').join(' ')})`;
}

const SCOPE: Scope = {
  ...fieldScope(SCHEMA),
  params: new Map([['floor_points', { index: 0, type: { kind: 'int' } }]]),
  lists: new Map([['watched', { index: 0, of: { kind: 'entity', entity: 'account' } }]]),
};

/** Parses and checks; throws with the diagnostics where the text is no feature. */
export function featureOf(text: string): FeatureDefinition {
  const wrong = (errors: unknown): Error => new Error(`${text}: ${JSON.stringify(errors)}`);
  const parsed = parseExpression(text);
  if ('errors' in parsed) throw wrong(parsed.errors);
  const made: FeatureDefinition[] = [];
  const checked = checkExpression(parsed.expr, {
    ...SCOPE,
    onAggregate: (aggregate, type) =>
      ({ name: text, index: made.push(featureDefinition(text, aggregate, type)) - 1 }),
  });
  if ('errors' in checked) throw wrong(checked.errors);
  return made[0]!;
}
