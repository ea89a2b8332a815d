// What `npm test` runs: every check that needs no server. `npm test -- units types` runs only those lanes.
import process from 'node:process';
import { LANES, unmetNeed } from './check/lane.ts';
import type { Lane } from './check/lane.ts';
import { Progress } from './check/progress.ts';
import { runLane, stopLanes } from './check/run-lane.ts';
import type { LaneReport } from './check/run-lane.ts';

const AT_ONCE_MAX = 2;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    stopLanes();
    process.exit(1);
  });
}

const progress = new Progress();
const reports = await runAll(presentLanes(chosenLanes(process.argv.slice(2))));
progress.stop();
process.exitCode = summarise(reports);

function chosenLanes(names: readonly string[]): readonly Lane[] {
  const known = LANES.map(({ name }) => name);
  const strangers = names.filter((name) => !known.includes(name));
  if (strangers.length > 0) {
    console.error(`There is no lane ${strangers.join(', ')}. The lanes are ${known.join(', ')}.`);
    process.exit(2);
  }
  return names.length === 0 ? LANES : LANES.filter(({ name }) => names.includes(name));
}

function presentLanes(lanes: readonly Lane[]): readonly Lane[] {
  return lanes.filter((lane) => {
    const need = unmetNeed(lane);
    if (need !== undefined) progress.absent(lane.name, need);
    return need === undefined;
  });
}

async function runAll(lanes: readonly Lane[]): Promise<readonly LaneReport[]> {
  const waiting = [...lanes];
  const ended: LaneReport[] = [];
  const worker = async (): Promise<void> => {
    for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift()) {
      progress.started(lane.name);
      const report = await runLane(lane);
      progress.ended(report);
      ended.push(report);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE_MAX }, worker));
  return ended;
}

/** Prints the closing lines and returns the exit code. Running nothing is not passing. */
function summarise(ended: readonly LaneReport[]): number {
  const sum = (what: 'passed' | 'failed' | 'skipped'): number =>
    ended.reduce((total, report) => total + report[what], 0);
  const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')];
  const failures = ended.filter(({ failure }) => failure !== undefined).map(({ name }) => name);
  if (failures.length > 0) console.log(`\nFailed: ${failures.join(', ')}.`);
  console.log(
    `\n# tests ${passed + failed + skipped}\n# pass ${passed}\n# fail ${failed}\n# skipped ${skipped}`,
  );
  console.log(`# duration_ms ${Math.round(progress.seconds * 1000)}\n`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}
