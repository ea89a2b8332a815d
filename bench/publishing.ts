/** `--publish N`: what so many publications cost the payments that are decided meanwhile. */
import process from 'node:process';
import { startEngine } from './engine-server.ts';
import { prefill } from './prefill.ts';
import { measureServer } from './row.ts';
import type { Measure, Row } from './row.ts';

/** Two rows of one server in one run: without, and with `count` publications over the measured time. */
export async function publishingRows(
  folder: string, policy: string, count: number, measure: Measure, prefillCount: number,
): Promise<readonly [Row, Row]> {
  const server = await startEngine(folder, policy, 'bench/publishing-server.ts');
  try {
    await prefill(server, prefillCount, measure.seed, measure.shape);
    const without = await measureServer(server, 'without publications', measure);
    const everyMs = (1_000 * measure.seconds) / count;
    let left = count;
    let timer: NodeJS.Timeout | undefined;
    const warmUp = setTimeout(() => {
      timer = setInterval(() => {
        if (left-- > 0) process.kill(server.pid, 'SIGUSR2');
      }, everyMs);
    }, 1_000 * measure.warmUpSeconds);
    const row = await measureServer(server, `with ${count} publications`, measure);
    clearTimeout(warmUp);
    clearInterval(timer);
    return [without, row];
  } finally {
    await server.stop();
  }
}
