/**
 * The features of the audit policy, counted by hand: over plain arrays of what clients sent, by filter and
 * nothing else. Slow, short, and written from the promises rather than from the engine.
 */
import { amountText } from './message.ts';
import type { Message, Payment } from './message.ts';

/** A message where it stands in the order of arrival. */
export interface Arrival<M extends Message = Message> {
  readonly message: M;
  readonly position: number;
  readonly receivedAtMs: number;
  /** Effective event time. */
  readonly tMs: number;
}

export type Value = number | string | boolean | null;
export type Values = Readonly<Record<string, Value>>;

type Payments = readonly Arrival<Payment>[];
type Key = 'card' | 'merchant' | 'device' | 'debtor' | 'creditor';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const isPayment = (arrival: Arrival): arrival is Arrival<Payment> => arrival.message.family === 'tx';
const byTime = (a: Arrival, b: Arrival): number => a.tMs - b.tMs || a.position - b.position;

/** The payment being judged, and all that arrived before it at its tenant. */
class Books {
  readonly now: Arrival<Payment>;
  readonly #before: readonly Arrival[];

  constructor(now: Arrival<Payment>, before: readonly Arrival[]) {
    this.now = now;
    this.#before = before;
  }

  /**
   * Past payments with the same values of these fields, in order of (t, arrival); null where one is missing.
   */
  past(...keys: readonly Key[]): Payments | null {
    const { message, tMs } = this.now;
    if (keys.some((key) => message[key] === undefined)) return null;
    return this.#before
      .filter(isPayment)
      .filter((past) => past.tMs <= tMs && keys.every((key) => past.message[key] === message[key]))
      .toSorted(byTime);
  }

  /** The same, and the current payment, which is always the last. */
  all(...keys: readonly Key[]): Payments | null {
    const past = this.past(...keys);
    return past === null ? null : [...past, this.now];
  }

  /** Past events of a type with the same card or customer. */
  told(type: string, key: 'card' | 'customer'): readonly Arrival[] | null {
    const mine = this.now.message[key];
    if (mine === undefined) return null;
    return this.#before.filter(
      (past) =>
        past.message.family === 'event' &&
        past.message.type === type &&
        past.tMs <= this.now.tMs &&
        this.#entity(past, key) === mine,
    );
  }

  /**
   * A refund that does not say its card is about the card of the payment that it refunds, if that came
   * before.
   */
  #entity({ message, position }: Arrival, key: 'card' | 'customer'): string | undefined {
    if (message[key] !== undefined || message.family === 'tx' || message.type !== 'refund')
      return message[key];
    return this.#before.find(
      (past) => isPayment(past) && past.message.id === message.transactionId && past.position < position,
    )?.message[key];
  }

  /** Status or label of a payment as known at the t of the one being judged. */
  known({ message }: Arrival<Payment>, what: 'status' | 'label'): string | undefined {
    const changes = this.#before.flatMap(({ message: told, position }) => {
      if (told.family !== 'event' || told.type !== what || told.transactionId !== message.id) return [];
      const atMs = told.knownAtMs ?? told.occurredAtMs;
      return atMs > this.now.tMs ? [] : [{ atMs, position, value: told[what] }];
    });
    const latest = changes.toSorted((a, b) => a.atMs - b.atMs || a.position - b.position).at(-1);
    if (latest !== undefined) return latest.value;
    return what === 'status' ? message.status : undefined;
  }

  /** Younger than the span? Exactly that old is outside. */
  within<A extends Arrival>(arrivals: readonly A[] | null, spanMs: number): readonly A[] | null {
    return arrivals?.filter(({ tMs }) => tMs > this.now.tMs - spanMs) ?? null;
  }
}

/** num / den to a whole number, ties to even. */
function halfEven(num: bigint, den: bigint): number {
  const floor = num / den;
  const twice = 2n * (num - floor * den);
  const up = twice > den || (twice === den && floor % 2n === 1n);
  return Number(floor + (up ? 1n : 0n));
}

/** Minor units of EUR at the rates of the simulation: 1 EUR is 1.25 USD or 160 JPY; SEK has no rate. */
export function inEuro({ amountMinor, currency }: Payment): number | null {
  switch (currency) {
    case 'EUR':
      return amountMinor;
    case 'USD':
      return halfEven(BigInt(amountMinor) * 4n, 5n);
    case 'JPY':
      return halfEven(BigInt(amountMinor) * 5n, 8n);
    case 'SEK':
      return null;
    default:
      return currency satisfies never;
  }
}

/** Amounts in EUR; those without a rate are skipped, but the current one must have one. */
function euros(books: Books, payments: Payments | null): readonly number[] | null {
  if (payments === null || (payments.includes(books.now) && inEuro(books.now.message) === null)) return null;
  return payments.flatMap(({ message }) => inEuro(message) ?? []);
}

const shown = (minor: number | null | undefined): Value =>
  minor === null || minor === undefined ? null : `${amountText(minor, 'EUR')} EUR`;
const total = (values: readonly number[] | null): number | null =>
  values?.reduce((sum, value) => sum + value, 0) ?? null;
const size = (arrivals: readonly Arrival[] | null): number | null => arrivals?.length ?? null;

const dayInBerlin = (ms: number): string =>
  Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO('Europe/Berlin').toPlainDate().toString();

/** Names as in audit.policy.yaml. */
const MEASURES: Readonly<Record<string, (books: Books) => Value>> = {
  card_count_1h: (books) => size(books.within(books.all('card'), HOUR_MS)),
  card_prior_10m: (books) => size(books.within(books.past('card'), 10 * MINUTE_MS)),
  card_merchant_count_1h: (books) => size(books.within(books.all('card', 'merchant'), HOUR_MS)),
  card_sum_24h: (books) => shown(total(euros(books, books.within(books.all('card'), DAY_MS)))),
  card_avg_24h(books) {
    const values = euros(books, books.within(books.all('card'), DAY_MS));
    return values === null ? null : shown(halfEven(BigInt(total(values) ?? 0), BigInt(values.length)));
  },
  card_declines_24h: (books) =>
    books.within(books.all('card'), DAY_MS)?.filter((one) => books.known(one, 'status') === 'declined')
      .length ?? null,
  card_chargebacks_30d: (books) =>
    books.within(books.past('card'), 30 * DAY_MS)?.filter((one) => books.known(one, 'label') === 'chargeback')
      .length ?? null,
  card_earlier_hour(books) {
    const two = books.within(books.past('card'), 2 * HOUR_MS);
    const one = books.within(books.past('card'), HOUR_MS);
    return two === null || one === null ? null : two.length - one.length;
  },
  card_last_amount: (books) => shown(euros(books, books.within(books.past('card'), 7 * DAY_MS))?.at(-1)),
  card_declines_of_3: (books) =>
    books
      .all('card')
      ?.slice(-3)
      .filter((one) => books.known(one, 'status') === 'declined').length ?? null,
  card_since_approval(books) {
    const past = books.past('card');
    const approved = past?.findLastIndex((one) => books.known(one, 'status') === 'approved') ?? -1;
    return size(books.within(past?.slice(approved + 1) ?? null, DAY_MS));
  },
  card_refunds_7d: (books) => size(books.within(books.told('refund', 'card'), 7 * DAY_MS)),
  customer_logins_1h: (books) => size(books.within(books.told('login', 'customer'), HOUR_MS)),
  device_cards_24h(books) {
    const payments = books.within(books.all('device'), DAY_MS);
    if (payments === null || books.now.message.card === undefined) return null;
    return new Set(payments.flatMap(({ message }) => message.card ?? [])).size;
  },
  merchant_max_7d(books) {
    const values = euros(books, books.within(books.all('merchant'), 7 * DAY_MS));
    return values === null ? null : shown(Math.max(...values));
  },
  debtor_out_day(books) {
    const today = dayInBerlin(books.now.tMs);
    const transfers = books
      .all('debtor')
      ?.filter(({ message, tMs }) => message.kind === 'transfer' && dayInBerlin(tMs) === today);
    return shown(total(euros(books, transfers ?? null)));
  },
  payee_paid_30d: (books) =>
    books
      .within(books.past('debtor', 'creditor'), 30 * DAY_MS)
      ?.some((one) => books.known(one, 'status') === 'approved') ?? null,
};

/**
 * Every feature of the audit policy, as a decision shows it; `before` is what arrived earlier at the same
 * tenant.
 */
export function naiveFeatures(now: Arrival<Payment>, before: readonly Arrival[]): Values {
  const books = new Books(now, before);
  return Object.fromEntries(Object.entries(MEASURES).map(([name, measure]) => [name, measure(books)]));
}
