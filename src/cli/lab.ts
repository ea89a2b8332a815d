/** `assay lab`: what a threshold and a set of rules are worth, on the past. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BacktestRun } from '#backtest/backtest.ts';
import { hitGroupsOf } from '#backtest/hit-groups.ts';
import { overlapOf, type OverlapReport } from '#lab/overlap.ts';
import { columns } from '#lab/tuning-record.ts';
import {
  ORDER_OPTIONS, ordered, saidPlainly, type BacktestCliParts, type OrderValues,
} from './backtest-order.ts';
import { labLine } from './lab-line.ts';
import { Progress } from './progress.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

export const LAB_USAGE = `assay lab rules [FILE]  which rules hit together, which alone, and which never
assay lab line [FILE] --sweep PARAM=2,3,4 --line 3 --by NAME --because TEXT
                         samples above and below the line, and the record of the tuning
  --sample 60            payments drawn of each stratum; --seed TEXT draws another sample
  --margin 5%            how well a share is to be known: how many that would need is told
  --out FILE.csv         the sample, for people to fill in; --reviewed FILE.csv hands it back
  --unlabelled-good      payments without a label were good (default: nobody knows)
  --policy, --data, --from, --until, --labels, --csv, --late, --baseline, --json as of assay backtest;
    --html of assay lab line alone`;

const TEXT = { type: 'string' } as const;
const OPTIONS = {
  ...ORDER_OPTIONS, line: TEXT, sample: TEXT, seed: TEXT, margin: TEXT, reviewed: TEXT, out: TEXT, by: TEXT,
  because: TEXT, 'unlabelled-good': { type: 'boolean', default: false },
} as const;

const OF_LINE = [
  'html', 'line', 'sample', 'seed', 'margin', 'reviewed', 'out', 'by', 'because',
] as const;

export async function labCommand(shell: Shell, cli: BacktestCliParts): Promise<ExitCode> {
  const [what, ...args] = shell.args;
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  if (positionals.length > 1) throw new UsageError(LAB_USAGE);
  if (what === 'line') return saidPlainly(() => labLine(shell, cli, values, positionals[0]));
  const foreign = OF_LINE.find((name) => values[name] !== undefined);
  if (what === 'rules' && foreign !== undefined) {
    throw new UsageError(`--${foreign} is of \`assay lab line\`; \`assay lab rules\` writes text and --json`);
  }
  if (what === 'rules') return saidPlainly(() => labRules(shell, cli, values, positionals[0]));
  throw new UsageError(LAB_USAGE);
}

const PAIRS_SHOWN = 20;

async function labRules(
  shell: Shell, cli: BacktestCliParts, values: OrderValues, file: string | undefined,
): Promise<ExitCode> {
  const { history, order, base } = await ordered(shell, cli, values, file);
  const bar = new Progress('Lab', 0, 'records');
  const run = new BacktestRun(order, {
    history, ...cli.parts(base), progress: (position, last) => { bar.at(position, last); },
    cancelled: () => cli.stopped.asked,
  });
  const { status } = await run.run();
  bar.end();
  if (status === 'cancelled') {
    shell.err('cancelled');
    return 2;
  }
  const side = run.judging.accounts.books.length - 1;
  const names = run.judging.sides.at(-1)?.judge.policies.flatMap(({ name, rules }) =>
    rules.filter(({ mode, during }) => mode !== 'off' && during === undefined)
      .map(({ id }) => `${name}/${id}`)) ?? [];
  const report = overlapOf(hitGroupsOf(run.judging, side), names);
  if (values.json !== undefined) {
    await writeFile(resolve(shell.folder, values.json), `${JSON.stringify(report, undefined, 2)}\n`);
  }
  shell.out(overlapText(report, run.judging.accounts.counts.payments));
  return 0;
}

function overlapText({ rules, overlaps }: OverlapReport, payments: number): string {
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  return [
    `${payments} payments`,
    ...columns([['rule', 'hits', 'acting', 'alone', 'decisive', ''],
      ...rules.map(({ rule, hits, acting, unique, decisive, verdict }) =>
        [rule, `${hits}`, `${acting}`, `${unique}`, `${decisive}`, verdict === 'used' ? ''
          : verdict.replace('_', ' ')])]),
    '',
    'alone: no other rule hit. decisive: the only rule that acted on a payment above approve.',
    '',
    ...columns([['rules that hit together', '', 'both', 'Jaccard', 'of the first', 'of the second'],
      ...overlaps.slice(0, PAIRS_SHOWN).map(({ first, second, both, jaccard, ofFirst, ofSecond }) =>
        [first, second, `${both}`, jaccard.toFixed(3), percent(ofFirst), percent(ofSecond)])]),
    ...(overlaps.length > PAIRS_SHOWN
      ? [`and ${overlaps.length - PAIRS_SHOWN} pairs more; all are in the JSON`] : []),
  ].join('\n');
}
