/** `--publish N`: what so many publications cost the payments that are decided meanwhile. */
import process from 'node:process';
import { startEngine } from './engine-server.ts';
import { prefill } from './prefill.ts';
import { measureServer } from './row.ts';
import type { Measure, Row } from './row.ts';

/** Without, with, with, without, and so on: windows fill and rules hit more from row to row. */
const ORDER = [false, true, true, false, false, true, true, false] as const;
const PARTS = ORDER.length / 2;

export interface PublishingRows {
  readonly rows: readonly Row[];
  readonly published: number;
  /** Mean p99 of the rows with publications, in that of the rows without. */
  readonly ratio: number;
}

/** About `count` publications over four rows with them, beside four without, on one server. */
export async function publishingRows(
  folder: string, policy: string, count: number, measure: Measure, prefillCount: number,
): Promise<PublishingRows> {
  const server = await startEngine(folder, policy, { file: 'bench/publishing-server.ts' });
  const part = { ...measure, seconds: measure.seconds / PARTS };
  const rows: Record<'with' | 'without', Row[]> = { with: [], without: [] };
  let published = 0;
  const publish = (): void => {
    published += 1;
    process.kill(server.pid, 'SIGUSR2');
  };
  try {
    await prefill(server, prefillCount, measure.seed, measure.shape);
    for (const isWith of ORDER) {
      const name = isWith ? 'with' : 'without';
      const stop = isWith ? publishing(publish, count / PARTS, part) : () => {};
      rows[name].push(await measureServer(server, `${name} publications`, part));
      stop();
    }
  } finally {
    await server.stop();
  }
  const p99 = (of: readonly Row[]): number => of.reduce((sum, { p99Ms }) => sum + p99Ms, 0) / of.length;
  return { rows: [...rows.without, ...rows.with], published, ratio: p99(rows.with) / p99(rows.without) };
}

/** Publishes evenly over the measured time, from the end of the warm-up on. */
function publishing(publish: () => void, count: number, { seconds, warmUpSeconds }: Measure): () => void {
  let timer: NodeJS.Timeout | undefined;
  const warmUp = setTimeout(() => {
    timer = setInterval(publish, (1_000 * seconds) / count);
  }, 1_000 * warmUpSeconds);
  return () => {
    clearTimeout(warmUp);
    clearInterval(timer);
  };
}
