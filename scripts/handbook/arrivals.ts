import type { HandbookTransaction } from './read-transactions.ts';

const LABEL_DELAY_MS = 7 * 86_400_000;

/** What reaches the engine, in the order in which it does. The arrival clock is the event's own time. */
export type Arrival =
  | { readonly kind: 'label'; readonly atMs: number; readonly call: object }
  | {
      readonly kind: 'payment'; readonly atMs: number; readonly call: object;
      readonly transaction: HandbookTransaction;
    };

/**
 * Payments as they happen, and the label of each fraud seven days later. A label comes before a payment of
 * the same moment, since a delayed window ends with its edge: (t - 7 d - w, t - 7 d]. Genuine payments get
 * no label: what is not labelled after seven days is taken for genuine, here as in the book.
 */
export function* arrivals(transactions: Iterable<HandbookTransaction>): Generator<Arrival> {
  const waiting: HandbookTransaction[] = [];
  let next = 0;
  for (const transaction of transactions) {
    for (let due = waiting[next]; due !== undefined; due = waiting[next]) {
      if (due.atMs + LABEL_DELAY_MS > transaction.atMs) break;
      next++;
      yield labelOf(due);
    }
    if (transaction.fraud) waiting.push(transaction);
    const call = { transaction: paymentOf(transaction) };
    yield { kind: 'payment', atMs: transaction.atMs, transaction, call };
  }
}

function labelOf({ id, atMs }: HandbookTransaction): Arrival {
  const at = new Date(atMs + LABEL_DELAY_MS).toISOString();
  const event = {
    id: `label-${id}`, type: 'label', occurred_at: at, known_at: at, transaction_id: id,
    label: 'confirmed_fraud',
  };
  return { kind: 'label', atMs: atMs + LABEL_DELAY_MS, call: { event } };
}

/** The book knows no currency; any with two decimals does. */
const paymentOf = ({ id, time, customer, terminal, amount }: HandbookTransaction): object => ({
  id,
  occurred_at: time,
  kind: 'card',
  amount: { value: amount, currency: 'EUR' },
  debtor: { customer_id: customer },
  terminal: { id: terminal },
});
