/**
 * `npm run bench -- --fleet`: nodes that decide as one, over real servers on this machine. What a decision
 * costs each kind of process is told apart, for that is what grows with the rate; latencies are those of a
 * machine that runs all of it, the load included.
 */
import type { FleetArguments } from './bench-arguments.ts';
import { CALLERS, runClosed } from './closed-loop.ts';
import { startFleet } from './fleet-servers.ts';
import type { BenchFleet, FleetUsage } from './fleet-servers.ts';
import { footprintLines } from './footprint.ts';
import { runLoad } from './open-loop.ts';
import { BURST_MEAN } from './pacer.ts';
import { prefill } from './prefill.ts';
import { aligned, cellsOf, HEADS, loaded, serverRow } from './row.ts';
import type { Measure, Row } from './row.ts';

/** CPU microseconds a decision, of all processes of that kind together. */
export interface FleetRow extends Row {
  readonly redisMicros: number;
  /** Of Redis's, what its scripts took; and how many of them a decision needed. */
  readonly scriptMicros: number;
  readonly scripts: number;
  readonly kafkaMicros: number;
  readonly postgresMicros: number;
}

export interface FleetRun {
  readonly folder: string;
  readonly policy: string;
  readonly order: FleetArguments;
  readonly rates: readonly number[];
  readonly prefill: number;
  readonly measure: (perSecond: number) => Measure;
}

/** It follows while it answers so much of what is offered, and so fast. */
const FOLLOWS = { share: 0.97, p99Ms: 200 } as const;

export async function fleetRun(
  run: FleetRun,
): Promise<{ rows: readonly FleetRow[]; lines: readonly string[] }> {
  const { folder, policy, order } = run;
  const fleet = await startFleet({ folder, policy, nodeCount: order.nodeCount, projects: order.projects });
  try {
    // Six entities, as many as the policy has windows of: card, account, merchant, terminal, device, address.
    const measure = (rate: number): Measure => {
      const usual = run.measure(rate);
      return { ...usual, shape: { ...usual.shape, customers: false } };
    };
    const { seed, shape } = measure(0);
    const degraded = await prefill(fleet, run.prefill, seed, shape);
    const lines = await footprintLines(fleet, run.prefill, degraded);
    const rows = await (order.sweep ? sweep : steady)(fleet, run.rates, measure);
    return { rows, lines };
  } finally {
    await fleet.stop();
  }
}

/** Each rate; and callers that wait for each answer, the only row where the rate is 0. */
async function steady(
  fleet: BenchFleet, rates: readonly number[], measure: (rate: number) => Measure,
): Promise<readonly FleetRow[]> {
  const rows: FleetRow[] = [];
  for (const rate of rates.filter((one) => one > 0)) {
    rows.push(await measureFleet(fleet, 'fleet', measure(rate)));
    rows.push(await measureFleet(fleet, 'fleet, bursts of five times', { ...measure(rate), bursts: true }));
  }
  rows.push(await measureFleet(fleet, `fleet, ${CALLERS} callers`, measure(0)));
  return rows;
}

/** Steps of the first rate, up to the first at which it does not follow. */
async function sweep(
  fleet: BenchFleet, [step = 250]: readonly number[], measure: (rate: number) => Measure,
): Promise<readonly FleetRow[]> {
  const rows: FleetRow[] = [];
  for (let rate = step; ; rate += step) {
    const row = await measureFleet(fleet, 'fleet', measure(rate));
    rows.push(row);
    const isBehind = row.achievedPerSecond < rate * FOLLOWS.share || row.p99Ms > FOLLOWS.p99Ms;
    if (isBehind || row.errors > 0) return rows;
  }
}

/** At no rate: callers that wait for each answer; offered is what was achieved. */
async function measureFleet(fleet: BenchFleet, name: string, measure: Measure): Promise<FleetRow> {
  const { perSecond, bursts = false } = measure;
  console.error(`${name} at ${perSecond}/s ...`);
  const run = `${perSecond}${bursts ? '-bursts' : ''}`;
  const load = perSecond === 0 ? runClosed : runLoad;
  const { result, from, to } = await loaded(fleet, name, run, measure, load, () => fleet.usage());
  const [scriptsFrom, scriptsTo] = [await from.scripts, await to.scripts];
  const each = (micros: number): number => Number((micros / Math.max(1, result.answered)).toFixed(1));
  const used = (of: (usage: FleetUsage) => number): number => each(of(to) - of(from));
  const rate = perSecond === 0 ? result.achievedPerSecond : perSecond;
  const offered = Math.round(rate * (bursts ? BURST_MEAN : 1));
  return {
    ...serverRow(name, offered, result, to.node - from.node),
    redisMicros: used(({ redis }) => redis), kafkaMicros: used(({ kafka }) => kafka),
    postgresMicros: used(({ postgres }) => postgres),
    scriptMicros: each(scriptsTo.micros - scriptsFrom.micros),
    scripts: Number(((scriptsTo.calls - scriptsFrom.calls) / Math.max(1, result.answered)).toFixed(2)),
  };
}

const FLEET_HEADS = [
  ...HEADS.slice(0, -1), 'node us', 'Redis us', 'scripts us', 'calls', 'Kafka us', 'PG us',
];

export const fleetTable = (rows: readonly FleetRow[]): string => aligned(FLEET_HEADS, rows.map((row) => [
  ...cellsOf(row), row.redisMicros.toFixed(1), row.scriptMicros.toFixed(1), row.scripts.toFixed(2),
  row.kafkaMicros.toFixed(1), row.postgresMicros.toFixed(1),
]));
