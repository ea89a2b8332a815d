/**
 * As fast as the server takes them: each of a fixed number of callers sends its next call when the one before
 * is answered. What comes out is the work that a decision costs when the processor has nothing else to do;
 * latencies of such a run say nothing about a payer, because callers wait for the server.
 */
import { Connection, faultOf, isDegraded } from './connection.ts';
import { Latency } from './latency.ts';
import type { LoadOrders, LoadResult } from './open-loop.ts';

export const CALLERS = 32;

/** Lets every caller do its calls, one after the other, on a connection of its own; servers by turns. */
export async function withCallers(
  { urls, key }: Pick<LoadOrders, 'urls' | 'key'>, calls: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connections = Array.from({ length: CALLERS }, (_, i) => new Connection(urls[i % urls.length]!, key));
  try {
    await Promise.all(connections.map(calls));
  } finally {
    for (const connection of connections) connection.close();
  }
}

export async function runClosed(orders: Omit<LoadOrders, 'perSecond' | 'seed'>): Promise<LoadResult> {
  const { seconds, warmUpSeconds, next, onMeasuring, onMeasured } = orders;
  const latency = new Latency();
  const counts = { answered: 0, errors: 0, degraded: 0 };
  let firstError: string | undefined;
  const fromMs = performance.now() + warmUpSeconds * 1_000;
  const toMs = fromMs + seconds * 1_000;
  setTimeout(onMeasuring, warmUpSeconds * 1_000);
  setTimeout(onMeasured, (warmUpSeconds + seconds) * 1_000);
  await withCallers(orders, async (connection) => {
    for (let sentMs = performance.now(); sentMs < toMs; sentMs = performance.now()) {
      const answer = await connection.ask(next(Date.now()).body);
      const nowMs = performance.now();
      if (nowMs >= fromMs && nowMs < toMs) {
        counts.answered++;
        latency.record(nowMs - sentMs);
      }
      const fault = faultOf(answer);
      if (fault !== undefined) counts.errors++;
      else if (isDegraded(answer)) counts.degraded++;
      firstError ??= fault;
    }
  });
  return { latency, achievedPerSecond: counts.answered / seconds, firstError, ...counts };
}
