/** A worker thread: one backtest over the log, at the lowest priority, then the end. */
import os from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { BacktestRun } from '#backtest/backtest.ts';
import { HistoryRefused } from '#backtest/history.ts';
import { costOf, makeReport } from '#backtest/make-report.ts';
import { OrderRefused } from '#backtest/order.ts';
import { PublicationRefused } from '#decisioning/publication-refused.ts';
import { openLogHistory, windowsOf } from './backtest-parts.ts';
import { LOWEST_PRIORITY, type BacktestNews, type BacktestThreadOrder } from './backtest-thread.ts';

const TELL_EVERY_MS = 500;
const CHECKPOINT_EVERY_MS = 60_000;

const tell = (news: BacktestNews): void => { parentPort?.postMessage(news); };

async function run({ folder, until, order, custom, checkpoint, cancel }: BacktestThreadOrder): Promise<void> {
  const asked = new Int32Array(cancel);
  const history = await openLogHistory(folder, until);
  const startedAt = performance.now();
  let toldAt = startedAt;
  const backtest = new BacktestRun(order, {
    history, ...windowsOf({ custom }), cancelled: () => Atomics.load(asked, 0) === 1,
    checkpoint: { file: checkpoint, everyMs: CHECKPOINT_EVERY_MS },
    progress(done, total) {
      if ((done & 255) !== 0 || performance.now() - toldAt < TELL_EVERY_MS) return;
      toldAt = performance.now();
      tell({ kind: 'progress', done, total });
    },
  });
  const { status } = await backtest.run();
  if (status === 'cancelled') tell({ kind: 'cancelled' });
  else {
    const cost = costOf(backtest, (performance.now() - startedAt) / 1_000);
    tell({ kind: 'done', report: makeReport(backtest, history.title), cost });
  }
}

// On Linux a priority is a thread's own: 0 is the one that asks.
os.setPriority(0, LOWEST_PRIORITY);
try {
  await run(workerData as BacktestThreadOrder);
} catch (error) {
  const foreseen = error instanceof HistoryRefused || error instanceof OrderRefused
    || error instanceof PublicationRefused;
  if (!foreseen) throw error;
  tell({ kind: 'refused', problem: error.message });
}
