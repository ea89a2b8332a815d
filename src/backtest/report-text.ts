/** The report as a page of text. */
import { OUTCOMES } from '#domain/outcome.ts';
import type { BacktestReport, CandidateReport, RunCost, Share, SideReport } from './report.ts';

const EXAMPLES_SHOWN = 3;
const RULES_SHOWN = 40;

export const whole = (value: number): string => Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ',');
export const percent = (value: number | null): string =>
  (value === null ? 'not known' : `${(100 * value).toFixed(value !== 0 && Math.abs(value) < 0.01 ? 3 : 1)} `
    + `%`);
/** `0.91 % (0.85 to 0.97)`. */
export const shareText = ({ value, low, high }: Share): string =>
  (value === null ? 'not known' : `${percent(value)} (${percent(low)} to ${percent(high)})`);

export function reportText(report: BacktestReport, cost: RunCost): string {
  return [
    ...heading(report, cost), '',
    ...[report.baseline, ...report.candidates].flatMap((side) => [...sideLines(side, report), '']),
    ...(report.candidates.some(({ varies }) => varies !== null) ? [...sweepLines(report), ''] : []),
    ...report.candidates.flatMap((candidate) => [...changeLines(candidate, report), '']),
  ].join('\n').trimEnd();
}

/** What a reader has to know before any number, as sentences; the page has them too. */
export function notes(report: BacktestReport): readonly string[] {
  return [
    noteOfWarmUp(report), noteOfLabels(report),
    ...(report.unconverted === 0 ? []
      : [`${whole(report.unconverted)} amounts have no rate to ${report.currency}: they are in no sum of `
        + `money.`]),
    ...(report.refused === 0 ? [] : [`${whole(report.refused)} payments lie outside the tolerance of time.`]),
    ...(report.resent === 0 ? [] : [`${whole(report.resent)} lines are copies of earlier ones: counted `
      + `once.`]),
  ];
}

export function noteOfWarmUp({ period: { warm_up: warmUp } }: BacktestReport): string {
  const reach = `The windows of the policies reach back ${warmUp.wanted_days} days`;
  if (warmUp.complete) return `Warm-up: complete. ${reach}, and so does what was read before the period.`;
  return `Warm-up: NOT complete. ${reach}, and `
    + `${warmUp.all_of_it ? 'the history begins' : 'reading began'} at `
    + `${warmUp.from}: windows of the first days hold less than the truth.`;
}

export function noteOfLabels({ labels }: BacktestReport): string {
  return `Labels: ${whole(labels.bad)} bad, ${whole(labels.good)} good, ${whole(labels.unlabelled)} `
    + `without a `
    + `label, which are counted as `
    + `good${labels.known_until === null ? '' : `; known until ${labels.known_until}`}.`;
}

function heading(report: BacktestReport, cost: RunCost): readonly string[] {
  const judgements = cost.micros_per_decision.filter((one) => one.micros !== null)
    .map(({ name, micros }) => `${name} ${(micros ?? 0).toFixed(1)} us`).join(', ');
  return [
    `Backtest of ${report.history}`,
    `${whole(report.payments)} payments from ${report.period.from} to ${report.period.until}, `
      + `${report.days} days; `
      + `${whole(report.period.warm_up.payments)} before them only counted.`,
    ...notes(report),
    `Cost: ${cost.seconds.toFixed(1)} s, ${whole(cost.payments_per_second)} records/s; a judgement: `
      + `${judgements === '' ? 'not measured' : judgements}.`,
  ];
}

/** Empty where no capacity was stated. */
export const overCapacity = ({ alerts }: SideReport, report: BacktestReport): string =>
  (alerts.days_over_capacity === null ? ''
    : `; ${alerts.days_over_capacity} of ${report.days} days over the capacity of `
      + `${report.capacity_per_day}`);

function sideLines(side: SideReport, report: BacktestReport): readonly string[] {
  const { alerts } = side;
  const rules = side.rules.filter(({ hits, unknown, excepted }) => hits + unknown + excepted > 0);
  return [
    `== ${side.name}`,
    ...side.policies.map(({ name, hash, payments }) =>
      `  ${name} ${hash.slice(0, 19)}: ${whole(payments)} payments`),
    `  outcomes   ${OUTCOMES.map((outcome) => `${outcome} ${whole(side.outcomes[outcome])}`).join('  ')}`,
    `  flagged    ${detection(side.flagged)}`,
    `  stopped    ${detection(side.stopped)}`,
    `  alerts     ${whole(alerts.per_day_p50)} on the median day, ${whole(alerts.per_day_max)} on the `
      + `worst${overCapacity(side, report)}`,
    ...(side.degraded === 0 ? []
      : [`  degraded   ${whole(side.degraded)} payments to which the policy could not be applied`]),
    `  unknown    ${percent(side.unknown_rate_max)} of the payments at the rule that can say least`,
    ...(rules.length === 0 ? [] : [
      `  ${'rule'.padEnd(38)}${'hits'.padStart(10)}${'acting'.padStart(10)}${'bad'.padStart(8)}`
        + `${'precision'.padStart(11)}${'recall'.padStart(10)}${'unknown'.padStart(10)}`,
      ...rules.slice(0, RULES_SHOWN).map((rule) =>
        `  ${rule.rule.padEnd(38)}${whole(rule.hits).padStart(10)}${whole(rule.acting).padStart(10)}`
        + whole(rule.bad).padStart(8) + short(rule.precision).padStart(11) + short(rule.recall).padStart(10)
        + `${percent(rule.unknown_rate).padStart(10)}`),
      ...(rules.length > RULES_SHOWN ? [`  and ${rules.length - RULES_SHOWN} more; all are in the JSON`]
        : []),
    ]),
  ];
}

const short = ({ value }: Share): string => (value === null ? '-' : percent(value));

function detection({ payments, bad, precision, recall, bad_amount: amount }: SideReport['flagged']): string {
  return `${whole(payments)}, ${whole(bad)} of them bad (${amount}); precision ${shareText(precision)}, `
    + `recall ${shareText(recall)}`;
}

function sweepLines(report: BacktestReport): readonly string[] {
  return [
    '== Sweep: the rules that read the parameter, and all together',
    `  ${'value'.padEnd(28)}${'flagged'.padStart(10)}${'precision'.padStart(11)}${'recall'.padStart(10)}`
      + 'rule hits'.padStart(11) + 'precision'.padStart(11) + 'recall'.padStart(10)
      + 'alerts/day'.padStart(12),
    ...report.candidates.filter(({ varies }) => varies !== null).map((candidate) => {
      const rule = candidate.rules.find(({ rule: name }) => candidate.varies?.rules.includes(name) === true);
      return `  ${candidate.name.padEnd(28)}${whole(candidate.flagged.payments).padStart(10)}`
        + `${short(candidate.flagged.precision).padStart(11)}${short(candidate.flagged.recall).padStart(10)}`
        + whole(rule?.hits ?? 0).padStart(11)
        + (rule === undefined ? '-' : short(rule.precision)).padStart(11)
        + `${(rule === undefined ? '-' : short(rule.recall)).padStart(10)}`
        + `${whole(candidate.alerts.per_day_p50).padStart(12)}`;
    }),
  ];
}

function changeLines(candidate: CandidateReport, report: BacktestReport): readonly string[] {
  const { changed, money, hurt, freed } = candidate;
  const moved = candidate.transitions.filter(({ from, to }) => from !== to);
  return [
    `== ${candidate.name} against ${report.baseline.name}`,
    `  ${whole(changed.outcomes)} outcomes changed, ${whole(changed.results)} results (a score, a band, an `
      + `axis), `
      + `${whole(changed.rules)} with another answer or act of a rule`,
    `  money: ${money.saved} of fraud stopped that was not; ${money.lost} not stopped that was`,
    `  customers: ${whole(hurt.customers)} with ${whole(hurt.payments)} good payments flagged that were not; `
      + `${whole(freed.customers)} with ${whole(freed.payments)} no longer flagged`,
    ...moved.flatMap(({ from, to, payments, bad, examples }) => [
      `  ${from} -> ${to}: ${whole(payments)}, ${whole(bad)} of them bad`,
      ...examples.slice(0, EXAMPLES_SHOWN).map(({ transaction_id: id, amount, candidate: side }) =>
        `      ${id} ${amount ?? ''}: `
          + `${side.reasons.map(({ text }) => text).join('; ') || 'no reason left'}`),
    ]),
    ...candidate.rule_changes.slice(0, RULES_SHOWN).map(({ rule, from, to, payments, bad }) =>
      `  ${rule} ${from} -> ${to}: ${whole(payments)}, ${whole(bad)} of them bad`),
  ];
}
