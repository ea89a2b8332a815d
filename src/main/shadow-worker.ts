/**
 * A worker thread that compares challengers with the champion, at the lowest priority, until it is stopped.
 */
import os from 'node:os';
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { LocalLogReader } from '#adapters/log-files/decision-log-reader.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { logHistory } from '#backtest/history.ts';
import { ShadowComparison } from '#backtest/shadow-comparison.ts';
import { windowsOf } from './backtest-parts.ts';
import { LOWEST_PRIORITY } from './backtest-thread.ts';
import { logFolder, snapshotFolder } from './open-embedded.ts';
import type { ShadowAsk, ShadowThreadOrder } from './shadow-keeper.ts';

const CHECKPOINT_EVERY_MS = 600_000;

async function follow({ folder, until, order, checkpoint }: ShadowThreadOrder): Promise<void> {
  const log = await LocalLogReader.open(
    nodeDisk, { folder: logFolder(folder), snapshots: snapshotFolder(folder) }, until);
  let durable = until;
  let stopping = false;
  let wake = (): void => {};
  const comparison = new ShadowComparison(order, {
    history: logHistory(log, `the log of ${folder}`), ...windowsOf(order.publication),
    checkpoint: { file: checkpoint, everyMs: CHECKPOINT_EVERY_MS },
    async more() {
      while (!stopping && durable <= log.durable.position) {
        await new Promise<void>((resolve) => { wake = resolve; });
      }
      if (stopping) await ended();
      await log.advance(durable);
      return true;
    },
    cancelled: () => stopping,
  });
  /** The thread ends and the checkpoint stays: the comparison goes on at the next start. */
  const ended = async (): Promise<never> => {
    await comparison.save();
    process.exit(0);
  };
  parentPort?.on('message', (ask: ShadowAsk) => {
    if (ask.kind === 'durable') durable = Math.max(durable, ask.position);
    else if (ask.kind === 'stop') stopping = true;
    else parentPort?.postMessage({ id: ask.id, report: comparison.report() });
    wake();
  });
  await comparison.follow();
  await ended();
}

os.setPriority(0, LOWEST_PRIORITY);
await follow(workerData as ShadowThreadOrder);
