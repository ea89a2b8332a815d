/**
 * From the words of a command to what a backtest is asked for: shared by `assay backtest` and `assay lab`.
 */
import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { BacktestParts } from '#backtest/backtest.ts';
import { withPolicies } from '#backtest/candidate-publication.ts';
import { HistoryRefused, type History } from '#backtest/history.ts';
import { OrderRefused, type BacktestOrder, type Candidate, type OrderedLabel } from '#backtest/order.ts';
import { parseSweep, sweepOf } from '#backtest/sweep.ts';
import { LABELS } from '#domain/field.ts';
import { parseInstant, parseMoment } from '#domain/instant.ts';
import type { Publication } from '#decisioning/publication.ts';
import { parseSpan } from '#policy/parse-value.ts';
import { csvRows, excessIn } from './csv-rows.ts';
import { fileHistory } from './file-history.ts';
import { UsageError, type Shell } from './shell.ts';

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
/** What is judged, over which past. */
export const ORDER_OPTIONS = {
  policy: MANY, baseline: TEXT, sweep: TEXT, data: TEXT, csv: TEXT, late: TEXT, from: TEXT, until: TEXT,
  labels: TEXT, capacity: TEXT, html: TEXT, json: TEXT,
} as const;

export type OrderValues = { readonly [Name in Exclude<keyof typeof ORDER_OPTIONS,
  'policy'>]?: string | undefined }
  & { readonly policy?: string[] | undefined };

export interface Ordered {
  readonly history: History;
  readonly order: BacktestOrder;
  /** Schema and windows come of it. */
  readonly base: Publication;
}

/** Throws UsageError, PublicationRefused, HistoryRefused and OrderRefused. */
export async function ordered(
  shell: Shell, cli: BacktestCliParts, values: OrderValues, file: string | undefined,
): Promise<Ordered> {
  const at = (path: string): string => resolve(shell.folder, path);
  const { history, base } = await opened(shell, cli, values, file);
  return { history, base, order: await orderOf(cli, values, { history, base, at }) };
}

/** What cannot be ordered or read is said in one line, as a mistake of the call. */
export async function saidPlainly<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof HistoryRefused || error instanceof OrderRefused) throw new UsageError(error.message);
    throw error;
  }
}

async function opened(
  shell: Shell, cli: BacktestCliParts, values: OrderValues, file: string | undefined,
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
  const csv = values.csv === undefined ? undefined
    : { mapping: await readFile(at(values.csv), 'utf8'), file: values.csv };
  const lateMs = values.late === undefined ? 0 : parseSpan(values.late);
  if (lateMs === undefined || lateMs < 0) throw new UsageError(`--late is a duration such as 7d, not `
    + `${values.late}`);
  if (await stat(at(file)).catch(() => undefined) === undefined) {
    throw new UsageError(`${file}: there is no such file`);
  }
  return { history: await fileHistory(at(file), file, { lateMs, csv }),
    base: await cli.readPublication(policies) };
}

interface Ground { readonly history: History; readonly base: Publication; readonly at: (path: string) =>
  string }

async function orderOf(cli: BacktestCliParts, values: OrderValues, ground: Ground): Promise<BacktestOrder> {
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
    capacityPerDay: countOf('capacity', values.capacity),
    labels: values.labels === undefined ? []
      : labelsOf(await readFile(at(values.labels), 'utf8'), values.labels),
  };
}

function momentOf(name: 'from' | 'until', values: OrderValues): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const moment = parseMoment(text);
  if (moment === undefined) throw new UsageError(`--${name} is a date or an instant such as `
    + `2026-05-01T00:00:00Z, not ${text}`);
  return moment;
}

export function countOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} is a whole number, not ${text}`);
  return Number(text);
}

export function percentOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text);
  if (match === null) throw new UsageError(`--${name} is a share such as 1%, not ${text}`);
  return Number(match[1]) / 100;
}

const LABEL_COLUMNS = ['transaction_id', 'label', 'known_at'] as const;

function labelsOf(text: string, file: string): readonly OrderedLabel[] {
  const { columns, rows } = csvRows(text);
  const [id = -1, label = -1, known = -1] = LABEL_COLUMNS.map((name) => columns.indexOf(name));
  if (id < 0 || label < 0) {
    throw new UsageError(`${file}:1: expected the columns ${LABEL_COLUMNS.join(', ')}; known_at may be `
      + `left out`);
  }
  return rows.map(({ line, text: row, cells }): OrderedLabel => {
    const excess = excessIn(cells.length, columns.length);
    if (excess !== undefined) throw new UsageError(`${file}:${line}: ${excess}`);
    const [transactionId = '', word = '', at = ''] = [cells[id], cells[label], cells[known]];
    const knownAtMs = at === '' ? -Infinity : parseInstant(at);
    if (knownAtMs === undefined || transactionId === '' || !LABELS.some((one) => one === word)) {
      throw new UsageError(`${file}:${line}: expected an id, one of ${LABELS.join(', ')}, and an instant; `
        + `found ${row}`);
    }
    return { transactionId, label: word, knownAtMs };
  });
}
