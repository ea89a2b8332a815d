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
}

/** ms on a clock that all threads and processes of the machine share. */
export const sharedNowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

if (parentPort !== null) {
  const { seed, perSecond, seconds } = workerData as PacerOrders;
  const random = seededRandom(seed);
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const startMs = sharedNowMs() + 50;
  const endMs = startMs + seconds * 1_000;
  for (let dueMs = startMs; dueMs < endMs; dueMs += exponential(random, 1_000 / perSecond)) {
    const waitMs = dueMs - sharedNowMs();
    if (waitMs > 0.02) Atomics.wait(sleeper, 0, 0, waitMs);
    parentPort.postMessage(dueMs);
  }
  parentPort.postMessage(-1);
}
