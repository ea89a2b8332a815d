/**
 * Open-loop load: calls start when a Poisson process says so, however the server does, and a call's latency
 * counts from its intended start. A stall therefore costs every call that it delayed (no coordinated
 * omission).
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ConnectionPool } from './connection-pool.ts';
import { faultOf, isDegraded } from './connection.ts';
import type { Answer, Connection } from './connection.ts';
import { Latency } from './latency.ts';
import { sharedNowMs } from './pacer.ts';
import type { PacerOrders } from './pacer.ts';
import type { Sent } from './traffic.ts';

const DRAIN_MS_MAX = 10_000;

export interface LoadOrders extends PacerOrders {
  /** Of each server; a call goes to that of its lane. */
  readonly urls: readonly URL[];
  readonly key: string;
  readonly warmUpSeconds: number;
  /** The call that starts now, at a wall-clock time in ms. */
  readonly next: (atMs: number) => Sent;
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

interface Call { readonly dueMs: number; readonly measured: boolean; readonly body: string }

/** One server, and the calls that wait for a connection to it. */
interface Lane { readonly pool: ConnectionPool; readonly queue: Call[] }

export async function runLoad(orders: LoadOrders): Promise<LoadResult> {
  const run = new LoadRun(orders);
  const { seed, perSecond, seconds, warmUpSeconds, bursts } = orders;
  const workerData: PacerOrders = { seed, perSecond, seconds: seconds + warmUpSeconds, bursts };
  const pacer = new Worker(new URL('pacer.ts', import.meta.url), { workerData });
  pacer.on('message', (dueMs: number) => (dueMs < 0 ? run.lastStarted() : run.start(dueMs)));
  await once(pacer, 'exit');
  await run.drained();
  return run.result();
}

class LoadRun {
  readonly #orders: LoadOrders;
  readonly #latency = new Latency();
  readonly #lanes: readonly Lane[];
  #pending = 0;
  #measureFromMs = 0;
  #measureToMs = 0;
  #answered = 0;
  #errors = 0;
  #degraded = 0;
  #firstError: string | undefined;

  constructor(orders: LoadOrders) {
    this.#orders = orders;
    this.#lanes = orders.urls.map((url) => ({ pool: new ConnectionPool(url, orders.key), queue: [] }));
  }

  start(dueMs: number): void {
    if (this.#measureFromMs === 0) this.#measureFromMs = dueMs + this.#orders.warmUpSeconds * 1_000;
    const measured = dueMs >= this.#measureFromMs;
    if (measured && this.#measureToMs === 0) {
      this.#measureToMs = Infinity;
      this.#orders.onMeasuring();
    }
    this.#pending++;
    const { body, lane: number } = this.#orders.next(Date.now());
    const lane = this.#lanes[number % this.#lanes.length]!;
    lane.queue.push({ dueMs, measured, body });
    this.#sendNext(lane);
  }

  lastStarted(): void {
    this.#measureToMs = sharedNowMs();
    this.#orders.onMeasured();
  }

  async drained(): Promise<void> {
    const untilMs = sharedNowMs() + DRAIN_MS_MAX;
    while (this.#pending > 0 && sharedNowMs() < untilMs) await new Promise((wake) => setTimeout(wake, 10));
    const lost = this.#pending;
    for (const { pool } of this.#lanes) pool.close();
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

  /** Where every connection is busy it waits for the next that is not. */
  #sendNext(lane: Lane): void {
    const connection = lane.queue.length === 0 ? undefined : lane.pool.take();
    const call = connection && lane.queue.shift();
    if (connection === undefined || call === undefined) return;
    connection.call(call.body, (answer) => this.#answer(lane, connection, call, answer));
  }

  #answer(lane: Lane, connection: Connection, call: Call, answer: Answer | Error): void {
    lane.pool.giveBack(connection);
    this.#pending--;
    const nowMs = sharedNowMs();
    if (nowMs >= this.#measureFromMs && nowMs < this.#measureToMs) this.#answered++;
    if (call.measured) this.#latency.record(nowMs - call.dueMs);
    const fault = answer instanceof Error ? answer.message : faultOf(answer);
    if (fault !== undefined) this.#failed(fault, 1);
    else if (!(answer instanceof Error) && isDegraded(answer)) this.#degraded++;
    this.#sendNext(lane);
  }

  #failed(what: string, count: number): void {
    this.#errors += count;
    this.#firstError ??= what.slice(0, 300);
  }
}
