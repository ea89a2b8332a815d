/**
 * A policy of a stated size: what the numbers of the benchmark are about. Written by code so that anyone can
 * vary it.
 */

/** Name in the policy language; what its features count besides. */
const ENTITIES = [
  { by: 'card', other: 'merchant' },
  { by: 'debtor', other: 'merchant' },
  { by: 'merchant', other: 'card' },
  { by: 'terminal', other: 'card' },
  { by: 'device', other: 'card' },
  { by: 'ip', other: 'card' },
] as const;

export const FEATURE_COUNT_MAX = ENTITIES.length * 5;

interface Feature {
  readonly name: string;
  readonly text: string;
  readonly condition: (rule: number) => string;
}

const features = (): readonly Feature[] => ENTITIES.flatMap(({ by, other }) => [
  {
    name: `${by}_count_1h`, text: `count(by ${by} over 1h)`,
    condition: (rule) => `${by}_count_1h > ${6 + (rule % 7)}`,
  },
  {
    name: `${by}_sum_24h`, text: `sum(amount as EUR by ${by} over 24h)`,
    condition: (rule) => `${by}_sum_24h > ${1_000 + 250 * (rule % 9)} EUR`,
  },
  {
    name: `${by}_declines_24h`, text: `count(by ${by} over 24h where status == "declined")`,
    condition: (rule) => `${by}_declines_24h >= ${3 + (rule % 5)}`,
  },
  {
    name: `${by}_${other}s_7d`, text: `distinct(${other} by ${by} over 7d)`,
    condition: (rule) => `${by}_${other}s_7d > ${5 + (rule % 20)}`,
  },
  {
    name: `${by}_usual_30d`, text: `prior_avg(amount as EUR by ${by} over 30d where status == "approved")`,
    condition: (rule) => `amount as EUR > ${3 + (rule % 4)} * ${by}_usual_30d`,
  },
]);

/** What a rule asks of the payment itself, besides a feature or two. */
const PLAIN = [
  'amount as EUR > 150 EUR',
  'channel == "ecom"',
  'card.country != merchant.country',
  'mcc in ["7995", "4814", "5999"]',
  'hour(t, "Europe/Berlin") < 6',
  'known(device) and status != "declined"',
  'not (debtor.country in ["DE", "AT"])',
] as const;

const at = <T>(values: readonly T[], index: number): T => {
  const value = values[index % values.length];
  if (value === undefined) throw new RangeError('an empty list');
  return value;
};

/** YAML of a policy with so many rules over so many windowed features (at most FEATURE_COUNT_MAX). */
export function policyOfSize(ruleCount: number, featureCount: number): string {
  const used = features().slice(0, featureCount);
  const rules = Array.from({ length: ruleCount }, (_, rule) => {
    const [first, second] = [at(used, rule), at(used, rule * 7 + 3)];
    const when = [first.condition(rule), at(PLAIN, rule), ...(rule % 2 === 0 ? [second.condition(rule)] : []),
      at(PLAIN, rule * 3 + 2)].join(' and ');
    return [
      `  rule-${rule + 1}:`,
      `    title: Rule ${rule + 1} of the benchmark`,
      `    when: '${when}'`,
      `    then: { score: ${1 + (rule % 9)}, reason_code: B-${rule + 1} }`,
      '    unknown: miss',
      `    reason: "{${first.name}} measured here"`,
    ].join('\n');
  });
  return [
    `policy: bench-${ruleCount}`, `title: ${ruleCount} rules over ${used.length} windowed features`,
    'version: 1', 'event: transaction.v1', 'kinds: [card]', 'currency: EUR',
    // The state is filled with a month of payments before anything is measured.
    // Its rules hit what the traffic is made of: they are to be judged, and not put in shadow.
    'time: { ahead: 5m, behind: 31d, outside: clamp }', 'brake: { hits_max: 100% }', 'features:',
    ...used.map(({ name, text }) => `  ${name}: '${text}'`),
    'rules:', ...rules,
    'scoring:', '  fraud:', '    floor: 0', '    cap: 1000',
    '    bands: [{ below: 40, action: approve }, { below: 120, action: review }, { else: hold }]', '',
  ].join('\n');
}
