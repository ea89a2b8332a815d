import type { Decision } from '#domain/decision.ts';
import type { Engine } from '#decisioning/engine.ts';
import { arrivals } from './arrivals.ts';
import type { Arrival } from './arrivals.ts';
import type { HandbookTransaction } from './read-transactions.ts';

/** Calls whose answer is still waiting for the disk: enough for one sync to serve many. */
const IN_FLIGHT_MAX = 512;
const TENANT = 'handbook';

interface Flight {
  readonly transaction: HandbookTransaction | undefined;
  readonly answer: Promise<Decision | undefined>;
}

/**
 * Sends everything through the engine in order of arrival; gives each payment's decision in that same order.
 */
export async function feed(
  engine: Engine, transactions: Iterable<HandbookTransaction>,
  onDecision: (transaction: HandbookTransaction, decision: Decision) => void,
): Promise<void> {
  let flights: Flight[] = [];
  const land = async (): Promise<void> => {
    for (const { transaction, answer } of flights) {
      const decision = await answer;
      if (transaction !== undefined && decision !== undefined) onDecision(transaction, decision);
    }
    flights = [];
  };
  for (const arrival of arrivals(transactions)) {
    const transaction = arrival.kind === 'payment' ? arrival.transaction : undefined;
    flights.push({ transaction, answer: send(engine, arrival) });
    if (flights.length >= IN_FLIGHT_MAX) await land();
  }
  await land();
}

/** A refusal here is a fault of ours, and ends the run. */
async function send(engine: Engine, { kind, atMs, call: body }: Arrival): Promise<Decision | undefined> {
  const bytes = Buffer.from(JSON.stringify(body));
  const call = { bytes, tenant: TENANT, receivedAtMs: atMs };
  const answer = kind === 'payment' ? await engine.decide(call) : await engine.record(call);
  if (answer.kind === 'refused') {
    throw new Error(`${bytes.toString()}: ${answer.refusal.code} ${answer.refusal.detail}`);
  }
  return answer.kind === 'decided' ? answer.decision : undefined;
}
