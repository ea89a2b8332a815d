/** `assay backtest`: what another policy would have done, over a recorded log or an imported file. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BacktestRun } from '#backtest/backtest.ts';
import { costOf, makeReport } from '#backtest/make-report.ts';
import type { BacktestReport } from '#backtest/report.ts';
import { reportHtml } from '#backtest/report-html.ts';
import { reportText } from '#backtest/report-text.ts';
import {
  countOf, ORDER_OPTIONS, ordered, percentOf, saidPlainly, type BacktestCliParts, type OrderValues,
} from './backtest-order.ts';
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

const TEXT = { type: 'string' } as const;
const OPTIONS = {
  ...ORDER_OPTIONS, 'max-unknown': TEXT, 'max-alerts-per-day': TEXT, checkpoint: TEXT,
} as const;

type Values = OrderValues
  & { readonly [Name in 'max-unknown' | 'max-alerts-per-day' | 'checkpoint']?: string | undefined };

export async function backtestCommand(shell: Shell, cli: BacktestCliParts): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...shell.args], allowPositionals: true,
    options: OPTIONS });
  if (positionals.length > 1) throw new UsageError(BACKTEST_USAGE);
  return saidPlainly(() => backtest(shell, cli, values, positionals[0]));
}

async function backtest(
  shell: Shell, cli: BacktestCliParts, values: Values, file: string | undefined,
): Promise<ExitCode> {
  const at = (path: string): string => resolve(shell.folder, path);
  const limits = {
    unknown: percentOf('max-unknown', values['max-unknown']),
    alerts: countOf('max-alerts-per-day', values['max-alerts-per-day']),
  };
  const { history, base, order } = await ordered(shell, cli, values, file);
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
  if (order.baseline !== 'recorded' && values.baseline === undefined && values.sweep === undefined) {
    shell.err('a file has no decisions, so the policy was held against itself; name the one to hold it '
      + 'against with --baseline FILE');
  }
  return passed(shell, report, limits) ? 0 : 1;
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
