/** What the life cycle asks of whoever judges the past again. */
import type { Forecast } from '#decisioning/publication.ts';
import type { Json } from '#ports/records.ts';

/** What the gate compares with the limits of the policy. */
export interface BacktestFigures {
  /** Payments judged in the period, and its length in days. */
  readonly payments: number;
  readonly days: number;
  /** Of the rule that could say least: share of its answers that were unknown, 0 to 1. */
  readonly unknownRateMax: number;
  /** Payments whose outcome was above approve, in the period and on its worst day. */
  readonly alerts: number;
  readonly alertsPerDayMax: number;
  /** What the brake is to hold the rules to, once it is live. */
  readonly forecasts?: readonly Forecast[];
}

export interface BacktestOrder {
  /** Of the version to try. */
  readonly hash: string;
  readonly file: string;
  readonly source: string;
  readonly person: string;
  /** Period, baseline, capacity, sweep: as the caller sent it. The runner refuses what it does not know. */
  readonly options: { readonly [key: string]: Json };
}

export type BacktestEnd =
  | { readonly status: 'done'; readonly figures: BacktestFigures; readonly report: Json }
  | { readonly status: 'failed' | 'cancelled'; readonly problem: string };

type OnEnd = (id: string, end: BacktestEnd) => Promise<void>;

export interface BacktestRunner {
  /**
   * The id of a run that is queued; progress and report go to the records (`backtest_run`). `onEnd` is called
   * once, after the run's record says so. Throws BacktestRefused where the options cannot be.
   */
  start(order: BacktestOrder, onEnd: OnEnd): Promise<string>;
  /** False where no such run can be cancelled. */
  cancel(id: string): Promise<boolean>;
  /** False where there is none, or it runs. One that is done is judged again from the beginning. */
  resume(id: string, onEnd: OnEnd): Promise<boolean>;
  /** The report of a run that is done, as a page; undefined where there is none. */
  report(id: string, as: 'html' | 'text'): Promise<string | undefined>;
}

/** What was asked for cannot be run: a sentence with its fix. */
export class BacktestRefused extends Error {}
