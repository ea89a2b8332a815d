/**
 * Clients with few entities, so that windows fill, and with a taste for edges: equal times, times exactly a
 * window apart.
 */
import { CURRENCIES } from './message.ts';
import type { Message, Payment, Told } from './message.ts';
import { edition } from './naive-policy.ts';
import type { Measures } from './naive-policy.ts';
import type { SeededRandom } from './seeded-random.ts';

const SPANS_MS = [600_000, 3_600_000, 7_200_000, 86_400_000] as const;
const CARDS = ['c0', 'c1', 'c2', 'c3', 'c4'] as const;
const MERCHANTS = ['m0', 'm1', 'm2'] as const;
const DEVICES = ['d0', 'd1'] as const;
const ACCOUNTS = ['a0', 'a1', 'a2'] as const;
const CUSTOMERS = ['u0', 'u1'] as const;
/** Those of the audit policy that are not final. */
const RULES = ['burst', 'chargeback', 'spend', 'declines', 'many-cards', 'new-payee'] as const;
/** Two tenants use the same names for other things. */
const TENANTS = ['north', 'south'] as const;

/** How far back a message may refer: enough for windows, few enough to be referred to again and again. */
const REMEMBERED_COUNT_MAX = 24;

const ENTITIES = ['card', 'merchant', 'device', 'customer', 'debtor', 'creditor'] as const;
type Entities = Pick<Payment, (typeof ENTITIES)[number]>;

/** The same payer at the same place again. */
function entitiesOf(like: Payment): Entities {
  return Object.fromEntries(
    ENTITIES.flatMap((name) => (like[name] === undefined ? [] : [[name, like[name]]])),
  );
}

export class Workload {
  readonly #random: SeededRandom;
  readonly #payments: Payment[] = [];
  #count = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** In a storm nearly all are payments. */
  next(nowMs: number, within?: 'storm'): Message {
    const toldChance = within === undefined ? 0.3 : 0.05;
    const message =
      this.#payments.length > 0 && this.#random.chance(toldChance) ? this.#told(nowMs) : this.#payment(nowMs);
    if (message.family === 'tx') {
      this.#payments.push(message);
      if (this.#payments.length > REMEMBERED_COUNT_MAX) this.#payments.shift();
    }
    return message;
  }

  /** The same id with another payload, as a client with a mistake sends it. */
  mistaken(message: Message): Message {
    return message.family === 'tx'
      ? { ...message, amountMinor: message.amountMinor + 1 }
      : { ...message, occurredAtMs: message.occurredAtMs + 1 };
  }

  /** What amends the policy from now on. */
  measures(nowMs: number): Measures {
    const random = this.#random;
    const some = <T>(make: () => T): readonly T[] =>
      Array.from({ length: random.between(0, 2) }, () => make());
    const version = 1_000 + random.between(0, 5);
    return {
      held: some(() => ({
        rule: random.pick(RULES), kind: random.pick([undefined, 'card', 'transfer'] as const),
      })),
      snoozes: some(() => ({
        rule: random.pick(RULES), card: random.pick(CARDS), untilMs: nowMs + 100 * 86_400_000,
        fromMs: nowMs + random.between(-7_200_000, 7_200_000),
      })),
      trial: random.chance(0.5) ? undefined
        : { edition: edition(version), share: random.pick([0.2, 0.5, 1] as const), salt: `trial ${version}` },
    };
  }

  #payment(nowMs: number): Payment {
    const random = this.#random;
    const like = random.chance(0.4) ? this.#remembered() : undefined;
    const kind = like?.kind ?? (random.chance(0.75) ? 'card' : 'transfer');
    const currency = random.chance(0.7) ? 'EUR' : random.pick(CURRENCIES);
    const status = random.pick([undefined, 'attempted', 'approved', 'declined', 'declined'] as const);
    return {
      family: 'tx',
      tenant: like?.tenant ?? random.pick(TENANTS),
      id: `p${this.#count++}`,
      occurredAtMs: this.#moment(nowMs, like),
      kind,
      amountMinor: random.chance(0.2) ? random.between(0, 9) : random.between(1, 20_000),
      currency,
      ...(status === undefined ? {} : { status }),
      ...(like === undefined ? this.#entities(kind) : entitiesOf(like)),
    };
  }

  #entities(kind: Payment['kind']): Entities {
    return {
      ...(kind === 'card' ? this.#some('card', CARDS, 0.95) : {}),
      ...(kind === 'card' ? this.#some('merchant', MERCHANTS, 0.8) : {}),
      ...this.#some('device', DEVICES, 0.6),
      ...this.#some('customer', CUSTOMERS, 0.6),
      ...(kind === 'transfer' ? this.#some('debtor', ACCOUNTS, 0.9) : {}),
      ...(kind === 'transfer' ? this.#some('creditor', ACCOUNTS, 0.9) : {}),
    };
  }

  #told(nowMs: number): Told {
    const random = this.#random;
    const type = random.pick(['login', 'refund', 'status', 'status', 'label'] as const);
    const [about = this.#payment(nowMs)] = [this.#remembered()];
    const base = {
      family: 'event' as const,
      tenant: about.tenant,
      id: `e${this.#count++}`,
      type,
      occurredAtMs: this.#moment(nowMs, undefined),
    };
    switch (type) {
      case 'login':
        return { ...base, ...this.#some('customer', CUSTOMERS, 0.9) };
      case 'refund':
        return {
          ...base,
          transactionId: about.id,
          amountMinor: about.amountMinor,
          currency: about.currency,
          ...this.#some('card', CARDS, 0.4),
        };
      case 'status':
        return {
          ...base,
          transactionId: this.#idOf(about),
          status: random.pick(['approved', 'declined', 'reversed'] as const),
          ...this.#knownAt(about),
        };
      case 'label':
        return {
          ...base,
          transactionId: this.#idOf(about),
          label: random.pick(['chargeback', 'chargeback', 'genuine'] as const),
          ...this.#knownAt(about),
        };
      default:
        return type satisfies never;
    }
  }

  /** Mostly a payment that came; sometimes one that is still to come. */
  #idOf(about: Payment): string {
    return this.#random.chance(0.1) ? `p${this.#count + this.#random.between(0, 3)}` : about.id;
  }

  #knownAt(about: Payment): { knownAtMs?: number } {
    if (this.#random.chance(0.4)) return {};
    return { knownAtMs: about.occurredAtMs + this.#random.pick([0, 1, 1_000, 600_000, 3_600_000] as const) };
  }

  /**
   * Now; or late, or ahead, or at an edge: the same ms as another, or exactly a window after it, or 1 ms
   * beside that.
   */
  #moment(nowMs: number, like: Payment | undefined): number {
    const random = this.#random;
    const other = (like ?? this.#remembered())?.occurredAtMs ?? nowMs;
    switch (random.weighted({ now: 40, late: 15, ahead: 3, absurd: 2, same: 15, edge: 25 })) {
      case 'now':
        return nowMs;
      case 'late':
        return nowMs - random.between(1, 2 * 3_600_000);
      case 'ahead':
        return nowMs + random.between(1, 6 * 60_000);
      case 'absurd':
        return nowMs - random.between(6, 40) * 86_400_000;
      case 'same':
        return other;
      case 'edge': {
        const edgeMs = other + random.pick(SPANS_MS) + random.pick([-1, 0, 0, 0, 1] as const);
        return edgeMs > nowMs + 300_000 ? other + random.pick([-1, 0, 1] as const) : edgeMs;
      }
      default:
        return nowMs;
    }
  }

  #remembered(): Payment | undefined {
    const [first, ...others] = this.#payments;
    return first === undefined ? undefined : this.#random.pick([first, ...others]);
  }

  #some<Name extends string, Value extends string>(
    name: Name,
    values: readonly [Value, ...Value[]],
    probability: number,
  ): Partial<Record<Name, Value>> {
    const some: Partial<Record<Name, Value>> = {};
    if (this.#random.chance(probability)) some[name] = this.#random.pick(values);
    return some;
  }
}
