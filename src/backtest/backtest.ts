/**
 * One pass over the past: every event counts in one window store, and every payment of the period is judged
 * by each candidate at the moment, and over the windows, that it had when it arrived.
 */
import { formatInstant } from '#domain/instant.ts';
import { LIMITS } from '#domain/limits.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import { loadCheckpoint, removeCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { policyReadsMarks } from './contender.ts';
import { HistoryRefused, type History } from './history.ts';
import { Judging, type JudgingParts, type SavedJudging } from './judging.ts';
import { orderHash, type BacktestOrder } from './order.ts';
import { windowReachOf } from './sides.ts';

export interface BacktestParts extends JudgingParts {
  readonly history: History;
  /** Called often; cheap. `last` is of the history. */
  readonly progress?: (position: number, last: number) => void;
  /** Asked often; a run that was cancelled leaves its checkpoint. */
  readonly cancelled?: () => boolean;
  readonly checkpoint?: { readonly file: string; readonly everyMs: number; readonly everyRecords?: number };
  /**
   * Asked at the end of the history: does it go on? Resolves when there is more to read, false to end.
   * Without
   * it the run ends there.
   */
  readonly more?: () => Promise<boolean>;
}

export interface BacktestEnd {
  readonly status: 'done' | 'cancelled';
  readonly run: BacktestRun;
}

const SAFETY_MS = LIMITS.occurredBehindMsMax;

export class BacktestRun {
  readonly judging: Judging;
  /** How far back the windows of the policies reach at most, ms. */
  readonly reachMs: number;
  /** Marks may be older than any window, and what followed the log did so from its beginning. */
  readonly #readsAll: boolean;
  readonly #parts: BacktestParts;
  #readFromStart = false;
  /** Position to read next; 0 before the first look. */
  #next = 0;
  #savedAtMs = 0;
  #digest: string | undefined;

  constructor(order: BacktestOrder, parts: BacktestParts) {
    this.#parts = parts;
    this.judging = new Judging(order, parts);
    const policies = this.judging.sides.flatMap(({ judge }) => judge.policies);
    this.reachMs = windowReachOf(policies, this.judging.retentionMs);
    this.#readsAll = this.judging.follows || policies.some(policyReadsMarks);
  }

  /** Did it see all of the past? */
  get readFromStart(): boolean { return this.#readFromStart; }
  get position(): number { return this.#next - 1; }

  async run(): Promise<BacktestEnd> {
    const { history, checkpoint, more } = this.#parts;
    const { order, accounts, tenants } = this.judging;
    await this.#resume();
    if (this.#next === 0) await this.#begin();
    const standing = await history.inForceBefore(this.#next);
    if (standing !== undefined) this.judging.standAt(standing);
    this.#savedAtMs = performance.now();
    do {
      if (await this.#read() === 'cancelled') return { status: 'cancelled', run: this };
    } while (more !== undefined && await more());
    if (more !== undefined) {
      await this.#save();
      return { status: 'cancelled', run: this };
    }
    this.#refuseNothing();
    for (const { transactionId, label, knownAtMs } of order.labels) {
      for (const tenant of tenants) accounts.labels.set(tenant, transactionId, label, knownAtMs);
    }
    if (checkpoint !== undefined) await removeCheckpoint(checkpoint.file);
    return { status: 'done', run: this };
  }

  /** To the end of what there is. */
  async #read(): Promise<'read' | 'cancelled'> {
    const { history, progress, cancelled, checkpoint } = this.#parts;
    const { untilMs } = this.judging.order;
    for await (const record of history.read(this.#next)) {
      if (record.receivedAtMs < untilMs || tells(record)) this.judging.take(record);
      this.#next = record.position + 1;
      progress?.(record.position, history.last);
      const stop = cancelled?.() === true;
      if (checkpoint !== undefined) {
        const late = (record.position & 1_023) === 0
          && performance.now() - this.#savedAtMs > checkpoint.everyMs;
        const due = record.position % (checkpoint.everyRecords ?? Infinity) === 0;
        if (stop || late || due) await this.#save();
      }
      if (stop) return 'cancelled';
    }
    return 'read';
  }

  #refuseNothing(): void {
    const { counts } = this.judging.accounts;
    if (counts.payments > 0) return;
    const { title } = this.#parts.history;
    if (counts.records === 0) throw new HistoryRefused(`${title} is empty: there is nothing to judge`);
    throw new HistoryRefused(`${title} has no payment in the period: it reaches from `
      + `${formatInstant(counts.historyFromMs ?? 0)} to ${formatInstant(counts.historyUntilMs ?? 0)}`);
  }

  async #begin(): Promise<void> {
    const { fromMs } = this.judging.order;
    this.#next = await this.#parts.history.startAt(
      this.#readsAll ? -Infinity : fromMs - this.reachMs - SAFETY_MS);
    this.#readFromStart = this.#next === 1;
  }

  async #resume(): Promise<void> {
    const { checkpoint } = this.#parts;
    const found = checkpoint && await loadCheckpoint(checkpoint.file, this.#hash);
    if (found === undefined) return;
    const { next, readFromStart, judging } = found.state as SavedRun;
    this.#readFromStart = readFromStart;
    this.judging.load(judging, found.stores);
    this.#next = next;
  }

  async #save(): Promise<void> {
    const { checkpoint } = this.#parts;
    if (checkpoint === undefined) return;
    const { state: judging, stores } = this.judging.save();
    const state: SavedRun = { next: this.#next, readFromStart: this.#readFromStart, judging };
    await saveCheckpoint(checkpoint.file, { order: this.#hash, state, stores });
    this.#savedAtMs = performance.now();
  }

  /** The order has every list in it, once a candidate: it is digested once, and not at every checkpoint. */
  get #hash(): string {
    const { title, content = '' } = this.#parts.history;
    return this.#digest ??= orderHash(this.judging.order, `${title}\n${content}`);
  }
}

/** Labels that come after the period say what proved true of it. */
const tells = ({ kind }: LogRecord): boolean => kind === 'event';

interface SavedRun {
  readonly next: number;
  readonly readFromStart: boolean;
  readonly judging: SavedJudging;
}
