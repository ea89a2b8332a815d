/**
 * Shared logs behind a breaker; and asked a second time, over another connection, where the first answer is
 * late: an append is found by the second, so nothing is done twice. (Dean and Barroso, The Tail at Scale,
 * CACM 2013.)
 */
import {
  WindowLogUnavailable, type LogAnswer, type LogCall, type WindowLog, type WindowLogFault,
} from '#ports/window-log.ts';
import type { Breaker, Entered } from './breaker.ts';

export interface GuardedWindowLogParts {
  readonly log: WindowLog;
  /** The same logs over another connection; without it nothing is asked twice. */
  readonly spare?: WindowLog;
  readonly breaker: Breaker;
}

type Options = Parameters<WindowLog['call']>[1];

/** Time of the slowest twentieth of the last calls; below it, waiting is the better hedge. */
const HEDGE_SHARE = 0.95;
const HEDGE_MS_MIN = 2;
const LAST_CALLS = 256;
const LOOK_EVERY_CALLS = 64;
/** Of all calls that are asked twice, and how many may be saved up: what is overloaded is not hedged. */
const HEDGED_SHARE_MAX = 0.05;
const HEDGES_SAVED_MAX = 10;
/** Who gave less time than this learns nothing of the logs by running out of it. */
const TELLING_MS_MIN = 5;

export class GuardedWindowLog implements WindowLog {
  readonly #parts: GuardedWindowLogParts;
  readonly #lastMs = new Float64Array(LAST_CALLS);
  #calls = 0;
  #hedgeMs = HEDGE_MS_MIN;
  #hedges = HEDGES_SAVED_MAX;
  #fault: WindowLogFault = 'unreachable';
  readonly counts = { hedged: 0, refusedByBreaker: 0 };

  constructor(parts: GuardedWindowLogParts) {
    this.#parts = parts;
  }

  get breakerState(): Breaker['state'] { return this.#parts.breaker.state; }

  async call(calls: readonly LogCall[], options: Options = {}): Promise<readonly LogAnswer[]> {
    const { breaker } = this.#parts;
    const entered = breaker.enter();
    if (entered === 'open') {
      this.counts.refusedByBreaker += 1;
      throw new WindowLogUnavailable(this.#fault, 'the shared logs did not answer lately; not asked');
    }
    const startedAt = performance.now();
    try {
      const answers = await this.#hedged(calls, options);
      breaker.succeeded(entered);
      this.#took(performance.now() - startedAt);
      return answers;
    } catch (error) {
      this.#failed(error, entered, options.withinMs ?? Infinity);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#parts.log.close();
    await this.#parts.spare?.close();
  }

  #failed(error: unknown, entered: Entered, withinMs: number): void {
    const { breaker } = this.#parts;
    if (!(error instanceof WindowLogUnavailable)) breaker.undecided(entered);
    // Logs that are being restored answer: it is their answer that nothing may be asked.
    else if (error.code === 'recovering') breaker.succeeded(entered);
    else if (error.code === 'late' && withinMs < TELLING_MS_MIN) breaker.undecided(entered);
    else {
      this.#fault = error.code;
      breaker.failed(entered);
    }
  }

  async #hedged(calls: readonly LogCall[], options: Options): Promise<readonly LogAnswer[]> {
    const { log, spare } = this.#parts;
    const first = log.call(calls, options);
    if (spare === undefined) return first;
    const { promise: second, resolve, reject } = Promise.withResolvers<readonly LogAnswer[]>();
    let isAskedTwice = false;
    const timer = setTimeout(() => {
      if (this.#hedges < 1) return;
      isAskedTwice = true;
      this.#hedges -= 1;
      this.counts.hedged += 1;
      spare.call(calls, options).then((answers) => { resolve(asOwn(calls, answers)); }, reject);
    }, this.#hedgeMs);
    first.catch((error: unknown) => { if (!isAskedTwice) reject(error); });
    try {
      return await Promise.any([
        first.then((answers) => (isAskedTwice ? asOwn(calls, answers) : answers)), second,
      ]);
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error;
    } finally {
      clearTimeout(timer);
    }
  }

  #took(ms: number): void {
    this.#hedges = Math.min(HEDGES_SAVED_MAX, this.#hedges + HEDGED_SHARE_MAX);
    this.#lastMs[this.#calls % LAST_CALLS] = ms;
    this.#calls += 1;
    if (this.#calls % LOOK_EVERY_CALLS !== 0) return;
    const known = this.#lastMs.slice(0, Math.min(this.#calls, LAST_CALLS)).toSorted();
    this.#hedgeMs = Math.max(HEDGE_MS_MIN, known[Math.floor(known.length * HEDGE_SHARE)] ?? HEDGE_MS_MIN);
  }
}

/** What the second asking found, to the byte as it would have appended it, the first one had appended. */
function asOwn(calls: readonly LogCall[], answers: readonly LogAnswer[]): readonly LogAnswer[] {
  return answers.map((answer, i) => {
    const { id, bytes } = calls[i]!;
    if (answer.kind !== 'read' || answer.isNew || bytes === undefined) return answer;
    const found = answer.behind.find((entry) => entry.id === id);
    const isOwn = found !== undefined && Buffer.compare(found.bytes, bytes) === 0;
    return isOwn ? { ...answer, isNew: true } : answer;
  });
}
