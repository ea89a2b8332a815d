// A thread that does nothing but wait for the next intended start and say so. Timers of an event loop count
// whole milliseconds; waiting on an address is exact to about 0.1 ms and burns no CPU, which the server
// needs.
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { exponential, seededRandom } from './random.ts';

export interface PacerOrders {
  readonly seed: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** Every ten seconds, one second of five times the rate. */
  readonly bursts?: boolean | undefined;
}

const BURST = { everyMs: 10_000, forMs: 1_000, times: 5 } as const;
/** Payments of a stretch with a burst in it, over those of one without. */
export const BURST_MEAN = 1 + (BURST.times - 1) * (BURST.forMs / BURST.everyMs);

/** ms on a clock that all threads and processes of the machine share. */
export const sharedNowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

if (parentPort !== null) {
  const { seed, perSecond, seconds, bursts = false } = workerData as PacerOrders;
  const random = seededRandom(seed);
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const startMs = sharedNowMs() + 50;
  const endMs = startMs + seconds * 1_000;
  // A burst ends a stretch, so that what it left behind is seen in the calm after it.
  const rateAt = (dueMs: number): number => {
    const isBurst = bursts && (dueMs - startMs) % BURST.everyMs >= BURST.everyMs - BURST.forMs;
    return isBurst ? perSecond * BURST.times : perSecond;
  };
  for (let dueMs = startMs; dueMs < endMs; dueMs += exponential(random, 1_000 / rateAt(dueMs))) {
    const waitMs = dueMs - sharedNowMs();
    if (waitMs > 0.02) Atomics.wait(sleeper, 0, 0, waitMs);
    parentPort.postMessage(dueMs);
  }
  parentPort.postMessage(-1);
}
