// `npm run bench`: the numbers we promise, beside what the machine can do at all. See docs/performance.md.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseBenchArguments } from './bench-arguments.ts';
import type { BenchArguments, FleetArguments } from './bench-arguments.ts';
import { collectsInto, startEngine } from './engine-server.ts';
import { fleetRun, fleetTable } from './fleet.ts';
import type { Jitter } from './jitter-probe.ts';
import { microRows } from './micro.ts';
import { policyOfSize } from './policy-of-size.ts';
import { prefill } from './prefill.ts';
import { publishingRows } from './publishing.ts';
import { stolenMs } from './process-usage.ts';
import { measureBusy, measureServer, table } from './row.ts';
import type { Measure, Report, Row } from './row.ts';
import { startJitterProbe, startServer } from './server-process.ts';
import type { RunningServer } from './server-process.ts';
import { memoryReport, watchMemory } from './soak.ts';
import { USUAL_TRAFFIC } from './traffic.ts';

/** What the engine is compared with, at the same rate in the same run. */
const FLOOR = 'bare HTTP + fsync';

const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
const clean = (): void => rmSync(folder, { recursive: true, force: true });
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    clean();
    process.exit(1);
  });
}
try {
  await main(parseBenchArguments(process.argv.slice(2)));
} finally {
  clean();
}

async function main(args: BenchArguments): Promise<void> {
  const policy = args.policy === undefined ? policyOfSize(100, 30) : readFileSync(args.policy, 'utf8');
  if (args.fleet !== undefined) return fleet(args, args.fleet, policy);
  if (args.soakMinutes !== undefined) return soak(args, policy);
  if (args.publish !== undefined) return publishing(args, args.publish, policy);
  const startedAtMs = performance.now();
  const stolenAtStart = stolenMs();
  const stopProbe = startJitterProbe();
  const rows = [...await floorRows(args), ...await engineRows(args, policy), ...microRows(policy, args)];
  const jitter = await stopProbe();
  const stolenShare = (stolenMs() - stolenAtStart) / (performance.now() - startedAtMs);
  report({ rows, jitter, stolenShare, machine: machine() }, args.json);
  return undefined;
}

function measureOf({ seconds, warmUpSeconds, seed, cards }: BenchArguments, perSecond: number): Measure {
  return { perSecond, seconds, warmUpSeconds, seed, shape: { ...USUAL_TRAFFIC, cards } };
}

async function floorRows(args: BenchArguments): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [name, file] of [
    [FLOOR, 'bench/bare-server.ts'], ['Fastify + fsync', 'bench/fastify-server.ts'],
  ] as const) {
    const server = await startServer(name, file, [folder]);
    for (const perSecond of args.rates) {
      console.error(`${name} at ${perSecond}/s ...`);
      rows.push(await measureServer(server, name, measureOf(args, perSecond)));
    }
    rows.push(await measureBusy(server, name, measureOf(args, 0)));
    await server.stop();
  }
  return rows;
}

async function engineRows(args: BenchArguments, policy: string): Promise<readonly Row[]> {
  const rows = await onEngine('rates', args, policy, async (server) => {
    const measured: Row[] = [];
    for (const perSecond of args.rates) {
      console.error(`engine at ${perSecond}/s ...`);
      measured.push(await measureServer(server, 'engine', measureOf(args, perSecond)));
    }
    return measured;
  });
  // On a state of its own, that of the first rate: windows fill, and rules hit more, from row to row.
  const busy = await onEngine('busy', args, policy,
    (server) => measureBusy(server, 'engine', measureOf(args, 0)));
  return [...rows, busy];
}

async function onEngine<Result>(
  name: string, args: BenchArguments, policy: string, work: (server: RunningServer) => Promise<Result>,
): Promise<Result> {
  const server = await startEngine(join(folder, name), policy);
  try {
    await prefill(server, args.prefill, args.seed, measureOf(args, 0).shape);
    return await work(server);
  } finally {
    await server.stop();
  }
}

async function publishing(args: BenchArguments, count: number, policy: string): Promise<void> {
  const [perSecond = 2_000] = args.rates;
  const measure = measureOf(args, perSecond);
  const { rows, published, ratio } = await publishingRows(folder, policy, count, measure, args.prefill);
  console.log(`\n${machine()}\n\n${table(rows)}\n`);
  console.log(`p99 with / without ${published} publications: ${ratio.toFixed(2)}`);
  const result = { rows, published, ratio };
  if (args.json !== undefined) writeFileSync(args.json, `${JSON.stringify(result, null, 1)}\n`);
}

async function fleet(args: BenchArguments, order: FleetArguments, policy: string): Promise<void> {
  const stopProbe = startJitterProbe();
  const { rows, lines } = await fleetRun({
    folder, policy, order, rates: args.rates, prefill: args.prefill, measure: (rate) => measureOf(args, rate),
  });
  const jitter = await stopProbe();
  console.log(`\n${machine()}\n\n${fleetTable(rows)}\n\n${lines.join('\n')}`);
  console.log(jitterLine(jitter));
  const result = { rows, jitter, lines };
  if (args.json !== undefined) writeFileSync(args.json, `${JSON.stringify(result, null, 1)}\n`);
}

async function soak(args: BenchArguments, policy: string): Promise<void> {
  const heapFile = join(folder, 'heap');
  const server = await startEngine(folder, policy, collectsInto(heapFile));
  try {
    await prefill(server, args.prefill, args.seed, measureOf(args, 0).shape);
    const perSecond = args.rates[0] ?? 1_000;
    const stopWatch = watchMemory(server, heapFile);
    const seconds = (args.soakMinutes ?? 1) * 60;
    const measure = { ...measureOf(args, perSecond), seconds };
    const row = await measureServer(server, `soak at ${perSecond}/s`, measure);
    const samples = stopWatch();
    console.log(`${table([row])}\n\n${memoryReport(samples)}`);
    if (args.json !== undefined) {
      writeFileSync(args.json, `${JSON.stringify({ rows: [row], samples }, null, 1)}\n`);
    }
  } finally {
    await server.stop();
  }
}

function report(result: Report, json: string | undefined): void {
  const { rows, jitter, stolenShare } = result;
  console.log(`\n${result.machine}\n\n${table(rows)}\n`);
  console.log(`${jitterLine(jitter)}; stolen by the host: ${(100 * stolenShare).toFixed(1)} % of one CPU`);
  for (const engine of rows.filter(({ name }) => name === 'engine')) {
    const { offeredPerSecond } = engine;
    const bare = rows.find((row) => row.name === FLOOR && row.offeredPerSecond === offeredPerSecond);
    if (bare === undefined) continue;
    const ratio = engine.cpuMicrosPerDecision / bare.cpuMicrosPerDecision;
    console.log(`engine / ${FLOOR}, CPU at ${offeredPerSecond}/s: ${ratio.toFixed(2)}`);
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 1)}\n`);
}

function jitterLine({ p99Ms, maxMs }: Jitter): string {
  return `machine's own jitter on a 1 ms sleep: p99 ${p99Ms.toFixed(2)} ms, max ${maxMs.toFixed(2)} ms`;
}

function machine(): string {
  const processors = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const processor = `${processors.length} x ${processors[0]?.model.trim() ?? 'CPU'}`;
  return `${processor}, ${memory}, ${type()} ${process.arch}, ` +
    `Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`;
}
