/**
 * Put before a server with `--import` and `--expose-gc`: at SIGUSR2 it collects the whole heap, and writes
 * to the file that BENCH_HEAP names how many bytes of it live. What waits for a collection says nothing.
 */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  process.on('SIGUSR2', () => {
    const { BENCH_HEAP: file } = process.env;
    if (globalThis.gc === undefined || file === undefined) throw new Error('needs --expose-gc, BENCH_HEAP');
    globalThis.gc();
    writeFileSync(file, `${process.memoryUsage().heapUsed}`);
  });
}
