/** The other side of `backgroundProcess`: behind all others, one order, asks that come, news that go. */
import process from 'node:process';
import type { Began } from './background-process.ts';
import { standBehindOthers } from './standing.ts';

export interface Background<Ask, News> {
  readonly tell: (news: News) => void;
  /** One listener. */
  readonly onAsk: (listener: (ask: Ask) => void) => void;
}

/** The work is done when the promise settles; then the process ends, and so it does when its parent has. */
export function inBackground<Order, Ask, News extends object>(
  work: (order: Order, background: Background<Ask, News>) => Promise<void>,
): void {
  const began: Began = { standing: standBehindOthers() };
  process.send?.(began);
  // Ctrl-C in a terminal reaches us too; the parent says when to stop, so that nothing is lost.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
  process.on('disconnect', () => { process.exit(0); });
  process.once('message', (order) => {
    /** What is asked before anybody listens waits. */
    let waiting: Ask[] | undefined = [];
    let hear = (ask: Ask): void => { waiting?.push(ask); };
    let told: Promise<unknown> = Promise.resolve();
    process.on('message', (ask) => { hear(ask as Ask); });
    work(order as Order, {
      tell(news) {
        told = new Promise((resolve) => { process.send?.(news, resolve); });
      },
      onAsk(listener) {
        hear = listener;
        for (const ask of waiting ?? []) listener(ask);
        waiting = undefined;
      },
    }).then(() => told).then(() => { process.disconnect?.(); }, (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`,
        () => {
        process.exit(1);
      });
    });
  });
}
