/** Fills a server's state before anything is measured: an empty window costs nothing, and proves nothing. */
import { Progress } from '#cli/progress.ts';
import { withCallers } from './closed-loop.ts';
import { faultOf, isDegraded } from './connection.ts';
import type { LoadOrders } from './open-loop.ts';
import { Traffic } from './traffic.ts';
import type { TrafficShape } from './traffic.ts';

const SPAN_MS = 30 * 86_400_000;

/**
 * Sends `count` payments spread over the last thirty days, oldest first, as fast as the server takes them.
 * Resolves how many answers were degraded.
 */
export async function prefill(
  server: Pick<LoadOrders, 'urls' | 'key'>, count: number, seed: number, shape: TrafficShape,
): Promise<number> {
  const traffic = new Traffic(seed, `fill-${Date.now().toString(36)}`, shape);
  const startMs = Date.now() - SPAN_MS;
  const progress = new Progress('Filling the state', count, 'payments');
  let sent = 0;
  let answered = 0;
  let degraded = 0;
  await withCallers(server, async (connection) => {
    while (sent < count) {
      const { body } = traffic.next(startMs + (SPAN_MS * sent) / count);
      sent++;
      const answer = await connection.ask(body);
      const fault = faultOf(answer);
      if (fault !== undefined) throw new Error(`prefill: ${fault}`);
      if (isDegraded(answer)) degraded++;
      progress.at(++answered);
    }
  });
  progress.end();
  return degraded;
}
