/**
 * As fast as the server takes them: each of a fixed number of callers sends its next call when the one before
 * is answered. What comes out is the work that a decision costs when the processor has nothing else to do;
 * latencies of such a run say nothing about a payer, because callers wait for the server.
 */
import { Connection } from './connection.ts';
import { Latency } from './latency.ts';
import type { LoadResult } from './open-loop.ts';

export const CALLERS = 32;

export interface ClosedOrders {
  readonly url: URL;
  readonly key: string;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly body: (atMs: number) => string;
  readonly onMeasuring: () => void;
  readonly onMeasured: () => void;
}

export async function runClosed(orders: ClosedOrders): Promise<LoadResult> {
  const { url, key, seconds, warmUpSeconds, body, onMeasuring, onMeasured } = orders;
  const latency = new Latency();
  const counts = { answered: 0, errors: 0, degraded: 0 };
  let firstError: string | undefined;
  const fromMs = performance.now() + warmUpSeconds * 1_000;
  const toMs = fromMs + seconds * 1_000;
  setTimeout(onMeasuring, warmUpSeconds * 1_000);
  setTimeout(onMeasured, (warmUpSeconds + seconds) * 1_000);
  const lane = async (connection: Connection): Promise<void> => {
    for (let sentMs = performance.now(); sentMs < toMs; sentMs = performance.now()) {
      const answer = await connection.ask(body(Date.now()));
      const nowMs = performance.now();
      if (nowMs >= fromMs && nowMs < toMs) {
        counts.answered++;
        latency.record(nowMs - sentMs);
      }
      if (answer.status !== 200) {
        counts.errors++;
        firstError ??= `${answer.status} ${answer.body}`.slice(0, 300);
      } else if (/"degraded":\[\{/.test(answer.body)) counts.degraded++;
    }
  };
  const connections = Array.from({ length: CALLERS }, () => new Connection(url, key));
  try {
    await Promise.all(connections.map(lane));
  } finally {
    for (const connection of connections) connection.close();
  }
  return { latency, achievedPerSecond: counts.answered / seconds, firstError, ...counts };
}
