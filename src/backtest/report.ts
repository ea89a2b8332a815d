/** What a backtest found, as JSON: counts and shares, with intervals where something was sampled by life. */
import type { Interval } from '#lab/intervals.ts';
import type { Forecast } from '#decisioning/publication.ts';
import type { Outcome } from '#domain/outcome.ts';
import type { Example } from './example-draw.ts';
import type { RuleChange } from './verdict.ts';

export interface BacktestReport {
  readonly format: 'assay.backtest.1';
  readonly history: string;
  readonly period: PeriodReport;
  /** Payments judged, by every side. */
  readonly payments: number;
  /** UTC days from the first judged payment to the last, both counted. */
  readonly days: number;
  readonly currency: string;
  /** Payments whose amount could not be brought to `currency`: not in any sum of money. */
  readonly unconverted: number;
  /** Not judged: outside a candidate's tolerance of time, or the same id again. */
  readonly refused: number;
  readonly resent: number;
  readonly labels: LabelReport;
  readonly capacity_per_day: number | null;
  readonly baseline: SideReport;
  readonly candidates: readonly CandidateReport[];
}

export interface PeriodReport {
  /** RFC 3339: arrival of the first and the last payment judged. */
  readonly from: string;
  readonly until: string;
  readonly warm_up: {
    /** Arrival of the first record that counted. */
    readonly from: string;
    readonly payments: number;
    /** How far the windows of the policies reach back at most, in days. */
    readonly wanted_days: number;
    /** False: windows of the first days of the period begin emptier than they were. */
    readonly complete: boolean;
    /** Reading began with the first record there is. */
    readonly all_of_it: boolean;
  };
}

export interface LabelReport {
  readonly bad: number;
  readonly good: number;
  /** Counted as good: nobody has said anything. */
  readonly unlabelled: number;
  readonly bad_amount: string;
  /** RFC 3339; null without labels. Payments shortly before it may still prove bad. */
  readonly known_until: string | null;
}

/** A share with its 95 % interval (Wilson). */
export interface Share extends Interval {
  readonly count: number;
  readonly of: number;
  readonly value: number | null;
}

/** How payments at or above an outcome fared against labels. */
export interface DetectionReport {
  readonly payments: number;
  readonly bad: number;
  readonly precision: Share;
  readonly recall: Share;
  /** Of the bad ones. */
  readonly bad_amount: string;
}

export interface SideReport {
  readonly name: string;
  readonly policies: readonly { readonly name: string; readonly hash: string; readonly payments: number }[];
  readonly lists: Readonly<Record<string, string>>;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Outcome above approve: somebody is asked or waits. */
  readonly flagged: DetectionReport;
  /** Held or declined: the money did not move. */
  readonly stopped: DetectionReport;
  readonly alerts: {
    readonly total: number; readonly per_day_p50: number; readonly per_day_max: number;
    readonly by_day: readonly { readonly day: string; readonly alerts: number }[];
    /** Null where no capacity was stated. */
    readonly days_over_capacity: number | null;
  };
  readonly rules: readonly RuleReport[];
  readonly unknown_rate_max: number;
  /** The policy could not be applied. */
  readonly degraded: number;
}

export interface RuleReport {
  readonly rule: string;
  readonly hits: number;
  /** Hits that did something: not in shadow, excepted or replaced. */
  readonly acting: number;
  readonly excepted: number;
  readonly unknown: number;
  /** Of the payments that its policy decided. */
  readonly unknown_rate: number;
  readonly bad: number;
  readonly precision: Share;
  readonly recall: Share;
  readonly bad_amount: string;
}

export interface CandidateReport extends SideReport {
  readonly varies: { readonly policy: string; readonly param: string; readonly value: string;
    readonly rules: readonly string[] } | null;
  readonly changed: {
    /** Payments with another outcome; another result on any axis; another answer or act of a rule. */
    readonly outcomes: number; readonly results: number; readonly rules: number;
  };
  readonly transitions: readonly TransitionReport[];
  readonly rule_changes: readonly RuleChangeReport[];
  readonly money: { readonly saved: string; readonly lost: string };
  /** Good payments that are flagged now and were not, and the other way round; and their customers. */
  readonly hurt: { readonly payments: number; readonly customers: number };
  readonly freed: { readonly payments: number; readonly customers: number };
  readonly figures: Figures;
}

export interface TransitionReport {
  readonly from: Outcome; readonly to: Outcome; readonly payments: number; readonly bad: number;
  readonly examples: readonly Example[];
}
export interface RuleChangeReport extends RuleChange {
  readonly payments: number; readonly bad: number; readonly examples: readonly Example[];
}

/** What the gate compares with the limits of the policy, and what the brake holds its rules to. */
export interface Figures {
  readonly payments: number;
  readonly days: number;
  readonly unknownRateMax: number;
  readonly alerts: number;
  readonly alertsPerDayMax: number;
  readonly forecasts: readonly Forecast[];
}

/** What a run took: apart, since no two runs take the same. */
export interface RunCost {
  readonly seconds: number;
  readonly payments_per_second: number;
  /** Judging alone, of payments timed now and then; null where none was, as of decisions that were read. */
  readonly micros_per_decision: readonly { readonly name: string; readonly micros: number | null }[];
}
