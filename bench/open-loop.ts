/**
 * Open-loop load: calls start when a Poisson process says so, however the server does, and a call's latency
 * counts from its intended start. A stall therefore costs every call that it delayed (no coordinated
 * omission).
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Connection, faultOf, isDegraded } from './connection.ts';
import type { Answer } from './connection.ts';
import { Latency } from './latency.ts';
import { sharedNowMs } from './pacer.ts';
import type { PacerOrders } from './pacer.ts';

const CONNECTION_COUNT_MAX = 256;
const DRAIN_MS_MAX = 10_000;
/** Servers close connections that were idle for 5 s (Node's default); a call must not meet that moment. */
const IDLE_MS_MAX = 3_000;

export interface LoadOrders extends PacerOrders {
  readonly url: URL;
  readonly key: string;
  readonly warmUpSeconds: number;
  /** The body of the call that starts now, at a wall-clock time in ms. */
  readonly body: (atMs: number) => string;
  /** Called when the warm-up is over and when the last intended start has passed. */
  readonly onMeasuring: () => void;
  readonly onMeasured: () => void;
}

export interface LoadResult {
  readonly latency: Latency;
  /** Answered in the measured interval, per second of it. */
  readonly achievedPerSecond: number;
  /**
   * Calls answered between `onMeasuring` and `onMeasured`: what the server's CPU time of that interval went
   * into.
   */
  readonly answered: number;
  readonly errors: number;
  readonly degraded: number;
  readonly firstError: string | undefined;
}

interface Call { readonly dueMs: number; readonly measured: boolean }

export async function runLoad(orders: LoadOrders): Promise<LoadResult> {
  const run = new LoadRun(orders);
  const { seed, perSecond, seconds, warmUpSeconds } = orders;
  const workerData: PacerOrders = { seed, perSecond, seconds: seconds + warmUpSeconds };
  const pacer = new Worker(new URL('pacer.ts', import.meta.url), { workerData });
  pacer.on('message', (dueMs: number) => (dueMs < 0 ? run.lastStarted() : run.start(dueMs)));
  await once(pacer, 'exit');
  await run.drained();
  return run.result();
}

class LoadRun {
  readonly #orders: LoadOrders;
  readonly #latency = new Latency();
  readonly #idle: { readonly connection: Connection; readonly sinceMs: number }[] = [];
  readonly #queue: Call[] = [];
  /** Those that wait for an answer. */
  readonly #busy = new Set<Connection>();
  #connections = 0;
  #pending = 0;
  #measureFromMs = 0;
  #measureToMs = 0;
  #answered = 0;
  #errors = 0;
  #degraded = 0;
  #firstError: string | undefined;

  constructor(orders: LoadOrders) {
    this.#orders = orders;
  }

  start(dueMs: number): void {
    if (this.#measureFromMs === 0) this.#measureFromMs = dueMs + this.#orders.warmUpSeconds * 1_000;
    const measured = dueMs >= this.#measureFromMs;
    if (measured && this.#measureToMs === 0) {
      this.#measureToMs = Infinity;
      this.#orders.onMeasuring();
    }
    this.#pending++;
    const connection = this.#free() ?? this.#open();
    if (connection === undefined) this.#queue.push({ dueMs, measured });
    else this.#send(connection, { dueMs, measured });
  }

  lastStarted(): void {
    this.#measureToMs = sharedNowMs();
    this.#orders.onMeasured();
  }

  async drained(): Promise<void> {
    const untilMs = sharedNowMs() + DRAIN_MS_MAX;
    while (this.#pending > 0 && sharedNowMs() < untilMs) await new Promise((wake) => setTimeout(wake, 10));
    for (const { connection } of this.#idle) connection.close();
    const lost = this.#pending;
    for (const connection of this.#busy) connection.close();
    if (lost > 0) this.#failed(`${lost} calls had no answer in ${DRAIN_MS_MAX} ms`, lost);
  }

  result(): LoadResult {
    const seconds = (this.#measureToMs - this.#measureFromMs) / 1_000;
    return {
      latency: this.#latency,
      achievedPerSecond: this.#answered / seconds,
      answered: this.#answered,
      errors: this.#errors,
      degraded: this.#degraded,
      firstError: this.#firstError,
    };
  }

  /** The one used last; where that is too long ago, so it is for all below it. */
  #free(): Connection | undefined {
    const last = this.#idle.pop();
    if (last === undefined || (!last.connection.broken && sharedNowMs() - last.sinceMs < IDLE_MS_MAX)) {
      return last?.connection;
    }
    for (const { connection } of [last, ...this.#idle]) connection.close();
    this.#connections -= this.#idle.length + 1;
    this.#idle.length = 0;
    return undefined;
  }

  #open(): Connection | undefined {
    if (this.#connections >= CONNECTION_COUNT_MAX) return undefined;
    this.#connections++;
    return new Connection(this.#orders.url, this.#orders.key);
  }

  #send(connection: Connection, call: Call): void {
    this.#busy.add(connection);
    connection.call(this.#orders.body(Date.now()), (answer) => this.#answer(connection, call, answer));
  }

  #answer(connection: Connection, call: Call, answer: Answer | Error): void {
    this.#busy.delete(connection);
    this.#pending--;
    const nowMs = sharedNowMs();
    if (nowMs >= this.#measureFromMs && nowMs < this.#measureToMs) this.#answered++;
    if (call.measured) this.#latency.record(nowMs - call.dueMs);
    const fault = answer instanceof Error ? answer.message : faultOf(answer);
    if (fault !== undefined) this.#failed(fault, 1);
    else if (!(answer instanceof Error) && isDegraded(answer)) this.#degraded++;
    if (connection.broken) this.#connections--;
    const next = this.#queue.shift();
    const free = connection.broken ? undefined : connection;
    if (next === undefined) {
      if (free !== undefined) this.#idle.push({ connection: free, sinceMs: nowMs });
      return;
    }
    const other = free ?? this.#open();
    if (other === undefined) this.#queue.unshift(next);
    else this.#send(other, next);
  }

  #failed(what: string, count: number): void {
    this.#errors += count;
    this.#firstError ??= what.slice(0, 300);
  }
}
