/** What a backtest is asked for. */
import { createHash } from 'node:crypto';
import type { Publication } from '#decisioning/publication.ts';

export interface Candidate {
  readonly name: string;
  /** `as_recorded`: whatever was live at each position, judged again. */
  readonly publication: Publication | 'as_recorded';
  /** In a sweep: the parameter and the value that this candidate has in its place. */
  readonly varies?: { readonly policy: string; readonly param: string; readonly value: string };
}

export interface BacktestOrder {
  /** `recorded`: the decisions that were given; else a candidate, judged beside. */
  readonly baseline: 'recorded' | Candidate;
  readonly candidates: readonly Candidate[];
  /** Arrivals in [fromMs, untilMs) are judged; what came before only counts. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Alerts that people can look at in a day. */
  readonly capacityPerDay: number | undefined;
  /** Labels from elsewhere, beside those of the history. */
  readonly labels: readonly OrderedLabel[];
}

export interface OrderedLabel {
  readonly transactionId: string;
  readonly label: string;
  /** -Infinity where nobody says: any other label of the payment goes before it. */
  readonly knownAtMs: number;
}

/** The order cannot be: a sentence with its fix. */
export class OrderRefused extends Error {}

/** Throws OrderRefused where nothing can arrive in the period. */
export function refuseEmptyPeriod({ fromMs, untilMs }: Pick<BacktestOrder, 'fromMs' | 'untilMs'>): void {
  if (fromMs >= untilMs) {
    throw new OrderRefused('the period ends before it begins: set until to a time after from');
  }
}

/**
 * What names an order, with the history it is about: a checkpoint of another does not fit. Candidates share
 * their lists, which may be long: each is digested once.
 */
export function orderHash(order: BacktestOrder, history: string): string {
  const digests = new Map<unknown, string>();
  const text = JSON.stringify([order, history], (key, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
    if (key !== 'lists') return value;
    const digest = digests.get(value) ?? digestOf(JSON.stringify(value));
    digests.set(value, digest);
    return digest;
  });
  return digestOf(text);
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
