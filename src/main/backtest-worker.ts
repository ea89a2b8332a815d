/** A process of its own: one backtest over the log, behind all others, then the end. */
import { BacktestRun } from '#backtest/backtest.ts';
import { HistoryRefused } from '#backtest/history.ts';
import { costOf, makeReport } from '#backtest/make-report.ts';
import { OrderRefused } from '#backtest/order.ts';
import { PublicationRefused } from '#decisioning/publication-refused.ts';
import { openLogHistory, windowsOf } from './backtest-parts.ts';
import type { BacktestAsk, BacktestNews, BacktestProcessOrder } from './backtest-process.ts';
import { inBackground, type Background } from './in-background.ts';

const TELL_EVERY_MS = 500;
const CHECKPOINT_EVERY_MS = 60_000;

async function backtest(
  { folder, until, order, custom, checkpoint }: BacktestProcessOrder,
  { tell, onAsk }: Background<BacktestAsk, BacktestNews>,
): Promise<void> {
  let cancelled = false;
  onAsk(() => { cancelled = true; });
  const history = await openLogHistory(folder, until);
  const startedAt = performance.now();
  let toldAt = startedAt;
  const run = new BacktestRun(order, {
    history, ...windowsOf({ custom }), cancelled: () => cancelled,
    checkpoint: { file: checkpoint, everyMs: CHECKPOINT_EVERY_MS },
    progress(done, total) {
      if ((done & 255) !== 0 || performance.now() - toldAt < TELL_EVERY_MS) return;
      toldAt = performance.now();
      tell({ kind: 'progress', done, total });
    },
  });
  const { status } = await run.run();
  if (status === 'cancelled') tell({ kind: 'cancelled' });
  else {
    const cost = costOf(run, (performance.now() - startedAt) / 1_000);
    tell({ kind: 'done', report: makeReport(run, history.title), cost });
  }
}

inBackground<BacktestProcessOrder, BacktestAsk, BacktestNews>(async (order, background) => {
  try {
    await backtest(order, background);
  } catch (error) {
    const foreseen = error instanceof HistoryRefused || error instanceof OrderRefused
      || error instanceof PublicationRefused;
    if (!foreseen) throw error;
    background.tell({ kind: 'refused', problem: error.message });
  }
});
