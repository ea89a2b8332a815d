/**
 * A seeded stream of payments and what is told of them, with disorder and duplicates, as bytes to be sent.
 */
import { seededRandom, zipf } from '../../bench/random.ts';

export interface Sent {
  readonly kind: 'payment' | 'event';
  readonly bytes: Buffer;
  /** When it arrives, ms. */
  readonly atMs: number;
}

const LATE_SHARE = 0.2;
const TWICE_SHARE = 0.02;
const EVENT_SHARE = 0.06;
const REMEMBERED = 500;

/** So many, a second apart on average. */
export function* streamOf(seed: number, count: number, startMs: number): Generator<Sent> {
  const random = seededRandom(seed);
  const card = zipf(200, 0.7);
  const merchant = zipf(30, 0.6);
  const sent: Sent[] = [];
  const ids: string[] = [];
  const pick = <One>(all: readonly One[]): One | undefined => all[Math.floor(random() * all.length)];
  const iso = (ms: number): string => new Date(Math.floor(ms)).toISOString();
  let atMs = startMs;
  const paymentAt = (i: number): object => {
    const [one, shop] = [card(random), merchant(random)];
    const late = random() < LATE_SHARE ? random() ** 3 * 7_200_000 : 0;
    const kind = random() < 0.7 ? 'card' : 'transfer';
    ids.push(`tx-${i}`);
    return { transaction: {
      id: `tx-${i}`, occurred_at: iso(atMs - late), kind, direction: 'debit',
      amount: { value: (1 + random() ** 4 * 3_000).toFixed(2), currency: random() < 0.9 ? 'EUR' : 'USD' },
      channel: random() < 0.6 ? 'ecom' : 'pos', status: random() < 0.1 ? 'declined' : 'approved',
      debtor: { customer_id: `u${one >> 1}`, account_id: `a${one >> 1}`, country: 'DE' },
      ...(kind === 'transfer' ? { creditor: { account_id: `a${card(random)}`, country: 'FR' } } : {
        card: { id: `c${one}`, bin: '411111', country: 'DE' },
        merchant: { id: `m${shop}`, mcc: '5999', country: 'NL' }, terminal: { id: `m${shop}-t` },
      }),
      ...(random() < 0.2 ? {} : { device: { id: `d${one}`, ip: `10.0.0.${one % 50}` } }),
    } };
  };
  const eventAt = (i: number): object => {
    const about = random() < 0.9 ? pick(ids) : `tx-${i + 5}`;
    const base = { id: `ev-${i}`, occurred_at: iso(atMs) };
    const types = [
      { type: 'status', transaction_id: about, status: 'reversed' },
      { type: 'label', transaction_id: about, label: 'confirmed_fraud', known_at: iso(atMs - 1_000) },
      { type: 'refund', transaction_id: about, amount: { value: '5.00', currency: 'EUR' } },
      { type: 'login', debtor: { customer_id: `u${card(random) >> 1}` }, device: { id: `d${card(random)}` } },
    ];
    return { event: { ...base, ...pick(types) } };
  };
  for (let i = 0; i < count; i++) {
    atMs += random() * 2_000;
    const again = random() < TWICE_SHARE ? pick(sent) : undefined;
    if (again !== undefined) {
      yield { ...again, atMs };
      continue;
    }
    const isEvent = random() < EVENT_SHARE && ids.length > 0;
    const body = Buffer.from(JSON.stringify(isEvent ? eventAt(i) : paymentAt(i)));
    const one: Sent = { kind: isEvent ? 'event' : 'payment', bytes: body, atMs };
    sent[i % REMEMBERED] = one;
    yield one;
  }
}
