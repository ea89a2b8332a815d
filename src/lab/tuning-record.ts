/**
 * The record of a tuning: what was changed, on which data, which alternatives were looked at, what samples
 * above
 * and below the line found, who decided and why, and what it does not show. Written to be read by somebody
 * who
 * was not there.
 */
import { escaped } from './escaped.ts';
import type { Sampled, StratumFinding } from './line-sample.ts';

export interface TuningRecord {
  readonly format: 'assay.tuning.1';
  readonly made_at: string;
  readonly person: string;
  readonly because: string;
  readonly policy: string;
  readonly rules: readonly string[];
  readonly param: string;
  /** The value in force, and the one that is the line. */
  readonly current: string;
  readonly line: string;
  readonly data: {
    readonly history: string; readonly from: string; readonly until: string; readonly payments: number;
    readonly days: number; readonly labels: string; readonly warm_up: string;
  };
  readonly alternatives: readonly TuningAlternative[];
  readonly sampling: {
    readonly seed: string; readonly per_stratum: number; readonly margin: number; readonly confidence: 0.95;
    readonly found_by: 'labels' | 'review';
  };
  /** From the strictest to the loosest. */
  readonly strata: readonly TuningStratum[];
  readonly limits: readonly string[];
}

export interface TuningAlternative {
  readonly value: string;
  readonly hash: string;
  readonly hits: number;
  readonly precision: string;
  readonly recall: string;
  readonly flagged: number;
  readonly alerts_per_day: number;
}

export interface TuningStratum {
  readonly side: 'above' | 'below';
  /** `hit at 3.5 and looser, not at 4`. */
  readonly name: string;
  readonly finding: StratumFinding;
  readonly sample: readonly (Sampled & { readonly finding: string })[];
}

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;

/** As sentences and tables of text; the page is made of the same. */
export function tuningText(record: TuningRecord): string {
  const { data, sampling } = record;
  return [
    `Tuning record: ${record.param} of ${record.policy}`,
    '',
    `Made ${record.made_at} by ${record.person}: ${record.because}`,
    `In force: ${record.param} = ${record.current}. The line: ${record.line}. Rules that read it: `
      + `${record.rules.join(', ')}.`,
    '',
    `Data: ${data.history}, ${data.payments} payments from ${data.from} to ${data.until}, ${data.days} days.`,
    data.warm_up, data.labels,
    '',
    'Alternatives, each judged over all of the data:',
    ...columns([['value', 'hits', 'precision', 'recall', 'flagged', 'alerts a day', 'hash'],
      ...record.alternatives.map((one) =>
        [one.value, `${one.hits}`, one.precision, one.recall, `${one.flagged}`,
        `${one.alerts_per_day}`, one.hash.slice(0, 19)])]),
    '',
    `Samples: ${sampling.per_stratum} a stratum, drawn by the seed "${sampling.seed}", judged by `
      + `${sampling.found_by === 'labels' ? 'their labels' : 'a review'}; intervals of 95 %.`,
    ...columns([['', 'stratum', 'payments', 'reviewed', 'bad', 'share', 'Wilson', 'Clopper-Pearson',
      'bad in all of it',
      `needed for ${percent(sampling.margin)}`],
    ...record.strata.map(({ side, name, finding }) =>
      [side, name, `${finding.population}`, `${finding.reviewed}`,
      `${finding.bad}`, finding.share === null ? 'not known' : percent(finding.share),
      `${percent(finding.wilson.low)} to ${percent(finding.wilson.high)}`,
      `${percent(finding.exact.low)} to ${percent(finding.exact.high)}`,
      `${finding.badLow} to ${finding.badHigh}`, `${finding.neededForMargin}`])]),
    '',
    'What this does not show:', ...record.limits.map((limit) => `- ${limit}`),
  ].join('\n');
}

/** Cells under each other, two blanks apart. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((cells) => cells[i]?.length ?? 0))) ?? [];
  return rows.map((cells) => cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ').trimEnd());
}

/** A page of its own: the text, and the samples that anybody can look up. */
export function tuningHtml(record: TuningRecord): string {
  const samples = record.strata.map(({ side, name, sample }) =>
    `<h2>${side} the line: ${escaped(name)}</h2>
<table><tr><th>payment</th><th>when</th><th>amount</th><th>found</th><th>reasons</th></tr>
${sample.map((one) => `<tr><td>${escaped(one.transactionId)}</td><td>${one.occurredAt}</td>
<td>${escaped(one.amount ?? '')}</td><td>${escaped(one.finding)}</td>
<td>${one.reasons.map(escaped).join('<br>')}</td></tr>`).join('\n')}</table>`).join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tuning record: ${escaped(record.param)}</title>
<style>body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
pre { overflow-x: auto; font-size: .85em } table { border-collapse: collapse; font-size: .9em }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #ddd; text-align: left }
th, td { vertical-align: top }</style></head>
<body><h1>Tuning record: ${escaped(record.param)} of ${escaped(record.policy)}</h1>
<pre>${escaped(tuningText(record))}</pre>
${samples}</body></html>
`;
}
