/** What happens next in the simulated world, one thing at a time, in an order that the seed repeats. */
import type { Clock } from '#ports/clock.ts';

interface Planned {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * What the engine does by itself between two things of the world is microtasks, and turns of the event loop
 * in
 * which it gathers what arrives together. They are done when this resolves.
 */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => void setImmediate(resolve));
}

export class VirtualTime {
  /** ms since 1970-01-01T00:00:00Z. Never goes back: what the engine sees is `clock`. */
  nowMs: number;
  /** How wrong the engine's clock is; may change at any moment. */
  clockErrorMs = 0;
  readonly clock: Clock = this.clockOf({ isOver: false });
  stepCount = 0;
  /** A heap by (atMs, order). */
  readonly #plans: Planned[] = [];
  #order = 0;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  /** What a process sees of the time; when its life is over, it does not wake up. */
  clockOf(life: { readonly isOver: boolean }): Clock {
    return {
      now: () => this.nowMs + this.clockErrorMs,
      sleep: (ms) =>
        new Promise((resolve) => {
          this.after(ms, () => {
            if (!life.isOver) resolve();
          });
        }),
    };
  }

  /** Runs it so many ms from now, after everything planned for that moment before. */
  after(delayMs: number, run: () => void): void {
    const plans = this.#plans;
    const planned = { atMs: this.nowMs + delayMs, order: this.#order++, run };
    let at = plans.length;
    plans.push(planned);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!isBefore(planned, plans[parent]!)) break;
      plans[at] = plans[parent]!;
      at = parent;
    }
    plans[at] = planned;
  }

  /** Does the next thing; false where there is none. */
  async step(): Promise<boolean> {
    if (this.#plans.length === 0) await settled();
    const next = this.#take();
    if (next === undefined) return false;
    this.nowMs = next.atMs;
    this.stepCount++;
    next.run();
    await settled();
    return true;
  }

  #take(): Planned | undefined {
    const plans = this.#plans;
    const first = plans[0];
    const last = plans.pop();
    if (first === undefined || last === undefined || plans.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= plans.length) break;
      if (child + 1 < plans.length && isBefore(plans[child + 1]!, plans[child]!)) child++;
      if (!isBefore(plans[child]!, last)) break;
      plans[at] = plans[child]!;
      at = child;
    }
    plans[at] = last;
    return first;
  }
}

const isBefore = (a: Planned, b: Planned): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
