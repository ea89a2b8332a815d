import process from 'node:process';
import type { Lane } from './lane.ts';
import type { Progress } from './progress.ts';
import { runLane, stopLanes } from './run-lane.ts';
import type { LaneReport } from './run-lane.ts';

const AT_ONCE_MAX = 2;

/** A signal to us ends every lane and what it has started; then `before` is called and we end. */
export function endLanesWithUs(before: () => void = () => {}): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stopLanes();
      before();
      process.exit(1);
    });
  }
}

/** The lanes of these names, or all; ends with 2 where there is no such lane. */
export function chosenLanes<One extends Lane>(
  lanes: readonly One[],
  names: readonly string[],
): readonly One[] {
  const known = lanes.map(({ name }) => name);
  const strangers = names.filter((name) => !known.includes(name));
  if (strangers.length > 0) {
    console.error(`There is no lane ${strangers.join(', ')}. The lanes are ${known.join(', ')}.`);
    process.exit(2);
  }
  return names.length === 0 ? lanes : lanes.filter(({ name }) => names.includes(name));
}

export async function runLanes(lanes: readonly Lane[], progress: Progress): Promise<readonly LaneReport[]> {
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
export function summarise(ended: readonly LaneReport[], seconds: number): number {
  const sum = (what: 'passed' | 'failed' | 'skipped'): number =>
    ended.reduce((total, report) => total + report[what], 0);
  const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')];
  const failures = ended.filter(({ failure }) => failure !== undefined).map(({ name }) => name);
  if (failures.length > 0) console.log(`\nFailed: ${failures.join(', ')}.`);
  console.log(
    `\n# tests ${passed + failed + skipped}\n# pass ${passed}\n# fail ${failed}\n# skipped ${skipped}`,
  );
  console.log(`# duration_ms ${Math.round(seconds * 1000)}\n`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}
