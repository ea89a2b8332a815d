/** How many payments got which verdict, by hour of arrival and segment, and how many alerts a day. */
import { VERDICT_SPAN } from './verdict.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

export class TrafficCounts {
  readonly #hours = new Map<number, Map<number, number>>();
  readonly #segments = new Map<string, number>();
  readonly #alerts = new Map<number, number>();
  #hour = Number.NaN;
  #counts: Map<number, number> = new Map();

  /** `segment` is the payment's, by which the brake counts, or empty. */
  add(receivedAtMs: number, segment: string, verdict: number, alert: boolean): void {
    const hour = Math.floor(receivedAtMs / HOUR_MS);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#counts = this.#hours.get(hour) ?? new Map<number, number>();
      this.#hours.set(hour, this.#counts);
    }
    let index = this.#segments.get(segment);
    if (index === undefined) this.#segments.set(segment, (index = this.#segments.size));
    const key = index * VERDICT_SPAN + verdict;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    if (!alert) return;
    const day = Math.floor(receivedAtMs / DAY_MS);
    this.#alerts.set(day, (this.#alerts.get(day) ?? 0) + 1);
  }

  /** Alerts of a day, counted from 1970-01-01 UTC. */
  alertsOn(day: number): number { return this.#alerts.get(day) ?? 0; }

  /** For each hour that had a payment, each segment and verdict with its count. */
  *hours(): Generator<readonly SegmentCount[]> {
    const names = [...this.#segments.keys()];
    for (const [, counts] of [...this.#hours].toSorted(([a], [b]) => a - b)) {
      yield [...counts].map(([key, count]) => ({
        segment: names[Math.floor(key / VERDICT_SPAN)] ?? '', verdict: key % VERDICT_SPAN, count,
      }));
    }
  }

  save(): SavedCounts { return { hours: this.#hours, segments: this.#segments, alerts: this.#alerts }; }

  load({ hours, segments, alerts }: SavedCounts): void {
    for (const [hour, counts] of hours) this.#hours.set(hour, new Map(counts));
    for (const [name, index] of segments) this.#segments.set(name, index);
    for (const [day, count] of alerts) this.#alerts.set(day, count);
  }
}

export interface SegmentCount {
  readonly segment: string;
  readonly verdict: number;
  readonly count: number;
}

export interface SavedCounts {
  readonly hours: ReadonlyMap<number, ReadonlyMap<number, number>>;
  readonly segments: ReadonlyMap<string, number>;
  readonly alerts: ReadonlyMap<number, number>;
}
