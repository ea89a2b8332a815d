/**
 * The report as one page that needs no network: text, tables, and plots by uPlot, which is part of the
 * page.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { OUTCOMES } from '#domain/outcome.ts';
import { escaped } from '#lab/escaped.ts';
import { drawPlots } from './draw-plots.ts';
import type { Example } from './example-draw.ts';
import { plotsOf } from './report-plots.ts';
import { notes, overCapacity, percent, whole } from './report-text.ts';
import type { BacktestReport, CandidateReport, RunCost, Share, SideReport } from './report.ts';

const require = createRequire(import.meta.url);
const assetOf = (name: string): string => readFileSync(require.resolve(`uplot/dist/${name}`), 'utf8');

/** JSON inside a script: a text in it cannot end the script. */
const inScript = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/** The page may use itself and nothing else. */
const ALONE = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

const STYLE = `
body { font: 15px/1.45 system-ui,
  sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; color: #1a1a1a }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem } h3 { font-size: 1rem }
table { border-collapse: collapse; font-size: .92em; margin: .6rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #ddd; text-align: right; vertical-align: top }
th:first-child, td:first-child, .words td { text-align: left } .same { color: #888 }
figure { margin: 1rem 0 } figcaption { font-weight: 600 } .warn { background: #fff3cd; padding: .4rem .7rem }
code { font-size: .88em } td { white-space: nowrap } .words td { white-space: normal }
.wide { overflow-x: auto } small { color: #666; display: block } details { margin: .4rem 0 }`;

export function reportHtml(report: BacktestReport, cost: RunCost): string {
  const body = [
    `<h1>Backtest of ${escaped(report.history)}</h1>`,
    `<p>${whole(report.payments)} payments from ${report.period.from} to ${report.period.until}, `
      + `${report.days} days; `
      + `${whole(report.period.warm_up.payments)} before them only counted. ${cost.seconds.toFixed(1)} `
      + `s.</p>`,
    ...notes(report).map((note) => `<p${note.includes('NOT') ? ' class="warn"' : ''}>${escaped(note)}</p>`),
    summary(report), '<div id="plots"></div>',
    ...report.candidates.map((candidate) => changes(candidate, report)),
    ...[report.baseline, ...report.candidates].map((side) => rules(side)),
    costs(cost),
  ].join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Backtest of ${escaped(report.history)}</title>
<meta http-equiv="Content-Security-Policy" content="${ALONE}">
<link rel="icon" href="data:,">
<style>${STYLE}</style><style>${assetOf('uPlot.min.css')}</style></head><body>
${body}
<script>${assetOf('uPlot.iife.min.js')}</script>
<script>(${drawPlots.toString()})(uPlot, document, ${inScript(plotsOf(report))});</script>
</body></html>
`;
}

const row = (cells: readonly string[], tag: 'td' | 'th' = 'td'): string =>
  `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
const table = (head: readonly string[], rows: readonly (readonly string[])[], kind = ''): string =>
  [`<div class="wide"><table${kind}><thead>${row(head, 'th')}</thead><tbody>`,
    ...rows.map((cells) => row(cells)),
    '</tbody></table></div>'].join('\n');

const shareCell = ({ value, low, high }: Share): string => (value === null ? 'not known'
  : `${percent(value)}<small>${percent(low)} to ${percent(high)}</small>`);

function summary(report: BacktestReport): string {
  const sides: readonly (SideReport & Partial<CandidateReport>)[] = [report.baseline, ...report.candidates];
  return table(
    ['', 'flagged', 'precision', 'recall', 'stopped', 'fraud stopped', 'outcomes changed', 'saved',
      'customers hurt', 'alerts a day', 'unknown'],
    sides.map((side) => [
      escaped(side.name), whole(side.flagged.payments), shareCell(side.flagged.precision),
      shareCell(side.flagged.recall), whole(side.stopped.payments), escaped(side.stopped.bad_amount),
      side.changed === undefined ? '' : whole(side.changed.outcomes), escaped(side.money?.saved ?? ''),
      side.hurt === undefined ? '' : whole(side.hurt.customers),
      `${whole(side.alerts.per_day_p50)}<small>worst ${whole(side.alerts.per_day_max)}`
        + `${overCapacity(side, report)}</small>`,
      percent(side.unknown_rate_max),
    ]));
}

function changes(candidate: CandidateReport, report: BacktestReport): string {
  const cell = (from: string, to: string): string => {
    const found = candidate.transitions.find((one) => one.from === from && one.to === to);
    if (found === undefined) return '';
    const bad = found.bad === 0 ? '' : ` (${whole(found.bad)} bad)`;
    return `<span${from === to ? ' class="same"' : ''}>${whole(found.payments)}${bad}</span>`;
  };
  const moved = candidate.transitions.filter(({ from, to, examples }) => from !== to && examples.length > 0);
  const { money, hurt, freed } = candidate;
  return [
    `<h2>${escaped(candidate.name)} against ${escaped(report.baseline.name)}</h2>`,
    `<p>${escaped(money.saved)} of fraud stopped that was not, ${escaped(money.lost)} not stopped that was. `
      + `${whole(hurt.customers)} customers with ${whole(hurt.payments)} good payments flagged that were `
      + `not, `
      + `${whole(freed.customers)} with ${whole(freed.payments)} no longer flagged.</p>`,
    ...candidate.policies.map(({ name, hash }) => `<p>${escaped(name)} <code>${escaped(hash)}</code></p>`),
    table([`${escaped(report.baseline.name)} \\ ${escaped(candidate.name)}`, ...OUTCOMES],
      OUTCOMES.map((from) => [from, ...OUTCOMES.map((to) => cell(from, to))])),
    ...(candidate.rule_changes.length === 0 ? [] : [table(['rule', 'was', 'is', 'payments', 'bad'],
      candidate.rule_changes.map(({ rule, from, to, payments, bad }) =>
        [escaped(rule), from, to, whole(payments), whole(bad)]))]),
    ...moved.map(({ from, to, examples }) =>
      `<details><summary>Examples: ${from} to ${to}</summary>${exampleTable(examples)}</details>`),
  ].join('\n');
}

const exampleTable = (examples: readonly Example[]): string => table(
  ['payment', 'when', 'amount', 'reasons before', 'reasons after'],
  examples.map(({ transaction_id: id, occurred_at: at, amount, baseline, candidate }) => [
    escaped(id), at, escaped(amount ?? ''), reasons(baseline), reasons(candidate)]), ' class="words"');

const reasons = ({ reasons: all }: Example['baseline']): string =>
  all.map(({ rule, effect, text }) => `${escaped(rule)} (${escaped(effect)}) ${escaped(text)}`).join('<br>');

function rules(side: SideReport): string {
  return `<details><summary>Rules of ${escaped(side.name)}</summary>${table(
    ['rule', 'hits', 'acting', 'excepted', 'unknown', 'bad', 'precision', 'recall', 'fraud'],
    side.rules.map((rule) => [
      escaped(rule.rule), whole(rule.hits), whole(rule.acting), whole(rule.excepted),
      `${whole(rule.unknown)} (${percent(rule.unknown_rate)})`, whole(rule.bad), shareCell(rule.precision),
      shareCell(rule.recall), escaped(rule.bad_amount)]))}</details>`;
}

const costs = (cost: RunCost): string => `<p>Cost of a judgement: ${cost.micros_per_decision
  .map(({ name, micros }) => `${escaped(name)} `
    + `${micros === null ? 'not measured' : `${micros.toFixed(1)} us`}`)
  .join(', ')}.</p>`;
