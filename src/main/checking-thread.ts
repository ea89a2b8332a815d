/** The checker of the life cycle: a thread that is there while documents come, and ends when none do. */
import { Worker } from 'node:worker_threads';
import type { CustomField } from '#domain/field.ts';
import type { CheckedPolicy, NotCompiled, PolicyChecker } from '#lifecycle/parts.ts';
import type { CheckOrder } from './check-worker.ts';

/** An endless test of a hostile document must not keep the others waiting for ever. */
const CHECK_MS_MAX = 60_000;
const IDLE_MS = 30_000;

interface Waiting {
  readonly resolve: (checked: CheckedPolicy | NotCompiled) => void;
  readonly reject: (error: Error) => void;
  readonly late: NodeJS.Timeout;
}
interface Answer {
  readonly id: number; readonly checked?: CheckedPolicy | NotCompiled; readonly failure?: string }

export interface CheckingThread { readonly check: PolicyChecker; stop(): Promise<void> }

export function checkingThread(custom: readonly CustomField[]): CheckingThread {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let last = 0;

  const end = async (why: string): Promise<void> => {
    const ending = worker;
    worker = undefined;
    clearTimeout(idle);
    for (const [id, { reject, late }] of waiting) {
      clearTimeout(late);
      waiting.delete(id);
      reject(new Error(why));
    }
    await ending?.terminate();
  };
  const answered = ({ id, checked, failure }: Answer): void => {
    const one = waiting.get(id);
    if (one === undefined) return;
    waiting.delete(id);
    clearTimeout(one.late);
    if (checked === undefined) one.reject(new Error(failure ?? 'no answer'));
    else one.resolve(checked);
    if (waiting.size === 0) idle = setTimeout(() => { void end('idle'); }, IDLE_MS).unref();
  };
  const running = (): Worker => {
    if (worker !== undefined) return worker;
    const started = new Worker(new URL('./check-worker.ts', import.meta.url), { workerData: custom });
    started.on('message', answered);
    started.on('error', (error: Error) => { if (worker === started) void end(error.message); });
    started.on('exit', () => { if (worker === started) void end('the checking thread ended'); });
    started.unref();
    return worker = started;
  };
  return {
    check: (file, source) => new Promise((resolve, reject) => {
      clearTimeout(idle);
      const id = last += 1;
      const late = setTimeout(() => { void end(`checking took more than ${CHECK_MS_MAX} ms`); },
        CHECK_MS_MAX);
      waiting.set(id, { resolve, reject, late });
      running().postMessage({ id, file, source } satisfies CheckOrder);
    }),
    stop: () => end('the server is stopping'),
  };
}
