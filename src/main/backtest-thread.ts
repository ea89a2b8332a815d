/**
 * One backtest in a thread of its own, at the lowest priority: payments are decided as if it were not
 * there.
 */
import { constants } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { BacktestOrder } from '#backtest/order.ts';
import type { BacktestReport, RunCost } from '#backtest/report.ts';
import type { CustomField } from '#domain/field.ts';

export const LOWEST_PRIORITY = constants.priority.PRIORITY_LOW;

export interface BacktestThreadOrder {
  /** Data folder, and the last position of its log that is known to be durable. */
  readonly folder: string;
  readonly until: number;
  readonly order: BacktestOrder;
  readonly custom: readonly CustomField[];
  readonly checkpoint: string;
  /** One whole number: 1 asks to stop. */
  readonly cancel: SharedArrayBuffer;
}

export type BacktestNews =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'done'; readonly report: BacktestReport; readonly cost: RunCost }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'refused'; readonly problem: string };

export type BacktestThreadEnd = Exclude<BacktestNews, { kind: 'progress' }>
  | { readonly kind: 'failed'; readonly problem: string };

export interface BacktestThread {
  readonly end: Promise<BacktestThreadEnd>;
  /** It stops at the next record, and leaves its checkpoint. */
  cancel(): void;
  /** At once. */
  stop(): Promise<void>;
}

export function backtestThread(
  order: Omit<BacktestThreadOrder, 'cancel'>, progress: (done: number, total: number) => void,
): BacktestThread {
  const cancel = new SharedArrayBuffer(4);
  const worker = new Worker(new URL('./backtest-worker.ts', import.meta.url),
    { workerData: { ...order, cancel } });
  const end = new Promise<BacktestThreadEnd>((resolve) => {
    worker.on('message', (news: BacktestNews) => {
      if (news.kind === 'progress') progress(news.done, news.total);
      else resolve(news);
    });
    worker.once('error', (error: Error) => { resolve({ kind: 'failed', problem: error.message }); });
    worker.once('exit', (code) => { resolve({ kind: 'failed', problem: `the thread ended with ${code}` }); });
  });
  return {
    end,
    cancel: () => { Atomics.store(new Int32Array(cancel), 0, 1); },
    stop: async () => { await worker.terminate(); },
  };
}
