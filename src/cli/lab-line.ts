/** `assay lab line`: samples above and below the line of a threshold, and the record of the tuning. */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BacktestRun } from '#backtest/backtest.ts';
import { makeReport } from '#backtest/make-report.ts';
import { noteOfLabels, noteOfWarmUp, shareText } from '#backtest/report-text.ts';
import type { BacktestReport, CandidateReport } from '#backtest/report.ts';
import type { Judging } from '#backtest/judging.ts';
import { idKey } from '#backtest/id-key.ts';
import { formatInstant } from '#domain/instant.ts';
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import { LineSample, stratumFinding, type Finding } from '#lab/line-sample.ts';
import { tuningHtml, tuningText, type TuningRecord, type TuningStratum } from '#lab/tuning-record.ts';
import {
  countOf, ordered, percentOf, type BacktestCliParts, type OrderValues,
} from './backtest-order.ts';
import { csvRows, excessIn } from './csv-rows.ts';
import { Progress } from './progress.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

export interface LineValues extends OrderValues {
  readonly line?: string | undefined;
  readonly sample?: string | undefined;
  readonly seed?: string | undefined;
  readonly margin?: string | undefined;
  readonly reviewed?: string | undefined;
  readonly out?: string | undefined;
  readonly by?: string | undefined;
  readonly because?: string | undefined;
  readonly 'unlabelled-good'?: boolean | undefined;
}

const SAMPLE_DEFAULT = 60;
const MARGIN_DEFAULT = 0.05;

/** How often a candidate hits by the rules that read the parameter: which it is of, and whether it does. */
class HitLooks {
  readonly #judging: Judging;
  readonly #rules: readonly string[];
  readonly #known: Map<number, boolean>[];

  constructor(judging: Judging, rules: readonly string[]) {
    this.#judging = judging;
    this.#rules = rules;
    this.#known = judging.accounts.books.map(() => new Map<number, boolean>());
  }

  hits(side: number, verdict: number): boolean {
    const known = this.#known[side]?.get(verdict);
    if (known !== undefined) return known;
    const hits = this.#judging.accounts.verdict(side, verdict).rules
      .some(({ rule, answer }) => answer === 'hit' && this.#rules.includes(rule));
    this.#known[side]?.set(verdict, hits);
    return hits;
  }
}

export async function labLine(
  shell: Shell, cli: BacktestCliParts, values: LineValues, file: string | undefined,
): Promise<ExitCode> {
  const at = (path: string): string => resolve(shell.folder, path);
  const { seed, line, by, because } = required(values);
  const perStratum = countOf('sample', values.sample) ?? SAMPLE_DEFAULT;
  const margin = percentOf('margin', values.margin) ?? MARGIN_DEFAULT;
  const { history, order, base } = await ordered(shell, cli, values, file);
  const swept = order.candidates.map(({ varies }) => varies?.value ?? '');
  if (!swept.includes(line)) {
    throw new UsageError(`--line ${line} is not among the values of the sweep: ${swept.join(', ')}`);
  }
  const sample = new LineSample(seed, swept.length, perStratum);
  const bar = new Progress('Lab', 0, 'records');
  const run: BacktestRun = new BacktestRun(order, {
    history, ...cli.parts(base), progress: (position, last) => { bar.at(position, last); },
    observe: (event, verdicts) => { offer(event, verdicts); },
  });
  const first = run.judging.accounts.books.length - swept.length;
  const rules = run.judging.rulesVaried;
  const looks = new HitLooks(run.judging, rules);
  const offer = (event: ParsedEvent, verdicts: readonly number[]): void => {
    const hitting = swept.map((_, i) => looks.hits(first + i, verdicts[first + i] ?? 0));
    const count = hitting.filter(Boolean).length;
    if (count === 0) return;
    sample.offer(count - 1, event.id, () => ({
      transactionId: event.id, occurredAt: formatInstant(event.numbers[T_SLOT] ?? 0),
      amount: run.judging.amountOf(event),
        reasons: run.judging.reasonsOf(first + hitting.indexOf(true), rules),
    }));
  };
  await run.run();
  bar.end();
  const reviewed = values.reviewed === undefined ? undefined
    : readReview(await readFile(at(values.reviewed), 'utf8'), values.reviewed);
  const record = recordOf({
    report: makeReport(run, history.title), judging: run.judging, sample, reviewed, rules, line, seed,
      perStratum, margin,
    by, because, unlabelledGood: values['unlabelled-good'] === true,
  });
  if (values.json !== undefined) await writeFile(at(values.json),
    `${JSON.stringify(record, undefined, 2)}\n`);
  if (values.html !== undefined) await writeFile(at(values.html), tuningHtml(record));
  if (values.out !== undefined) await writeFile(at(values.out), reviewSheet(record));
  shell.out(tuningText(record));
  return 0;
}

function required(values: LineValues): { seed: string; line: string; by: string; because: string } {
  const { sweep, line, by, because, seed } = values;
  if (sweep === undefined || line === undefined) {
    throw new UsageError('--sweep PARAM=... and --line VALUE say which threshold is looked at, and around '
      + 'what');
  }
  if (by === undefined || because === undefined) {
    throw new UsageError('--by NAME and --because TEXT: a record says who tuned, and why');
  }
  return { seed: seed ?? '1', line, by, because };
}

interface Material {
  readonly report: BacktestReport;
  readonly judging: Judging;
  readonly sample: LineSample;
  readonly reviewed: ReadonlyMap<string, Finding> | undefined;
  readonly rules: readonly string[];
  readonly line: string;
  readonly seed: string;
  readonly perStratum: number;
  readonly margin: number;
  readonly by: string;
  readonly because: string;
  readonly unlabelledGood: boolean;
}

function recordOf(material: Material): TuningRecord {
  const { report, line, seed, perStratum, margin, rules, by, because, reviewed, unlabelledGood } = material;
  const hitsOf = (one: CandidateReport): number =>
    one.rules.filter(({ rule }) => rules.includes(rule)).reduce((sum, { hits }) => sum + hits, 0);
  // A looser value hits whatever a stricter one hits, and more.
  const strictFirst = report.candidates.toSorted((a, b) => hitsOf(a) - hitsOf(b));
  const { varies } = strictFirst[0] ?? {};
  return {
    format: 'assay.tuning.1', made_at: new Date().toISOString(), person: by, because,
    policy: varies?.policy ?? '', rules, param: varies?.param ?? '', current: currentOf(material), line,
    data: {
      history: report.history, from: report.period.from, until: report.period.until,
        payments: report.payments,
      days: report.days, labels: noteOfLabels(report), warm_up: noteOfWarmUp(report),
    },
    alternatives: strictFirst.map((one) => {
      const rule = one.rules.find((found) => rules.includes(found.rule));
      return {
        value: one.varies?.value ?? '',
          hash: one.policies.find(({ name }) => name === varies?.policy)?.hash ?? '',
        hits: hitsOf(one), precision: rule === undefined ? '' : shareText(rule.precision),
        recall: rule === undefined ? '' : shareText(rule.recall), flagged: one.flagged.payments,
        alerts_per_day: one.alerts.per_day_p50,
      };
    }),
    sampling: {
      seed, per_stratum: perStratum, margin, confidence: 0.95, found_by: reviewed === undefined ? 'labels'
        : 'review',
    },
    strata: strataOf(material, strictFirst.map((one) => one.varies?.value ?? '')),
    limits: [
      'The past is not the future: people who defraud see which payments pass.',
      'Payments that were stopped may have no label: nobody lost anything. They count as good here.',
      ...(unlabelledGood ? ['Payments without a label were taken for good.'] : []),
      ...(report.period.warm_up.complete ? [] : [noteOfWarmUp(report)]),
      'A sample says nothing of payments that no value of the sweep hits.',
      ...(rules.length > 1 ? [`${rules.length} rules read the parameter; a payment that any of them hits `
        + `is hit.`] : []),
    ],
  };
}

/**
 * What stands in the policy that is tried without the sweep, where that is the baseline; else what is
 * recorded.
 */
const currentOf = ({ judging, report }: Material): string => {
  const varies = report.candidates[0]?.varies;
  return (varies === null || varies === undefined ? undefined
    : judging.writtenParam(varies.param)) ?? 'as recorded';
};

function strataOf(material: Material, strictFirst: readonly string[]): readonly TuningStratum[] {
  const { sample, line, margin } = material;
  const lineAt = strictFirst.indexOf(line);
  const strata = sample.strata();
  // Hit by n of the values: by the n loosest, so not by the others, which are stricter.
  return strictFirst.map((value, i): TuningStratum => {
    const { population, sample: drawn } = strata[strictFirst.length - 1 - i] ?? { population: 0, sample: [] };
    const stricter = strictFirst[i - 1];
    const found = drawn.map((one) => ({ ...one, finding: findingOf(material, one.transactionId) }));
    return {
      side: i <= lineAt ? 'above' : 'below',
      name: stricter === undefined ? `hit at ${value}` : `hit at ${value}, not at ${stricter}`,
      finding: stratumFinding(population, found.map(({ finding }) => finding), margin), sample: found,
    };
  });
}

function findingOf({ reviewed, judging, unlabelledGood }: Material, id: string): Finding {
  if (reviewed !== undefined) return reviewed.get(id) ?? 'unknown';
  const truths = [...judging.tenants].map((tenant) => judging.accounts.labels.of(idKey(tenant, id)));
  const known = truths.find((truth) => truth !== 'unlabelled');
  return known === 'bad' || known === 'good' ? known : unlabelledGood ? 'good' : 'unknown';
}

const SHEET = ['transaction_id', 'finding', 'side', 'stratum', 'occurred_at', 'amount', 'reasons'] as const;

/** For people who look at the sample: they fill in `finding`, and hand it back with --reviewed. */
function reviewSheet({ strata }: TuningRecord): string {
  const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = strata.flatMap(({ side, name, sample }) => sample.map((one) =>
    [one.transactionId, one.finding === 'unknown' ? '' : one.finding, side, name, one.occurredAt,
      one.amount ?? '',
      one.reasons.join('; ')].map(quoted).join(',')));
  return `${[SHEET.join(','), ...rows].join('\n')}\n`;
}

function readReview(text: string, file: string): ReadonlyMap<string, Finding> {
  const { columns, rows } = csvRows(text);
  const [id, finding] = [columns.indexOf('transaction_id'), columns.indexOf('finding')];
  if (id < 0 || finding < 0) throw new UsageError(`${file}:1: expected the columns transaction_id and `
    + `finding`);
  return new Map(rows.map(({ line, cells }): [string, Finding] => {
    const excess = excessIn(cells.length, columns.length);
    if (excess !== undefined) throw new UsageError(`${file}:${line}: ${excess}`);
    const word = cells[finding] ?? '';
    if (word !== 'bad' && word !== 'good' && word !== '') {
      throw new UsageError(`${file}:${line}: finding is bad, good or nothing, not ${word}`);
    }
    return [cells[id] ?? '', word === '' ? 'unknown' : word];
  }));
}
