import { CALLERS, runClosed } from './closed-loop.ts';
import type { Jitter } from './jitter-probe.ts';
import type { Latency } from './latency.ts';
import type { LoadOrders, LoadResult } from './open-loop.ts';
import { runLoad } from './open-loop.ts';
import { cpuMicrosOf } from './process-usage.ts';
import type { RunningServer } from './server-process.ts';
import { Traffic } from './traffic.ts';
import type { TrafficShape } from './traffic.ts';

/** One line of the table, and of the JSON. */
export interface Row {
  readonly name: string;
  readonly offeredPerSecond: number;
  readonly achievedPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  readonly errors: number;
  readonly degraded: number;
  readonly cpuMicrosPerDecision: number;
}

export interface Report {
  readonly rows: readonly Row[];
  readonly jitter: Jitter;
  /** Share of the time of one CPU that the host took from this machine meanwhile. */
  readonly stolenShare: number;
  readonly machine: string;
}

const round = (value: number, decimals: number): number => Number(value.toFixed(decimals));

type Percentiles = Pick<Row, 'p50Ms' | 'p95Ms' | 'p99Ms' | 'p999Ms' | 'maxMs'>;

export const percentiles = (latency: Latency): Percentiles => ({
  p50Ms: round(latency.ms(50), 4),
  p95Ms: round(latency.ms(95), 4),
  p99Ms: round(latency.ms(99), 4),
  p999Ms: round(latency.ms(99.9), 4),
  maxMs: round(latency.maxMs, 4),
});

export interface Measure {
  readonly perSecond: number;
  readonly bursts?: boolean;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly seed: number;
  readonly shape: TrafficShape;
}

/** Loads a server and measures it; CPU is what its process used in the measured interval, all threads. */
export async function measureServer(server: RunningServer, name: string, measure: Measure): Promise<Row> {
  const { result, from, to } = await loaded(server, name, `${measure.perSecond}`, measure, runLoad,
    () => cpuMicrosOf(server.pid));
  return serverRow(name, measure.perSecond, result, to - from);
}

/** The same with callers that wait for each answer: offered is what was achieved. */
export async function measureBusy(server: RunningServer, name: string, measure: Measure): Promise<Row> {
  const label = `${name}, ${CALLERS} callers`;
  const { result, from, to } = await loaded(server, label, 'busy', measure, runClosed,
    () => cpuMicrosOf(server.pid));
  return serverRow(label, Math.round(result.achievedPerSecond), result, to - from);
}

/** `usage` is read when the measured interval begins and when it ends. */
export async function loaded<Usage>(
  target: Pick<LoadOrders, 'urls' | 'key'>, label: string, run: string, measure: Measure,
  load: (orders: LoadOrders) => Promise<LoadResult>, usage: () => Usage,
): Promise<{ readonly result: LoadResult; readonly from: Usage; readonly to: Usage }> {
  const traffic = new Traffic(measure.seed, `${Date.now().toString(36)}-${run}`, measure.shape);
  const read: Usage[] = [];
  const result = await load({
    ...measure,
    urls: target.urls,
    key: target.key,
    next: (atMs) => traffic.next(atMs),
    onMeasuring: () => { read.push(usage()); },
    onMeasured: () => { read.push(usage()); },
  });
  const { errors, firstError } = result;
  if (firstError !== undefined) console.error(`${label}: ${errors} errors, first: ${firstError}`);
  const [from, to] = read;
  if (from === undefined || to === undefined) throw new Error(`${label}: nothing was measured`);
  return { result, from, to };
}

export const serverRow = (
  name: string, offeredPerSecond: number, result: LoadResult, cpuMicros: number,
): Row => ({
  name,
  offeredPerSecond,
  achievedPerSecond: round(result.achievedPerSecond, 1),
  ...percentiles(result.latency),
  errors: result.errors,
  degraded: result.degraded,
  cpuMicrosPerDecision: result.answered === 0 ? 0 : round(cpuMicros / result.answered, 1),
});

export const HEADS = [
  '', 'offered/s', 'achieved/s', 'p50 ms', 'p95 ms', 'p99 ms', 'p99.9 ms', 'max ms', 'errors', 'degraded',
  'CPU us',
] as const;

/** The table for people. */
export const table = (rows: readonly Row[]): string => aligned(HEADS, rows.map(cellsOf));

/** A line for each row below the heads, in columns; the first is a name. */
export function aligned(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((line) => (line[column] ?? '').length)));
  const inColumn = (cell: string, column: number): string =>
    (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0));
  return [heads, ...rows].map((line) => line.map(inColumn).join('  ')).join('\n');
}

export const cellsOf = (row: Row): readonly string[] => [
  row.name, row.offeredPerSecond.toFixed(0), row.achievedPerSecond.toFixed(0),
  ...[row.p50Ms, row.p95Ms, row.p99Ms, row.p999Ms, row.maxMs].map((ms) => ms.toFixed(ms < 0.1 ? 4 : 2)),
  `${row.errors}`, `${row.degraded}`, row.cpuMicrosPerDecision.toFixed(1),
];
