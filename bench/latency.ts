import { createHistogram } from 'node:perf_hooks';
import type { RecordableHistogram } from 'node:perf_hooks';

/** Times in whole microseconds in a high dynamic range histogram of three digits, read in ms. */
export class Latency {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: 600_000_000, figures: 3 });

  record(ms: number): void {
    this.#histogram.record(Math.max(1, Math.round(ms * 1_000)));
  }

  get count(): number {
    return this.#histogram.count;
  }

  ms(percentile: number): number {
    return this.count === 0 ? 0 : this.#histogram.percentile(percentile) / 1_000;
  }

  get maxMs(): number {
    return this.count === 0 ? 0 : this.#histogram.max / 1_000;
  }
}
