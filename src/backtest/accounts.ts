/** All that a run has counted: what a report is made of, and what a checkpoint keeps. */
import type { LogRecord } from '#ports/decision-log.ts';
import { Comparison, type SavedComparison } from './comparison.ts';
import { Labels, type SavedLabels } from './labels.ts';
import { Ledger, type SavedLedger } from './ledger.ts';
import { TrafficCounts, type SavedCounts } from './traffic-counts.ts';
import { VerdictBook, type Verdict } from './verdict.ts';

/** Plain counts, in the report as they are. */
export interface Counts {
  /** Records read; of them payments and events that only counted. */
  records: number;
  events: number;
  warmUpPayments: number;
  /** Payments judged. */
  payments: number;
  /** Payments of the period that came without a decision to compare with: outside a candidate's tolerance. */
  refused: number;
  /** The same id again, in an imported file. */
  resent: number;
  /** Arrival of the first and the last record read, and of the first and last payment judged; ms, or null. */
  historyFromMs: number | null;
  historyUntilMs: number | null;
  judgedFromMs: number | null;
  judgedUntilMs: number | null;
  publications: number;
}

const noCounts = (): Counts => ({
  records: 0, events: 0, warmUpPayments: 0, payments: 0, refused: 0, resent: 0, historyFromMs: null,
  historyUntilMs: null, judgedFromMs: null, judgedUntilMs: null, publications: 0,
});

/** What judging took, of payments timed now and then; no part of what is equal between runs. */
export interface Timed { micros: number; payments: number }

export class Accounts {
  counts: Counts = noCounts();
  readonly labels = new Labels();
  readonly ledger: Ledger;
  /** A book for each side, the baseline first. */
  readonly books: readonly VerdictBook[];
  readonly traffic: readonly TrafficCounts[];
  /** Of each candidate with the baseline. */
  readonly comparisons: readonly Comparison[];
  readonly timed: readonly Timed[];
  /** Payments in one currency that could not be brought to the report's. */
  unconverted = 0;

  constructor(books: readonly VerdictBook[]) {
    this.books = books;
    this.ledger = new Ledger(books.length);
    this.traffic = books.map(() => new TrafficCounts());
    this.comparisons = books.slice(1).map(() => new Comparison());
    this.timed = books.map(() => ({ micros: 0, payments: 0 }));
  }

  verdict(side: number, number: number): Verdict {
    const verdict = this.books[side]?.verdicts[number];
    if (verdict === undefined) throw new RangeError(`side ${side} has no verdict ${number}`);
    return verdict;
  }

  /** A record was read. */
  seen({ receivedAtMs }: LogRecord): void {
    const { counts } = this;
    counts.records += 1;
    counts.historyFromMs = Math.min(counts.historyFromMs ?? Infinity, receivedAtMs);
    counts.historyUntilMs = Math.max(counts.historyUntilMs ?? -Infinity, receivedAtMs);
  }

  judged(receivedAtMs: number): void {
    const { counts } = this;
    counts.payments += 1;
    counts.judgedFromMs = Math.min(counts.judgedFromMs ?? Infinity, receivedAtMs);
    counts.judgedUntilMs = Math.max(counts.judgedUntilMs ?? -Infinity, receivedAtMs);
  }

  save(): SavedAccounts {
    return {
      counts: this.counts, labels: this.labels.save(), ledger: this.ledger.save(),
      books: this.books.map((book) => book.save()), traffic: this.traffic.map((one) => one.save()),
      comparisons: this.comparisons.map((one) => one.save()), timed: this.timed,
        unconverted: this.unconverted,
    };
  }

  load(saved: SavedAccounts): void {
    this.counts = { ...saved.counts };
    this.labels.load(saved.labels);
    this.ledger.load(saved.ledger);
    saved.books.forEach((book, i) => this.books[i]?.load(book));
    saved.traffic.forEach((one, i) => this.traffic[i]?.load(one));
    saved.comparisons.forEach((one, i) => this.comparisons[i]?.load(one));
    saved.timed.forEach((one, i) => Object.assign(this.timed[i] ?? {}, one));
    this.unconverted = saved.unconverted;
  }
}

export interface SavedAccounts {
  readonly counts: Counts;
  readonly labels: SavedLabels;
  readonly ledger: SavedLedger;
  readonly books: readonly ReturnType<VerdictBook['save']>[];
  readonly traffic: readonly SavedCounts[];
  readonly comparisons: readonly SavedComparison[];
  readonly timed: readonly Timed[];
  readonly unconverted: number;
}
