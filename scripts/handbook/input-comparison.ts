/**
 * Two computations of the book's inputs side by side: how many rows, how far apart, and the first that
 * differs.
 */
import { FEATURE_NAMES, IndependentFeatures } from '../../test/handbook/independent-features.ts';

const ERROR_MAX = 1e-6;
/** Days of the published test week, and how many of its payments the book scores. */
const TEST_WEEK = { from: '2018-08-08', to: '2018-08-15' } as const;

export class InputComparison {
  readonly #independent = new IndependentFeatures();
  readonly #worst = FEATURE_NAMES.map(() => 0);
  #rows = 0;
  #testWeekRows = 0;
  #first: string | undefined;

  /** The next line of the CSV, and what the engine measured for it. */
  add(line: string, measured: readonly number[]): void {
    const expected = this.#independent.of(line);
    this.#rows++;
    const day = line.split(',')[1]?.slice(0, 10) ?? '';
    if (day >= TEST_WEEK.from && day < TEST_WEEK.to) this.#testWeekRows++;
    expected.forEach((value, i) => {
      const error = Math.abs(value - (measured[i] ?? Number.NaN));
      this.#worst[i] = Math.max(this.#worst[i] ?? 0, Number.isNaN(error) ? Infinity : error);
      if (error <= ERROR_MAX) return;
      this.#first ??= `${line}: ${FEATURE_NAMES[i]} is ${measured[i]}, expected ${value}`;
    });
  }

  get equal(): boolean {
    return this.#rows > 0 && this.#first === undefined;
  }

  /** One line for each input, and the first difference. */
  report(): string {
    const lines = FEATURE_NAMES.map((name, i) =>
      `  ${name.padEnd(18)} ${(this.#worst[i] ?? 0).toExponential(1)}`);
    const rows = `${this.#rows} rows, ${this.#testWeekRows} of them in the week from ${TEST_WEEK.from}`;
    return [
      `Inputs against an independent computation, ${rows}; largest absolute difference:`, ...lines,
      this.#first === undefined ? `All within ${ERROR_MAX}.` : `First difference: ${this.#first}`,
    ].join('\n');
  }
}
