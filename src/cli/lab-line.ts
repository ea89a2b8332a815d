/** `assay lab line`: samples above and below the line of a threshold, and the record of the tuning. */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BacktestRun } from '#backtest/backtest.ts';
import { makeReport } from '#backtest/make-report.ts';
import { noteOfLabels, noteOfWarmUp, shareText } from '#backtest/report-text.ts';
import type { BacktestReport } from '#backtest/report.ts';
import { share } from '#backtest/share.ts';
import type { Judging } from '#backtest/judging.ts';
import { idKey } from '#backtest/id-key.ts';
import { formatInstant } from '#domain/instant.ts';
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import { LineSample, stratumFinding, type Finding } from '#lab/line-sample.ts';
import {
  tuningHtml, tuningText, type TuningAlternative, type TuningRecord, type TuningStratum,
} from '#lab/tuning-record.ts';
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

/** Whether a candidate hits by any of the rules that read the parameter. */
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

  /** Payments that a side hits, those of them that proved bad, and all that did. */
  caught(side: number): { readonly hits: number; readonly bad: number; readonly allBad: number } {
    const { ledger, labels } = this.#judging.accounts;
    const sum = { hits: 0, bad: 0, allBad: 0 };
    for (let line = 0; line < ledger.count; line++) {
      const isBad = labels.of(ledger.id(line)) === 'bad';
      if (isBad) sum.allBad += 1;
      if (!this.hits(side, ledger.verdict(side, line))) continue;
      sum.hits += 1;
      if (isBad) sum.bad += 1;
    }
    return sum;
  }
}

/** What the values of a sweep hit, as the payments come: the values are in the order of the sweep. */
class SweepLooks {
  readonly #judging: Judging;
  readonly #looks: HitLooks;
  readonly #sample: LineSample;
  readonly #rules: readonly string[];
  readonly #values: readonly string[];
  readonly #first: number;
  /** Payments by which of the values hit them. */
  readonly #patterns = new Map<string, number>();
  /** Of the payments that were drawn, for now: the reasons at each value. */
  readonly #reasons = new Map<string, readonly (readonly string[] | undefined)[]>();

  constructor(judging: Judging, sample: LineSample, rules: readonly string[], values: readonly string[]) {
    this.#judging = judging;
    this.#sample = sample;
    this.#rules = rules;
    this.#values = values;
    this.#first = judging.accounts.books.length - values.length;
    this.#looks = new HitLooks(judging, rules);
  }

  offer(event: ParsedEvent, verdicts: readonly number[]): void {
    const hitting = this.#values.map((_, i) => {
      const side = this.#first + i;
      return this.#looks.hits(side, verdicts[side] ?? 0);
    });
    const count = hitting.filter(Boolean).length;
    if (count === 0) return;
    const pattern = hitting.map(Number).join('');
    this.#patterns.set(pattern, (this.#patterns.get(pattern) ?? 0) + 1);
    this.#sample.offer(count - 1, event.id, () => {
      this.#reasons.set(event.id, hitting.map((hit, i) =>
        (hit ? this.#judging.reasonsOf(this.#first + i, this.#rules) : undefined)));
      return {
        transactionId: event.id, occurredAt: formatInstant(event.numbers[T_SLOT] ?? 0),
        amount: this.#judging.amountOf(event), reasons: [],
      };
    });
  }

  caught(value: string): ReturnType<HitLooks['caught']> {
    return this.#looks.caught(this.#first + this.#values.indexOf(value));
  }

  reasonsAt(value: string, id: string): readonly string[] {
    const all = this.#reasons.get(id);
    return all?.[this.#values.indexOf(value)] ?? all?.find((one) => one !== undefined) ?? [];
  }

  /** Payments that a stricter value hits and a looser one does not: their strata are not what they seem. */
  outOfOrder(strictFirst: readonly string[]): number {
    const places = strictFirst.map((value) => this.#values.indexOf(value));
    return [...this.#patterns].reduce((sum, [pattern, payments]) =>
      sum + (/10/.test(places.map((place) => pattern[place]).join('')) ? payments : 0), 0);
  }
}

export async function labLine(
  shell: Shell, cli: BacktestCliParts, values: LineValues, file: string | undefined,
): Promise<ExitCode> {
  const at = (path: string): string => resolve(shell.folder, path);
  const { seed, line: lineSaid, by, because } = required(values);
  const perStratum = countOf('sample', values.sample) ?? SAMPLE_DEFAULT;
  const margin = percentOf('margin', values.margin) ?? MARGIN_DEFAULT;
  const { history, order, base } = await ordered(shell, cli, values, file);
  const swept = order.candidates.map(({ varies }) => varies?.value ?? '');
  // The last value of a sweep may give the unit to all, so a line may leave it out too.
  const line = swept.find((value) => value === lineSaid || value.split(' ')[0] === lineSaid);
  if (line === undefined) {
    throw new UsageError(`--line ${lineSaid} is not among the values of the sweep: ${swept.join(', ')}`);
  }
  const sample = new LineSample(seed, swept.length, perStratum);
  const bar = new Progress('Lab', 0, 'records');
  const run: BacktestRun = new BacktestRun(order, {
    history, ...cli.parts(base), progress: (position, last) => { bar.at(position, last); },
    observe: (event, verdicts) => { sweep.offer(event, verdicts); }, cancelled: () => cli.stopped.asked,
  });
  const rules = run.judging.rulesVaried;
  const sweep = new SweepLooks(run.judging, sample, rules, swept);
  const { status } = await run.run();
  bar.end();
  if (status === 'cancelled') {
    shell.err('cancelled');
    return 2;
  }
  const reviewed = values.reviewed === undefined ? undefined
    : readReview(await readFile(at(values.reviewed), 'utf8'), values.reviewed);
  const record = recordOf({
    report: makeReport(run, history.title), judging: run.judging, sample, sweep, reviewed, rules, line, seed,
    perStratum, margin, by, because, unlabelledGood: values['unlabelled-good'] === true,
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
  readonly sweep: SweepLooks;
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
  const { alternatives, strictFirst } = alternativesOf(material);
  const { varies } = report.candidates[0] ?? {};
  const astray = material.sweep.outOfOrder(strictFirst);
  return {
    format: 'assay.tuning.1', made_at: new Date().toISOString(), person: by, because,
    policy: varies?.policy ?? '', rules, param: varies?.param ?? '', current: currentOf(material), line,
    data: {
      history: report.history, from: report.period.from, until: report.period.until,
        payments: report.payments,
      days: report.days, labels: noteOfLabels(report), warm_up: noteOfWarmUp(report),
    },
    alternatives,
    sampling: {
      seed, per_stratum: perStratum, margin, confidence: 0.95, found_by: reviewed === undefined ? 'labels'
        : 'review',
    },
    strata: strataOf(material, strictFirst),
    limits: [
      'The past is not the future: people who defraud see which payments pass.',
      'Payments that were stopped may have no label: nobody lost anything. They count as good here.',
      ...(unlabelledGood ? ['Payments without a label were taken for good.'] : []),
      ...(report.period.warm_up.complete ? [] : [noteOfWarmUp(report)]),
      'A sample says nothing of payments that no value of the sweep hits.',
      ...(rules.length > 1 ? [`${rules.length} rules read the parameter; a payment that any of them hits `
        + `is hit.`] : []),
      ...(astray === 0 ? [] : [`${astray} payments are hit at a stricter value and not at a looser one: the `
        + 'rules do not loosen with the parameter, and strata are not what their names say.']),
    ],
  };
}

/** The strictest first: a looser value hits whatever a stricter one hits, and more. */
function alternativesOf({ report: { candidates }, sweep }: Material): {
  readonly alternatives: readonly TuningAlternative[]; readonly strictFirst: readonly string[];
} {
  const all = candidates.map((one, i) => {
    const value = one.varies?.value ?? '';
    return { i, one, value, ...sweep.caught(value) };
  });
  // Of values that hit the same, the order of the sweep says which is stricter.
  const loosensUpwards = (all.at(-1)?.hits ?? 0) > (all[0]?.hits ?? 0);
  const strictFirst = all.toSorted((a, b) => a.hits - b.hits || (loosensUpwards ? a.i - b.i : b.i - a.i));
  return {
    strictFirst: strictFirst.map(({ value }) => value),
    alternatives: strictFirst.map(({ one, value, hits, bad, allBad }) => ({
      value, hits, hash: one.policies.find(({ name }) => name === one.varies?.policy)?.hash ?? '',
      precision: shareText(share(bad, hits)), recall: shareText(share(bad, allBad)),
      flagged: one.flagged.payments, alerts_per_day: one.alerts.per_day_p50,
    })),
  };
}

/**
 * What stands in the policy that is tried without the sweep, where that is the baseline; else what is
 * recorded.
 */
const currentOf = ({ judging, report }: Material): string => {
  const varies = report.candidates[0]?.varies;
  return (varies === null || varies === undefined ? undefined
    : judging.writtenParam(varies)) ?? 'as recorded';
};

function strataOf(material: Material, strictFirst: readonly string[]): readonly TuningStratum[] {
  const { sample, sweep, line, margin } = material;
  const lineAt = strictFirst.indexOf(line);
  const strata = sample.strata();
  // Hit by n of the values: by the n loosest, so not by the others, which are stricter.
  return strictFirst.map((value, i): TuningStratum => {
    const { population, sample: drawn } = strata[strictFirst.length - 1 - i] ?? { population: 0, sample: [] };
    const stricter = strictFirst[i - 1];
    const found = drawn.map((one) => ({
      ...one, reasons: sweep.reasonsAt(value, one.transactionId),
      finding: findingOf(material, one.transactionId),
    }));
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
      one.reasons.join('; ').replaceAll(/\s+/g, ' ')].map(quoted).join(',')));
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
