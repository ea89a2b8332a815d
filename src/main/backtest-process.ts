/**
 * One backtest in a process of its own, behind all others: payments are decided as if it were not there.
 */
import type { BacktestOrder } from '#backtest/order.ts';
import type { BacktestReport, RunCost } from '#backtest/report.ts';
import type { CustomField } from '#domain/field.ts';
import { backgroundProcess } from './background-process.ts';

export interface BacktestProcessOrder {
  /** Data folder, and the last position of its log that is known to be durable. */
  readonly folder: string;
  readonly until: number;
  readonly order: BacktestOrder;
  readonly custom: readonly CustomField[];
  readonly checkpoint: string;
}

export interface BacktestAsk { readonly kind: 'cancel' }

export type BacktestNews =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'done'; readonly report: BacktestReport; readonly cost: RunCost }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'refused'; readonly problem: string };

export type BacktestProcessEnd = Exclude<BacktestNews, { kind: 'progress' }>
  | { readonly kind: 'failed'; readonly problem: string };

export interface BacktestProcess {
  readonly end: Promise<BacktestProcessEnd>;
  /** For the log: which process, and how it stands behind others. */
  readonly standing: Promise<string>;
  /** It stops soon, and leaves its checkpoint. */
  cancel(): void;
}

export function backtestProcess(
  order: BacktestProcessOrder, progress: (done: number, total: number) => void,
): BacktestProcess {
  const child = backgroundProcess<BacktestProcessOrder, BacktestAsk,
    BacktestNews>('./backtest-worker.ts', order);
  const end = new Promise<BacktestProcessEnd>((resolve) => {
    child.onNews((news) => {
      if (news.kind === 'progress') progress(news.done, news.total);
      else resolve(news);
    });
    child.ended.then((problem) => { resolve({ kind: 'failed', problem }); }, () => {});
  });
  return { end, standing: child.standing, cancel: () => { child.ask({ kind: 'cancel' }); } };
}
