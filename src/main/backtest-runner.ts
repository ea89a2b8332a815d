/** Backtests of a running server: one at a time, in a process beside it, written down as they go. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BacktestReport, RunCost } from '#backtest/report.ts';
import { reportHtml } from '#backtest/report-html.ts';
import { reportText } from '#backtest/report-text.ts';
import { LIMITS } from '#domain/limits.ts';
import { messageOf } from '#domain/message-of.ts';
import type { Publication } from '#decisioning/publication.ts';
import {
  BacktestRefused, type BacktestEnd, type BacktestOrder, type BacktestRunner,
} from '#lifecycle/backtest-runner.ts';
import { SYSTEM_PERSON } from '#ports/key-store.ts';
import type { BacktestRunRecord, Json, RecordStore } from '#ports/records.ts';
import { backtestOrder } from './backtest-order.ts';
import { backtestProcess, type BacktestProcess } from './backtest-process.ts';

export interface BacktestRunnerParts {
  readonly folder: string;
  readonly records: RecordStore;
  readonly now: () => number;
  readonly tell: (line: string) => void;
  /** What is in force, and the last durable position. */
  readonly live: () => {
    readonly base: number; readonly publication: Publication; readonly position: number;
  };
  readonly publicationAt: (position: number) => Promise<Publication | undefined>;
}

type OnEnd = (id: string, end: BacktestEnd) => Promise<void>;

/** Of a run that was asked for, beside what is written down of it. */
interface Queued { run: BacktestRunRecord; readonly onEnd: OnEnd; cancelled: boolean }

/** What is kept as the order of a run: with it, the same run can go on after a restart. */
interface KeptOrder {
  readonly options: { readonly [key: string]: Json };
  readonly base: number;
  readonly until: number;
}
interface KeptReport { readonly report: BacktestReport; readonly cost: RunCost }

const NOTE_EVERY_MS = 2_000;

export interface StoppableRunner extends BacktestRunner {
  /** The run goes on where it was when it is resumed. */
  stop(): Promise<void>;
}

export function backtestRunner(parts: BacktestRunnerParts): StoppableRunner {
  return new Runner(parts);
}

class Runner implements StoppableRunner {
  readonly #parts: BacktestRunnerParts;
  readonly #queue: Queued[] = [];
  /** From when it leaves the queue until its end is written down; the process comes a little later. */
  #running: { readonly one: Queued; child: BacktestProcess | undefined } | undefined;
  #turning: Promise<void> = Promise.resolve();
  #noted: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: BacktestRunnerParts) {
    this.#parts = parts;
  }

  async start(order: BacktestOrder, onEnd: OnEnd): Promise<string> {
    const { live, now, records } = this.#parts;
    const { base, publication, position } = live();
    backtestOrder(order.options, order, publication);
    this.#refuseTooMany();
    const id = `bt_${randomBytes(8).toString('hex')}`;
    const kept: KeptOrder = { options: order.options, base, until: position };
    const run: BacktestRunRecord = {
      id, hash: order.hash, person: order.person, status: 'queued', order: parseJson(kept), done: 0,
        total: position,
      report: null, problem: undefined, atMs: now(), endedAtMs: undefined,
    };
    await records.change({
      atMs: run.atMs, person: order.person, action: 'backtest.queue', subject: `version/${order.hash}`,
        detail: { id },
    }, (writes) => writes.putBacktestRun(run));
    this.#enqueue({ run, onEnd, cancelled: false });
    return id;
  }

  async cancel(id: string): Promise<boolean> {
    const waiting = this.#queue.find(({ run }) => run.id === id);
    if (waiting !== undefined) {
      this.#queue.splice(this.#queue.indexOf(waiting), 1);
      await this.#end(waiting, { status: 'cancelled', problem: 'cancelled before it began' });
      return true;
    }
    if (this.#running?.one.run.id !== id) return false;
    this.#running.one.cancelled = true;
    this.#running.child?.cancel();
    return true;
  }

  async resume(id: string, onEnd: OnEnd): Promise<boolean> {
    const run = await this.#parts.records.backtestRun(id);
    const busy = this.#running?.one.run.id === id || this.#queue.some((one) => one.run.id === id);
    if (run === undefined || busy) return false;
    this.#refuseTooMany();
    this.#enqueue({ run: { ...run, status: 'queued', problem: undefined, endedAtMs: undefined }, onEnd,
      cancelled: false });
    return true;
  }

  async report(id: string, as: 'html' | 'text'): Promise<string | undefined> {
    const run = await this.#parts.records.backtestRun(id);
    if (run?.status !== 'done' || run.report === null) return undefined;
    const { report, cost } = parseKept<KeptReport>(run.report);
    return as === 'html' ? reportHtml(report, cost) : reportText(report, cost);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#running?.child?.cancel();
    await this.#turning;
  }

  #refuseTooMany(): void {
    if (this.#queue.length < LIMITS.backtestQueueMax) return;
    throw new BacktestRefused(`${LIMITS.backtestQueueMax} backtests are waiting already: wait, or cancel `
      + `one`);
  }

  #enqueue(one: Queued): void {
    this.#queue.push(one);
    if (this.#running === undefined) this.#turning = this.#turning.then(() => this.#turn());
  }

  async #turn(): Promise<void> {
    for (let one = this.#queue.shift(); one !== undefined && !this.#stopped; one = this.#queue.shift()) {
      this.#running = { one, child: undefined };
      try {
        await this.#end(one, await this.#run(one));
      } catch (error) {
        this.#parts.tell(`backtest ${one.run.id}: its end is not noted: ${messageOf(error)}`);
      } finally {
        this.#running = undefined;
      }
    }
  }

  /** One that fails is the end of that one, and not of those that wait. */
  async #run(one: Queued): Promise<BacktestEnd> {
    try {
      const end = await (await this.#begin(one)).end;
      // A note that came after the end would take it back.
      await this.#noted;
      if (end.kind === 'done') {
        const { report, cost } = end;
        return { status: 'done', figures: report.candidates[0]!.figures,
          report: parseJson({ report, cost }) };
      }
      if (end.kind !== 'cancelled') return { status: 'failed', problem: end.problem };
      return { status: 'cancelled',
        problem: one.cancelled ? 'cancelled; resume goes on from where it was' : 'the server stopped' };
    } catch (error) {
      return { status: 'failed', problem: messageOf(error) };
    }
  }

  async #begin(one: Queued): Promise<BacktestProcess> {
    const { folder, records, publicationAt, tell } = this.#parts;
    const { options, base, until } = parseKept<KeptOrder>(one.run.order);
    const [publication, version] = await Promise.all([publicationAt(base), records.version(one.run.hash)]);
    if (publication === undefined || version === undefined) {
      throw new Error('the version, or what was live, is not there any more');
    }
    const order = backtestOrder(options, version, publication);
    const place = join(folder, 'backtests');
    mkdirSync(place, { recursive: true });
    let notedAt = performance.now();
    one.run = { ...one.run, status: 'running' };
    await records.noteProgress(one.run);
    const { id } = one.run;
    const child = backtestProcess({
      folder, until, order, custom: publication.custom, checkpoint: join(place, `${id}.checkpoint`),
    }, (done, total) => {
      one.run = { ...one.run, done, total };
      if (performance.now() - notedAt < NOTE_EVERY_MS) return;
      notedAt = performance.now();
      this.#noted = records.noteProgress(one.run).catch((error: unknown) => {
        tell(`backtest ${id}: progress is not noted: ${messageOf(error)}`);
      });
    });
    child.standing.then((standing) => { tell(`backtest ${id}: in ${standing}`); }, () => {});
    this.#running = { one, child };
    if (one.cancelled || this.#stopped) child.cancel();
    return child;
  }

  async #end(one: Queued, end: BacktestEnd): Promise<void> {
    const { records, now } = this.#parts;
    const done = end.status === 'done';
    const run: BacktestRunRecord = {
      ...one.run, status: end.status, endedAtMs: now(), report: done ? end.report : null,
      problem: done ? undefined : end.problem, ...(done ? { done: one.run.total } : {}),
    };
    await records.change({
      atMs: now(), person: SYSTEM_PERSON, action: `backtest.${end.status}`, subject: `version/${run.hash}`,
      detail: { id: run.id },
    }, (writes) => writes.putBacktestRun(run));
    await one.onEnd(run.id, end);
  }
}

/** What was written as JSON by this file. */
const parseKept = <Kept>(json: Json): Kept => json as unknown as Kept;
const parseJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
