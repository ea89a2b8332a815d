/**
 * Payments as an acquirer sees them: few entities carry much of the traffic (Zipf), one payment in a
 * hundred goes to one of three hot merchants, some are sent twice and some arrive late. The state grows
 * with the traffic, as in life.
 */
import { exponential, normal, seededRandom, zipf } from './random.ts';
import type { Random } from './random.ts';

export interface TrafficShape {
  readonly cards: number;
  readonly duplicateShare: number;
  readonly lateShare: number;
  readonly hotMerchantShare: number;
  /** Whether a payment names its customer too, which is an entity without windows in our policy. */
  readonly customers: boolean;
}

/** One call. `lane` says which of several servers gets it: that number, modulo how many they are. */
export interface Sent {
  readonly body: string;
  readonly lane: number;
}

export const USUAL_TRAFFIC: TrafficShape = {
  cards: 20_000, duplicateShare: 0.005, lateShare: 0.02, hotMerchantShare: 0.01, customers: true,
};

const DAY_MS = 86_400_000;
/** Late payments stay inside the default tolerance of seven days. */
const LATE_MEAN_MS = 3_600_000;
const LATE_MS_MAX = 6 * DAY_MS;
const RESEND_AMONG_LATEST = 512;
const MCCS = ['5411', '5812', '5999', '4111', '5541', '7995', '4814', '5732'];
const COUNTRIES = ['DE', 'FR', 'NL', 'ES', 'IT', 'PL', 'AT', 'GB'];

export class Traffic {
  readonly #random: Random;
  readonly #shape: TrafficShape;
  readonly #run: string;
  readonly #draw: Readonly<Record<'card' | 'merchant', (random: Random) => number>>;
  readonly #latest: Sent[] = [];
  #count = 0;
  #copies = 0;

  /** `run` goes into every id, so that two runs against one server are different payments. */
  constructor(seed: number, run: string, shape: TrafficShape = USUAL_TRAFFIC) {
    this.#random = seededRandom(seed);
    this.#run = run;
    this.#shape = shape;
    this.#draw = { card: zipf(shape.cards, 0.6), merchant: zipf(Math.ceil(shape.cards / 4), 0.5) };
  }

  /** The next call, of a payment that is sent at `atMs`. Every other copy goes to the next lane. */
  next(atMs: number): Sent {
    const resend = this.#latest.length > 0 && this.#random() < this.#shape.duplicateShare;
    const first = resend ? this.#latest[Math.floor(this.#random() * this.#latest.length)] : undefined;
    if (first !== undefined) return { body: first.body, lane: first.lane + (this.#copies++ % 2) };
    const sent = { body: JSON.stringify({ transaction: this.#payment(atMs) }), lane: this.#count };
    this.#latest[this.#count % RESEND_AMONG_LATEST] = sent;
    this.#count++;
    return sent;
  }

  #payment(atMs: number): object {
    const random = this.#random;
    const late = random() < this.#shape.lateShare;
    const occurredAtMs = late ? atMs - Math.min(LATE_MS_MAX, exponential(random, LATE_MEAN_MS)) : atMs;
    const card = this.#draw.card(random);
    const hot = random() < this.#shape.hotMerchantShare;
    const merchant = hot ? Math.floor(random() * 3) : 3 + this.#draw.merchant(random);
    const country = COUNTRIES[card % COUNTRIES.length] ?? 'DE';
    const declined = random() < 0.08;
    return {
      id: `tx-${this.#run}-${this.#count}`,
      occurred_at: new Date(occurredAtMs).toISOString(),
      kind: 'card',
      direction: 'debit',
      amount: { value: this.#amount(card), currency: 'EUR' },
      channel: random() < 0.6 ? 'ecom' : 'pos',
      status: declined ? 'declined' : 'approved',
      debtor: {
        ...(this.#shape.customers ? { customer_id: `customer-${card >> 1}` } : {}),
        account_id: `account-${card >> 1}`, country,
      },
      card: { id: `card-${card}`, bin: `4${String(10_000 + (card % 300))}`, country },
      merchant: { id: `merchant-${merchant}`, mcc: MCCS[merchant % MCCS.length], country: 'DE' },
      terminal: { id: `terminal-${merchant}-${Math.floor(random() * 4)}` },
      device: { id: `device-${card}-${random() < 0.9 ? 0 : 1}`, ip: this.#address(card) },
      location: { lat: 48 + (card % 600) / 100, lon: 6 + (card % 900) / 100 },
    };
  }

  /** Everybody has a usual amount; most payments are near it. */
  #amount(card: number): string {
    const usual = 8 + (card % 97);
    return Math.max(1, usual * Math.exp(0.6 * normal(this.#random))).toFixed(2);
  }

  /** Households share an address, and one payment in ten comes through a big network. */
  #address(card: number): string {
    const home = card >> 2;
    if (this.#random() < 0.1) return `203.0.113.${1 + Math.floor(this.#random() * 50)}`;
    return `10.${(home >> 16) & 255}.${(home >> 8) & 255}.${home & 255}`;
  }
}
