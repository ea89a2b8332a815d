import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import type { Count } from './count.ts';
import { LANE_SECONDS_MAX, ROOT } from './lane.ts';
import type { Lane } from './lane.ts';

export interface LaneReport {
  readonly name: string;
  readonly passed: number;
  /** At least 1 where the lane failed. */
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly output: string;
  /** Why the lane failed; undefined where it passed. */
  readonly failure: string | undefined;
}

const IN_GROUPS = process.platform !== 'win32';

const running = new Set<ChildProcess>();

export async function runLane(lane: Lane): Promise<LaneReport> {
  const startedAtMs = performance.now();
  const { code, output } = await run(lane);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const count = lane.count(output);
  const failure = failureOf(code, count);
  return {
    name: lane.name,
    passed: code === 0 || (count?.failed ?? 0) > 0 ? (count?.passed ?? 0) : 0,
    failed: Math.max(count?.failed ?? 0, failure === undefined ? 0 : 1),
    skipped: count?.skipped ?? 0,
    seconds,
    output,
    failure,
  };
}

export function stopLanes(): void {
  for (const child of running) stopWhole(child);
}

/** With all that it has started: test files run as processes of their own, and start servers. */
function stopWhole(child: ChildProcess): void {
  if (child.pid === undefined || !IN_GROUPS) child.kill('SIGKILL');
  else process.kill(-child.pid, 'SIGKILL');
}

/** Why a lane that ended so has failed. Silence and zero tests are failures: they look like success. */
export function failureOf(code: number | string, count: Count | undefined): string | undefined {
  if (typeof code === 'string') return code;
  if (code !== 0) return `exit code ${code}`;
  if (count === undefined) return 'it did not say how many tests it ran';
  if (count.failed > 0) return `${count.failed} failed, and yet its exit code was 0`;
  if (count.emptyFiles.length > 0) return `no test in ${count.emptyFiles.join(', ')}`;
  if (count.passed === 0) return 'it ran no tests';
  return undefined;
}

/** The exit code, or in words why there is none; and everything that was printed. */
async function run(lane: Lane): Promise<{ readonly code: number | string; readonly output: string }> {
  const path = [join(ROOT, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, lane.args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, PATH: path },
    detached: IN_GROUPS,
  });
  running.add(child);
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const secondsMax = lane.secondsMax ?? LANE_SECONDS_MAX;
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    stopWhole(child);
  }, secondsMax * 1000);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(limit);
  running.delete(child);
  const output = Buffer.concat(chunks).toString('utf8');
  if (late) return { code: `it took more than ${secondsMax} s and was stopped`, output };
  return { code: code ?? `it was ended by ${signal}`, output };
}
