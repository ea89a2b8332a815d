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
}

export const USUAL_TRAFFIC: TrafficShape = {
  cards: 20_000, duplicateShare: 0.005, lateShare: 0.02, hotMerchantShare: 0.01,
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
  readonly #latest: string[] = [];
  #count = 0;

  /** `run` goes into every id, so that two runs against one server are different payments. */
  constructor(seed: number, run: string, shape: TrafficShape = USUAL_TRAFFIC) {
    this.#random = seededRandom(seed);
    this.#run = run;
    this.#shape = shape;
    this.#draw = { card: zipf(shape.cards, 0.6), merchant: zipf(Math.ceil(shape.cards / 4), 0.5) };
  }

  /** The JSON body of the next call, for a payment that is sent at `atMs`. */
  next(atMs: number): string {
    const resend = this.#latest.length > 0 && this.#random() < this.#shape.duplicateShare;
    if (resend) return this.#latest[Math.floor(this.#random() * this.#latest.length)] ?? '';
    const body = JSON.stringify({ transaction: this.#payment(atMs) });
    this.#latest[this.#count % RESEND_AMONG_LATEST] = body;
    this.#count++;
    return body;
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
      debtor: { customer_id: `customer-${card >> 1}`, account_id: `account-${card >> 1}`, country },
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
