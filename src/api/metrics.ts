/**
 * Measurements for Prometheus. On the path of a decision they are integers that grow and one histogram; all
 * words are made when they are asked for.
 */
import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Decision } from '#domain/decision.ts';
import { OUTCOMES } from '#domain/outcome.ts';
import { REFUSAL_STATUS } from '#domain/refusal.ts';
import type { RefusalCode } from '#domain/refusal.ts';
import type { Expiry } from '#lifecycle/expiry.ts';
import type { EngineMeasurements, StageHistogram } from './parts.ts';

const QUANTILES = [
  ['0.5', 50],
  ['0.95', 95],
  ['0.99', 99],
  ['0.999', 99.9],
] as const;
const EVENT_LOOP_RESOLUTION_MS = 10;

type Labels = Readonly<Record<string, string>>;
type Samples = readonly (readonly [labels: Labels, value: number])[];

const zeros = <K extends string>(names: readonly K[]): Record<K, number> => {
  const counts: Partial<Record<K, number>> = {};
  for (const name of names) counts[name] = 0;
  return counts as Record<K, number>;
};
const CODES = Object.keys(REFUSAL_STATUS) as RefusalCode[];

/** Their causes are words of ours. */
const PARTS_OF_SYSTEM: ReadonlySet<string> = new Set(['windows', 'log']);

export class Metrics {
  /** From the first word of the handler to the answer, microseconds. */
  readonly duration = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
  inFlight = 0;
  replays = 0;
  events = 0;
  degraded = 0;
  readonly refusals = zeros(CODES);
  /** Overall, not by axis: /metrics asks for no key, and what aml raised is not for everyone. */
  readonly #outcomes = zeros(OUTCOMES);
  readonly #degradedParts =
    new Map<string, { readonly part: string; readonly cause: string; count: number }>();
  readonly #eventLoop = monitorEventLoopDelay({ resolution: EVENT_LOOP_RESOLUTION_MS });
  readonly #process = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.#process });
    this.#eventLoop.enable();
  }

  decided(decision: Decision, replayed: boolean): void {
    if (replayed) {
      this.replays += 1;
      return;
    }
    this.#outcomes[decision.outcome] += 1;
    if (decision.degraded.length > 0) this.degraded += 1;
    for (const { part, cause } of decision.degraded) {
      // A rule's name may tell of the AML axis, and the text of a failure of anything.
      if (!PARTS_OF_SYSTEM.has(part)) continue;
      const key = `${part} ${cause}`;
      const counted = this.#degradedParts.get(key) ?? { part, cause, count: 0 };
      counted.count += 1;
      this.#degradedParts.set(key, counted);
    }
  }

  #degradedFamily(): string {
    return family('assay_degraded_parts_total', 'counter', 'Parts that were left out of new decisions.',
      [...this.#degradedParts.values()].map(({ part, cause, count }) => [{ part, cause }, count]));
  }

  stop(): void {
    this.#eventLoop.disable();
    this.#process.clear();
  }

  /** Prometheus text format 0.0.4. */
  async text(engine: EngineMeasurements, expiry: readonly Expiry[]): Promise<string> {
    const store = engine.windowStore;
    const delay = this.#eventLoop;
    const families = [
      family(
        'assay_decisions_total',
        'counter',
        'New decisions by outcome.',
        OUTCOMES.map((outcome) => [{ outcome }, this.#outcomes[outcome]]),
      ),
      family('assay_replays_total', 'counter', 'Stored decisions and events given again.', [
        [{}, this.replays],
      ]),
      family('assay_events_total', 'counter', 'New events and labels.', [[{}, this.events]]),
      family('assay_degraded_total', 'counter', 'New decisions with a part left out.', [[{}, this.degraded]]),
      family(
        'assay_refusals_total',
        'counter',
        'Refusals by code; shedding is the calls that were shed.',
        CODES.map((code) => [{ code }, this.refusals[code]]),
      ),
      family('assay_in_flight', 'gauge', 'Calls that have been taken and not answered.', [
        [{}, this.inFlight],
      ]),
      summary('assay_decision_duration_seconds', 'From the handler to the answer, durable write included.', [
        [{}, this.duration],
      ]),
      summary(
        'assay_stage_duration_seconds',
        'By stage of the pipeline.',
        Object.entries(engine.stages).map(([stage, histogram]) => [{ stage }, histogram]),
      ),
      family(
        'assay_event_loop_delay_seconds',
        'gauge',
        'Delay of the event loop since the last reading.',
        // It measures how long a timer of the resolution took, so the resolution is not delay.
        QUANTILES.map(([quantile, q]) => [
          { quantile },
          Math.max(0, delay.percentile(q) / 1e9 - EVENT_LOOP_RESOLUTION_MS / 1e3),
        ]),
      ),
      family('assay_window_store_events', 'gauge', 'Events in the window store.', [[{}, store.events]]),
      family('assay_window_store_entities', 'gauge', 'Entities in the window store.', [[{}, store.entities]]),
      family('assay_window_store_bytes', 'gauge', 'Memory of the window store.', [[{}, store.bytes]]),
      family('assay_log_position', 'gauge', 'Last durable position of the log.', [[{}, engine.logPosition]]),
    ];
    families.push(...brakeFamilies(engine.brake), expiryFamily(expiry), this.#degradedFamily());
    for (const { name, type, help, samples } of engine.more ?? []) {
      families.push(family(name, type, help, samples));
    }
    delay.reset();
    return `${families.join('')}${await this.#process.metrics()}`;
  }
}

const expiryFamily = (expiry: readonly Expiry[]): string =>
  family('assay_policy_expired', 'gauge', 'Whether a live policy is past its `effective.until`, 0 or 1.',
    expiry.map(({ policy, isExpired }) => [{ policy }, isExpired ? 1 : 0]));

/** Rules of the fraud axis alone: /metrics asks for no key. */
function brakeFamilies({ held, engaged, paged, hits }: EngineMeasurements['brake']): readonly string[] {
  const shown = hits.filter(({ axis }) => axis === 'fraud');
  return [
    family('assay_brake_held', 'gauge', 'Fraud rules in shadow by the brake, by segment.',
      [[{}, held.fraud]]),
    family('assay_brake_engaged', 'counter', 'Fraud rules that the brake has put in shadow.',
      [[{}, engaged.fraud]]),
    family('assay_brake_pages', 'counter', 'Final fraud rules that act far more than expected.',
      [[{}, paged.fraud]]),
    family('assay_rule_hits_total', 'counter', 'Payments on which a live rule of the fraud axis acted.',
      shown.map(({ policy, rule, hits: count }) => [{ policy, rule }, count])),
  ];
}

function family(name: string, type: 'counter' | 'gauge', help: string, samples: Samples): string {
  return head(name, type, help) + samples.map(([labels, value]) => line(name, labels, value)).join('');
}

function summary(
  name: string,
  help: string,
  histograms: readonly (readonly [labels: Labels, histogram: StageHistogram])[],
): string {
  const lines = histograms.flatMap(([labels, histogram]) => [
    ...(histogram.count === 0
      ? []
      : QUANTILES.map(([quantile, q]) => line(name, { ...labels, quantile }, histogram.percentile(q) / 1e6))),
    line(`${name}_sum`, labels, histogram.count === 0 ? 0 : (histogram.mean * histogram.count) / 1e6),
    line(`${name}_count`, labels, histogram.count),
  ]);
  return head(name, 'summary', help) + lines.join('');
}

const head = (name: string, type: string, help: string): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

function line(name: string, labels: Labels, value: number): string {
  const inside = Object.entries(labels)
    .map(([label, text]) => `${label}="${text}"`)
    .join(',');
  return `${name}${inside === '' ? '' : `{${inside}}`} ${Number.isFinite(value) ? value : 'NaN'}\n`;
}
