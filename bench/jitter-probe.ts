// An otherwise idle process that sleeps one millisecond again and again, and keeps how much longer it took:
// what the machine itself adds to any latency measured meanwhile. Answers the message `stop` with what it
// saw.
import process from 'node:process';
import { Latency } from './latency.ts';

export interface Jitter { readonly p99Ms: number; readonly maxMs: number }

const SLEEP_MS = 1;
const overrun = new Latency();
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

function probe(): void {
  for (let i = 0; i < 20; i++) {
    const startMs = nowMs();
    Atomics.wait(sleeper, 0, 0, SLEEP_MS);
    overrun.record(nowMs() - startMs - SLEEP_MS);
  }
  setImmediate(probe);
}

if (process.send !== undefined) {
  process.on('message', () => {
    const seen: Jitter = { p99Ms: overrun.ms(99), maxMs: overrun.maxMs };
    process.send?.(seen, () => process.exit(0));
  });
  probe();
}
