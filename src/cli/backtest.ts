/** `assay backtest`: what another policy would have done, over a recorded log or an imported file. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BacktestRun, type BacktestParts } from '#backtest/backtest.ts';
import { withPolicies } from '#backtest/candidate-publication.ts';
import { HistoryRefused, type History } from '#backtest/history.ts';
import { costOf, makeReport } from '#backtest/make-report.ts';
import { OrderRefused, type BacktestOrder, type Candidate, type OrderedLabel } from '#backtest/order.ts';
import type { BacktestReport } from '#backtest/report.ts';
import { reportHtml } from '#backtest/report-html.ts';
import { reportText } from '#backtest/report-text.ts';
import { parseSweep, sweepOf } from '#backtest/sweep.ts';
import { parseDate, parseInstant } from '#domain/instant.ts';
import type { Publication } from '#decisioning/publication.ts';
import { parseSpan } from '#policy/parse-value.ts';
import { csvCells, csvReader } from './csv-mapping.ts';
import { fileHistory } from './file-history.ts';
import { Progress } from './progress.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

export const BACKTEST_USAGE = `assay backtest [FILE.ndjson]  judges the past again; without FILE, the log `
  + `of --data
  --policy FILE            try this policy in the place of the one of its name (repeatable);
                           without it, what is live
  --baseline recorded|FILE hold it against the decisions given (default for a log), or another policy
  --sweep PARAM=1,2,5 EUR  a candidate for each value; also PARAM=2..4/9: nine values from 2 to 4
  --data FOLDER            the data folder; a server may be running on it
  --csv MAPPING            FILE is CSV; MAPPING (YAML) says which column is which field
  --late 7d                lines of FILE may come so late; default 0: the file is sorted
  --from, --until          judge arrivals of [from, until); what is before only counts
  --labels FILE.csv        transaction_id,label,known_at: labels beside those of the history
  --capacity N             alerts that people can look at in a day
  --max-unknown 1%  --max-alerts-per-day N    exit 1 where a candidate passes one
  --html FILE  --json FILE                    write the report there
  --checkpoint FILE        go on from FILE where it was stopped, and write there once a minute`;

/** What of the world it needs; main/ knows the adapters. */
export interface BacktestCliParts {
  /** A log, with what is live at its end. */
  openLog(folder: string): Promise<{ readonly history: History; readonly live: Publication | undefined }>;
  /**
   * Lists, rates and custom fields of the policy folder, with these policies; its own where none are named.
   */
  readPublication(files: readonly string[] | undefined): Promise<Publication>;
  parts(publication: Publication): Pick<BacktestParts, 'schema' | 'newWindowStore'>;
  /** Resolves when the person asks to stop. */
  readonly stopped: { readonly asked: boolean };
}

const TEXT = { type: 'string' } as const;
const MANY = { type: 'string', multiple: true } as const;
const OPTIONS = {
  policy: MANY, baseline: TEXT, sweep: TEXT, data: TEXT, csv: TEXT, late: TEXT, from: TEXT, until: TEXT,
  labels: TEXT, capacity: TEXT, 'max-unknown': TEXT, 'max-alerts-per-day': TEXT, html: TEXT, json: TEXT,
  checkpoint: TEXT,
} as const;

type Values = { readonly [Name in Exclude<keyof typeof OPTIONS, 'policy'>]?: string | undefined }
  & { readonly policy?: string[] | undefined };

export async function backtestCommand(shell: Shell, cli: BacktestCliParts): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...shell.args], allowPositionals: true,
    options: OPTIONS });
  if (positionals.length > 1) throw new UsageError(BACKTEST_USAGE);
  try {
    return await backtest(shell, cli, values, positionals[0]);
  } catch (error) {
    if (error instanceof HistoryRefused || error instanceof OrderRefused) throw new UsageError(error.message);
    throw error;
  }
}

async function backtest(
  shell: Shell, cli: BacktestCliParts, values: Values, file: string | undefined,
): Promise<ExitCode> {
  const at = (path: string): string => resolve(shell.folder, path);
  const limits = { unknown: shareOf(values['max-unknown']), alerts: numberOf('max-alerts-per-day', values) };
  const { history, base } = await opened(shell, cli, values, file);
  const order = await orderOf(cli, values, { history, base, at });
  const bar = new Progress('Backtest', 0, 'records');
  const run = new BacktestRun(order, {
    history, ...cli.parts(base), progress: (position, last) => { bar.at(position, last); },
    cancelled: () => cli.stopped.asked,
    ...(values.checkpoint === undefined ? {}
      : { checkpoint: { file: at(values.checkpoint), everyMs: 60_000 } }),
  });
  const startedAt = performance.now();
  const { status } = await run.run();
  bar.end();
  if (status === 'cancelled') {
    shell.err(values.checkpoint === undefined ? 'cancelled'
      : `cancelled; the same command goes on from ${values.checkpoint}`);
    return 2;
  }
  const cost = costOf(run, (performance.now() - startedAt) / 1_000);
  const report = makeReport(run, history.title);
  if (values.json !== undefined) {
    await writeFile(at(values.json), `${JSON.stringify({ ...report, measured: cost }, undefined, 2)}\n`);
  }
  if (values.html !== undefined) await writeFile(at(values.html), reportHtml(report, cost));
  shell.out(reportText(report, cost));
  return passed(shell, report, limits) ? 0 : 1;
}

async function opened(
  shell: Shell, cli: BacktestCliParts, values: Values, file: string | undefined,
): Promise<{ history: History; base: Publication }> {
  const at = (path: string): string => resolve(shell.folder, path);
  const policies = values.policy?.map(at);
  if (file === undefined) {
    if (values.csv !== undefined) throw new UsageError('--csv is about a FILE, and none is named');
    const folder = at(values.data ?? shell.env['ASSAY_DATA'] ?? '.assay');
    const { history, live } = await cli.openLog(folder);
    const own = policies === undefined ? undefined : await cli.readPublication(policies);
    if (live === undefined && own === undefined) throw new UsageError(`${folder} has no publication in its `
      + `log`);
    return { history, base: own === undefined || live === undefined ? (live ?? own)!
      : withPolicies(live, own.policies) };
  }
  const mapping = values.csv === undefined ? undefined : await readFile(at(values.csv), 'utf8');
  const csv = mapping === undefined ? undefined : () => csvReader(mapping, values.csv ?? '');
  const lateMs = values.late === undefined ? 0 : parseSpan(values.late);
  if (lateMs === undefined || lateMs < 0) throw new UsageError(`--late is a duration such as 7d, not `
    + `${values.late}`);
  return { history: await fileHistory(at(file), file, { lateMs, csv }),
    base: await cli.readPublication(policies) };
}

interface Ground { readonly history: History; readonly base: Publication; readonly at: (path: string) =>
  string }

async function orderOf(cli: BacktestCliParts, values: Values, ground: Ground): Promise<BacktestOrder> {
  const { history, base, at } = ground;
  const sweep = values.sweep === undefined ? undefined : sweepOf(base, parseSweep(values.sweep));
  const tried: Candidate = { name: values.policy?.map((one) => basename(one)).join(', ') ?? 'live',
    publication: base };
  const baseline = values.baseline ?? (history.recorded ? 'recorded' : undefined);
  return {
    baseline: baseline === 'recorded' ? 'recorded'
      : baseline === undefined ? { ...tried, name: `${tried.name} as it is` }
      : { name: basename(baseline), publication: withPolicies(base,
        (await cli.readPublication([at(baseline)])).policies) },
    candidates: sweep ?? [tried],
    fromMs: momentOf('from', values) ?? -Infinity, untilMs: momentOf('until', values) ?? Infinity,
    capacityPerDay: numberOf('capacity', values),
    labels: values.labels === undefined ? []
      : labelsOf(await readFile(at(values.labels), 'utf8'), values.labels),
  };
}

function momentOf(name: 'from' | 'until', values: Values): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const days = parseDate(text);
  const moment = days === undefined ? parseInstant(text) : days * 86_400_000;
  if (moment === undefined) throw new UsageError(`--${name} is a date or an instant such as `
    + `2026-05-01T00:00:00Z, not ${text}`);
  return moment;
}

function numberOf(name: 'capacity' | 'max-alerts-per-day', values: Values): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} is a whole number, not ${text}`);
  return Number(text);
}

function shareOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text);
  if (match === null) throw new UsageError(`--max-unknown is a share such as 1%, not ${text}`);
  return Number(match[1]) / 100;
}

const LABEL_COLUMNS = ['transaction_id', 'label', 'known_at'] as const;

function labelsOf(text: string, file: string): readonly OrderedLabel[] {
  const [header = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const names = csvCells(header).map((name) => name.trim());
  const [id, label, known] = LABEL_COLUMNS.map((name) => names.indexOf(name));
  if (id === undefined || label === undefined || id < 0 || label < 0) {
    throw new UsageError(`${file}:1: expected the columns ${LABEL_COLUMNS.join(', ')}; known_at may be `
      + `left out`);
  }
  return lines.flatMap((line, i): OrderedLabel[] => {
    if (line.trim() === '') return [];
    const cells = csvCells(line);
    const at = known === undefined || known < 0 ? '1970-01-01T00:00:00Z' : cells[known] ?? '';
    const knownAtMs = parseInstant(at);
    const word = cells[label] ?? '';
    if (knownAtMs === undefined || !['chargeback', 'confirmed_fraud', 'false_positive',
      'genuine'].includes(word)) {
      throw new UsageError(`${file}:${i + 2}: expected an id, one of chargeback, confirmed_fraud, `
        + `false_positive, genuine, and an instant; found ${line}`);
    }
    return [{ transactionId: cells[id] ?? '', label: word, knownAtMs }];
  });
}

function passed(
  shell: Shell, report: BacktestReport,
  limits: { unknown: number | undefined; alerts: number | undefined },
): boolean {
  let fine = true;
  for (const { name, unknown_rate_max: unknown, alerts } of report.candidates) {
    if (limits.unknown !== undefined && unknown > limits.unknown) {
      fine = false;
      shell.err(`${name}: a rule cannot say for ${(100 * unknown).toFixed(2)}% of its payments; `
        + `--max-unknown is ${100 * limits.unknown}%`);
    }
    if (limits.alerts !== undefined && alerts.per_day_max > limits.alerts) {
      fine = false;
      shell.err(`${name}: ${alerts.per_day_max} alerts on the worst day; --max-alerts-per-day is `
        + `${limits.alerts}`);
    }
  }
  return fine;
}
