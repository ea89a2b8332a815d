/**
 * Trial payments before a node takes any: code that never ran is slow, and the first payments would be late
 * for their deadline. A trial leaves no trace.
 */
import { placeInLog } from '#decisioning/decision-id.ts';
import { isRefusal, parseTransactionCall } from '#domain/parse-event.ts';
import type { FleetNode } from '#fleet/fleet-node.ts';

const TRIALS_PER_KIND = 60;
/** Nobody's: no key has this tenant. */
const TENANT = 'warm-up';

export async function warmUp(node: Pick<FleetNode, 'simulate' | 'state'>, nowMs: number): Promise<void> {
  const { state } = node;
  const kinds = new Set((state.live?.policies ?? []).flatMap(({ policy }) => policy.kinds));
  for (const kind of kinds) {
    for (let i = 0; i < TRIALS_PER_KIND; i++) {
      const transaction = {
        id: `trial-${i}`, kind, occurred_at: new Date(nowMs).toISOString(),
        amount: { value: `${i + 1}.00`, currency: 'EUR' }, channel: 'ecom', card: { id: `trial-${i % 5}` },
        debtor: { account_id: 'trial', customer_id: 'trial' }, creditor: { account_id: 'trial' },
        merchant: { id: 'trial' }, device: { id: 'trial', ip: '192.0.2.1' },
      };
      const bytes = Buffer.from(JSON.stringify({ transaction }));
      // What the shared logs cannot be asked for is refused: then less is warm, and nothing is wrong.
      await node.simulate({ bytes, tenant: TENANT });
      const parsed = parseTransactionCall(bytes, state.schema, nowMs, TENANT);
      const admitted = isRefusal(parsed) ? parsed : state.admit(parsed.event);
      if (!isRefusal(admitted)) state.judgeDegraded(admitted, placeInLog(0), 'late');
    }
  }
}
