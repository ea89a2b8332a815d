/** What the API asks of the engine. */
import type { Decision } from '#domain/decision.ts';
import type { Axis } from '#domain/outcome.ts';
import type { EventSchema } from '#domain/field.ts';
import type { DecideAnswer, DecideCall, RecordAnswer } from '#decisioning/call.ts';
import type { Explanation, NotExplained } from '#explain/explanation.ts';
import type { Expiry } from '#lifecycle/expiry.ts';
import type { Lifecycle } from '#lifecycle/lifecycle.ts';
import type { KeyStore } from '#ports/key-store.ts';
import type { WindowStoreSize } from '#ports/window-store.ts';

/** A call with what its headers said beside the body. */
export interface ApiCall extends DecideCall {
  /** W3C trace context, when it was well formed. */
  readonly traceparent?: string;
}

/** A policy in force. */
export interface PolicySummary {
  readonly name: string;
  readonly version: number;
  readonly hash: string;
  readonly title: string;
  readonly kinds: readonly string[];
  readonly rule_count: number;
  readonly feature_count: number;
}

export type Readiness =
  | { readonly ready: true }
  | { readonly ready: false; readonly code: 'starting' | 'log_unavailable'; readonly detail: string };

/** Counts of durations in microseconds; a perf_hooks histogram is one. */
export interface StageHistogram {
  readonly count: number;
  readonly mean: number;
  readonly max: number;
  percentile(percentile: number): number;
}

export interface EngineMeasurements {
  /** By stage of the pipeline: `parse`, `features`, `policy`, `log_fsync`, ... */
  readonly stages: Readonly<Record<string, StageHistogram>>;
  readonly windowStore: WindowStoreSize;
  /** The last durable position of the log. */
  readonly logPosition: number;
  readonly brake: BrakeMeasurements;
  /** What only some installations have: a fleet, an intake. */
  readonly more?: readonly Measurement[];
}

/** A family of /metrics, which asks for no key: nothing of the AML axis, no ids. */
export interface Measurement {
  /** `assay_...`, with the unit last; `_total` for a counter. */
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

/** Counted since the engine opened, but for `held`. */
export interface BrakeMeasurements {
  /** Rules in shadow by the brake, by segment. */
  readonly held: Readonly<Record<Axis, number>>;
  readonly engaged: Readonly<Record<Axis, number>>;
  readonly paged: Readonly<Record<Axis, number>>;
  readonly hits: readonly {
    readonly policy: string; readonly rule: string; readonly axis: Axis; readonly hits: number;
  }[];
}

/** A method that rejects is our fault or the world's: the caller gets `internal`, or `log_unavailable`. */
export interface ApiParts {
  decide(call: ApiCall): Promise<DecideAnswer>;
  /** As `decide`, leaving no trace. */
  simulate(call: ApiCall): Promise<DecideAnswer>;
  /** `{ "event": ... }`. */
  recordEvent(call: ApiCall): Promise<RecordAnswer>;
  findDecision(tenant: string, id: string): Promise<Decision | undefined>;
  findByTransaction(tenant: string, transactionId: string): Promise<Decision | undefined>;
  policies(tenant: string): readonly PolicySummary[];
  /**
   * The decision with this id, made again and told; without `aml` nothing of that axis. Undefined: there is
   * none; `busy`: many wait.
   */
  explain?(
    tenant: string, id: string, aml: boolean,
  ): Promise<Explanation | NotExplained | 'busy' | undefined>;
  readiness(): Readiness;
  measurements(): EngineMeasurements;
  /** Of each live policy, whether the day it was meant to hold until has passed. */
  expiry(): readonly Expiry[];
  /** The event schema in force, for the contract at /openapi.json. */
  schema(): EventSchema;
  readonly keys: Pick<KeyStore, 'find'>;
  /** Undefined while its records are being opened. */
  readonly lifecycle?: () => Lifecycle | undefined;
}
