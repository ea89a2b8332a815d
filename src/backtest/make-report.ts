/** From what a run has counted to its report. */
import { formatDate, formatInstant } from '#domain/instant.ts';
import { formatMoney } from '#domain/money.ts';
import { OUTCOMES, outcomeRank, type Outcome } from '#domain/outcome.ts';
import { outcomeKind, ruleKind, type Pair } from './comparison.ts';
import type { BacktestRun } from './backtest.ts';
import type { Judging } from './judging.ts';
import { forecastsOf, quantile } from './forecast.ts';
import type {
  BacktestReport, CandidateReport, DetectionReport, Figures, RuleChangeReport, RuleReport, RunCost,
    SideReport,
  TransitionReport,
} from './report.ts';
import type { Side } from './sides.ts';
import { share } from './share.ts';
import { rulesReading } from './sweep.ts';
import { FLAGGED_RANK, STOPPED_RANK, truthsOf, type CandidateTruth, type Truths } from './truth-counts.ts';
import { pairKey, type Verdict } from './verdict.ts';

const DAY_MS = 86_400_000;

export function makeReport(run: BacktestRun, history: string): BacktestReport {
  const { accounts, order, currency, sides } = run.judging;
  const { counts, labels } = accounts;
  const truths = truthsOf(accounts);
  const desk = new Desk(run.judging, truths);
  const judgedBaseline = order.baseline === 'recorded' ? undefined : sides[0];
  const candidates = sides.slice(judgedBaseline === undefined ? 0 : 1);
  const warmUpMs = (counts.judgedFromMs ?? 0) - (counts.historyFromMs ?? 0);
  return {
    format: 'assay.backtest.1', history,
    period: {
      from: formatInstant(counts.judgedFromMs ?? 0), until: formatInstant(counts.judgedUntilMs ?? 0),
      warm_up: {
        from: formatInstant(counts.historyFromMs ?? 0), payments: counts.warmUpPayments,
        wanted_days: Math.ceil(run.reachMs / DAY_MS), complete: warmUpMs >= run.reachMs,
        all_of_it: run.readFromStart,
      },
    },
    payments: counts.payments, days: desk.days, currency, unconverted: accounts.unconverted,
    refused: counts.refused, resent: counts.resent,
    labels: {
      bad: truths.bad.count, good: truths.good, unlabelled: truths.unlabelled,
      bad_amount: formatMoney(truths.bad.minor, currency),
      known_until: labels.lastMs === -Infinity ? null : formatInstant(labels.lastMs),
    },
    capacity_per_day: order.capacityPerDay ?? null,
    baseline: desk.side(0, judgedBaseline?.judge.name ?? 'recorded', judgedBaseline),
    candidates: candidates.map((one, i) => desk.candidate(i + 1, one)),
  };
}

class Desk {
  readonly #run: Judging;
  readonly #truths: Truths;
  readonly #firstDay: number;
  readonly days: number;

  constructor(run: Judging, truths: Truths) {
    const { judgedFromMs, judgedUntilMs } = run.accounts.counts;
    this.#run = run;
    this.#truths = truths;
    this.#firstDay = Math.floor((judgedFromMs ?? 0) / DAY_MS);
    this.days = Math.floor((judgedUntilMs ?? 0) / DAY_MS) - this.#firstDay + 1;
  }

  side(index: number, name: string, side: Side | undefined): SideReport {
    const { accounts, order } = this.#run;
    const verdicts = accounts.books[index]?.verdicts ?? [];
    const counts = accounts.ledger.countsOf(index, verdicts.length);
    const outcomes = sumBy(verdicts, counts, ({ outcome }) => outcome);
    const byRank = (rank: number): number => OUTCOMES.filter((one) => outcomeRank(one) >= rank)
      .reduce((sum, one) => sum + (outcomes.get(one) ?? 0), 0);
    const truth = this.#truths.sides[index];
    const alerts = Array.from({ length: this.days }, (_, day) =>
      accounts.traffic[index]?.alertsOn(this.#firstDay + day) ?? 0);
    const sorted = alerts.toSorted((a, b) => a - b);
    const rules = this.#rules(index, verdicts, counts, side);
    const capacity = order.capacityPerDay;
    return {
      name, policies: policiesOf(verdicts, counts), lists: side?.contender?.listVersions ?? {},
      outcomes: outcomeTable((one) => outcomes.get(one) ?? 0),
      flagged: this.#detection(byRank(FLAGGED_RANK), truth?.flaggedBad),
      stopped: this.#detection(byRank(STOPPED_RANK), truth?.stoppedBad),
      alerts: {
        total: byRank(FLAGGED_RANK), per_day_p50: quantile(sorted, 0.5), per_day_max: sorted.at(-1) ?? 0,
        by_day: alerts.map((count, day) => ({ day: formatDate(this.#firstDay + day), alerts: count })),
        days_over_capacity: capacity === undefined ? null : alerts.filter((count) => count > capacity).length,
      },
      rules, unknown_rate_max: Math.max(0, ...rules.map((rule) => rule.unknown_rate)),
      degraded: verdicts.reduce((sum, { degraded }, i) => sum + (degraded ? counts[i] ?? 0 : 0), 0),
    };
  }

  candidate(index: number, side: Side): CandidateReport {
    const { accounts, currency } = this.#run;
    const base = this.side(index, side.judge.name, side);
    const pairs = accounts.comparisons[index - 1]?.pairs ?? [];
    const truth = this.#truths.candidates[index - 1];
    const total = (test: (pair: Pair) => boolean): number =>
      pairs.reduce((sum, pair) => sum + (test(pair) ? pair.count : 0), 0);
    const outcome = (at: number, number: number): Outcome => accounts.verdict(at, number).outcome;
    const { varies } = side.candidate;
    return {
      ...base,
      varies: varies === undefined ? null
        : { ...varies, rules: side.judge.policies.flatMap((policy) => rulesReading(policy, varies)) },
      changed: {
        outcomes: total(({ before, after }) => outcome(0, before) !== outcome(index, after)),
        results: total(({ sameResult }) => !sameResult), rules: total(({ changes }) => changes.length > 0),
      },
      transitions: this.#transitions(index, pairs, truth),
      rule_changes: this.#ruleChanges(index, pairs, truth),
      money: { saved: formatMoney(truth?.saved.minor ?? 0, currency),
        lost: formatMoney(truth?.lost.minor ?? 0, currency) },
      hurt: { payments: truth?.hurt.payments ?? 0, customers: truth?.hurt.customers.size ?? 0 },
      freed: { payments: truth?.freed.payments ?? 0, customers: truth?.freed.customers.size ?? 0 },
      figures: this.#figures(index, base, side),
    };
  }

  #figures(index: number, base: SideReport, { judge }: Side): Figures {
    const { accounts } = this.#run;
    const rules = judge.policies.flatMap((policy) => policy.rules
      .filter(({ mode }) => mode === 'live').map(({ id }) => ({ policy: policy.name, rule: id })));
    const traffic = accounts.traffic[index];
    const verdicts = accounts.books[index]?.verdicts ?? [];
    return {
      payments: accounts.counts.payments, days: this.days, unknownRateMax: base.unknown_rate_max,
      alerts: base.alerts.total, alertsPerDayMax: base.alerts.per_day_max,
      forecasts: traffic === undefined ? [] : forecastsOf(traffic, verdicts, rules),
    };
  }

  #detection(payments: number, bad: { count: number; minor: number } | undefined): DetectionReport {
    const count = bad?.count ?? 0;
    return {
      payments, bad: count, precision: share(count, payments), recall: share(count, this.#truths.bad.count),
      bad_amount: formatMoney(bad?.minor ?? 0, this.#run.currency),
    };
  }

  #rules(index: number, verdicts: readonly Verdict[], counts: Float64Array,
    side: Side | undefined): RuleReport[] {
    const judged = sumBy(verdicts, counts, ({ policy }) => policy);
    const found = new Map<string, { hits: number; acting: number; excepted: number; unknown: number }>();
    const rowOf = (rule: string) => {
      const row = found.get(rule) ?? { hits: 0, acting: 0, excepted: 0, unknown: 0 };
      found.set(rule, row);
      return row;
    };
    for (const { name, rules } of side?.judge.policies ?? []) {
      for (const { id } of rules) rowOf(`${name}/${id}`);
    }
    verdicts.forEach(({ rules }, i) => {
      const payments = counts[i] ?? 0;
      for (const { rule, answer, acts } of rules) {
        const row = rowOf(rule);
        if (answer === 'hit') row.hits += payments;
        else row[answer] += payments;
        if (acts) row.acting += payments;
      }
    });
    const bads = this.#truths.sides[index]?.ruleBad;
    return [...found].map(([rule, row]) => {
      const bad = bads?.get(rule);
      const of = judged.get(rule.slice(0, rule.indexOf('/'))) ?? 0;
      return {
        rule, ...row, unknown_rate: of === 0 ? 0 : row.unknown / of, ...this.#caught(row.hits, bad),
      };
    });
  }

  #caught(hits: number, bad: { count: number; minor: number } | undefined) {
    const { payments: _, ...caught } = this.#detection(hits, bad);
    return caught;
  }

  #transitions(index: number, pairs: readonly Pair[], truth: CandidateTruth | undefined): TransitionReport[] {
    const { accounts } = this.#run;
    return OUTCOMES.flatMap((from) => OUTCOMES.flatMap((to): TransitionReport[] => {
      const here = pairs.filter(({ before, after }) =>
        accounts.verdict(0, before).outcome === from && accounts.verdict(index, after).outcome === to);
      if (here.length === 0) return [];
      const examples = accounts.comparisons[index - 1]?.examples(outcomeKind(from, to)) ?? [];
      return [{ from, to, ...paymentsOf(here, truth), examples }];
    }));
  }

  #ruleChanges(index: number, pairs: readonly Pair[], truth: CandidateTruth | undefined): RuleChangeReport[] {
    const kinds = new Map(pairs.flatMap(({ changes }) =>
      changes.map((one) => [ruleKind(one), one] as const)));
    return [...kinds].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([kind, change]) => ({
      ...change, ...paymentsOf(pairs.filter((pair) => pair.kinds.includes(kind)), truth),
      examples: this.#run.accounts.comparisons[index - 1]?.examples(kind) ?? [],
    }));
  }
}

function paymentsOf(pairs: readonly Pair[], truth: CandidateTruth | undefined) {
  return {
    payments: pairs.reduce((sum, { count }) => sum + count, 0),
    bad: pairs.reduce((sum, { before, after }) => sum + (truth?.pairBad.get(pairKey(before, after)) ?? 0), 0),
  };
}

function sumBy<Key>(
  verdicts: readonly Verdict[], counts: Float64Array, key: (verdict: Verdict) => Key,
): ReadonlyMap<Key, number> {
  const sums = new Map<Key, number>();
  verdicts.forEach((verdict, i) => {
    const name = key(verdict);
    sums.set(name, (sums.get(name) ?? 0) + (counts[i] ?? 0));
  });
  return sums;
}

function policiesOf(verdicts: readonly Verdict[], counts: Float64Array): SideReport['policies'] {
  const sums = sumBy(verdicts, counts, ({ policy, hash }) => `${policy} ${hash}`);
  return [...sums].map(([key, payments]) => {
    const [name = '', hash = ''] = key.split(' ');
    return { name, hash, payments };
  });
}

const outcomeTable = (of: (outcome: Outcome) => number): Readonly<Record<Outcome, number>> => ({
  approve: of('approve'), challenge: of('challenge'), review: of('review'), hold: of('hold'),
    decline: of('decline'),
});

export function costOf(run: BacktestRun, seconds: number): RunCost {
  const { accounts, order, sides } = run.judging;
  const names = [...order.baseline === 'recorded' ? ['recorded'] : [],
    ...sides.map(({ judge }) => judge.name)];
  return {
    seconds, payments_per_second: Math.round(accounts.counts.records / seconds),
    micros_per_decision: accounts.timed.map(({ micros, payments }, i) => ({
      name: names[i] ?? '', micros: payments === 0 ? null : micros / payments,
    })),
  };
}
