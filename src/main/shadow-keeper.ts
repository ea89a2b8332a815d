/** Keeps the comparison of champion and challengers going beside a running engine. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shadowOrderOf, type ShadowOrder, type ShadowReport } from '#backtest/shadow-comparison.ts';
import type { Amendment, Publication } from '#decisioning/publication.ts';
import { messageOf } from '#domain/message-of.ts';
import { backgroundProcess, type BackgroundProcess } from './background-process.ts';

export interface ShadowProcessOrder {
  readonly folder: string;
  /** Last position known to be durable. */
  readonly until: number;
  readonly order: ShadowOrder;
  readonly checkpoint: string;
}

export type ShadowAsk =
  | { readonly kind: 'durable'; readonly position: number }
  | { readonly kind: 'report'; readonly id: number }
  | { readonly kind: 'stop' };

export interface ShadowAnswer { readonly id: number; readonly report: ShadowReport }

export interface ShadowKeeperParts {
  readonly folder: string;
  readonly tell: (line: string) => void;
  /** What is in force, and the last durable position. */
  readonly live: () => {
    readonly publication: Publication; readonly amendment: Amendment | undefined; readonly durable: number;
  };
  readonly now: () => number;
  readonly lookEveryMs?: number;
}

export interface ShadowKeeper {
  /** Undefined where nobody challenges, or the comparison has not begun. */
  shadowReport(): Promise<ShadowReport | undefined>;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
const RESTART_MS = 1_000;
const RESTART_MS_MAX = 60_000;
const REPORT_MS_MAX = 30_000;

export function keepShadow(parts: ShadowKeeperParts): ShadowKeeper {
  return new Keeper(parts);
}

type Comparing = BackgroundProcess<ShadowAsk, ShadowAnswer>;

class Keeper implements ShadowKeeper {
  readonly #parts: ShadowKeeperParts;
  readonly #timer: NodeJS.Timeout;
  readonly #asked = new Map<number, (report: ShadowReport | undefined) => void>();
  /** Of the challengers that the worker compares; empty for none. */
  #about = '';
  /** What was in force at the last look: lists are long, and are digested once and not every second. */
  #seen: { readonly publication: Publication; readonly amendment: Amendment | undefined } | undefined;
  #worker: Comparing | undefined;
  #restartMs = RESTART_MS;
  #notBeforeMs = 0;
  #asks = 0;
  #busy = false;

  constructor(parts: ShadowKeeperParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => { this.#look(); }, parts.lookEveryMs ?? LOOK_EVERY_MS);
    this.#timer.unref();
  }

  shadowReport(): Promise<ShadowReport | undefined> {
    const worker = this.#worker;
    if (worker === undefined) return Promise.resolve(undefined);
    const id = this.#asks += 1;
    return new Promise((resolve) => {
      const late = setTimeout(() => { answer(undefined); }, REPORT_MS_MAX);
      const answer = (report: ShadowReport | undefined): void => {
        clearTimeout(late);
        this.#asked.delete(id);
        resolve(report);
      };
      this.#asked.set(id, answer);
      worker.ask({ kind: 'report', id });
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#end();
  }

  #look(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#turn().catch((error: unknown) => {
      this.#parts.tell(`shadow: ${messageOf(error)}`);
    }).finally(() => { this.#busy = false; });
  }

  /** The worker that fits what is in force now, told how far the log is. */
  async #turn(): Promise<void> {
    const { publication, amendment, durable } = this.#parts.live();
    if (publication !== this.#seen?.publication || amendment !== this.#seen.amendment) {
      await this.#turnTo(aboutOf(publication, amendment));
      this.#seen = { publication, amendment };
    }
    if (this.#about === '') return;
    if (this.#worker === undefined && performance.now() >= this.#notBeforeMs) this.#begin();
    if (this.#worker !== undefined) this.#worker.ask({ kind: 'durable', position: durable });
  }

  async #turnTo(about: string): Promise<void> {
    if (about === this.#about) return;
    await this.#end();
    this.#about = about;
    this.#restartMs = RESTART_MS;
    this.#notBeforeMs = 0;
  }

  /**
   * When these challengers were first seen, which is kept: the comparison begins there, whatever was stopped
   * since. What is of others is removed.
   */
  #since(place: string): number {
    mkdirSync(place, { recursive: true });
    for (const old of readdirSync(place)) {
      if (!old.startsWith(this.#about)) rmSync(join(place, old), { force: true });
    }
    const file = join(place, `${this.#about}.since`);
    if (!existsSync(file)) writeFileSync(file, `${this.#parts.now()}\n`);
    return Number(readFileSync(file, 'utf8'));
  }

  #begin(): void {
    const { folder, live } = this.#parts;
    const { publication, amendment, durable } = live();
    const place = join(folder, 'shadow');
    const order = shadowOrderOf(publication, amendment, this.#since(place));
    if (order === undefined) return;
    const checkpoint = join(place, `${this.#about}.checkpoint`);
    const workerOrder: ShadowProcessOrder = { folder, until: durable, order, checkpoint };
    const worker: Comparing = backgroundProcess('./shadow-worker.ts', workerOrder);
    worker.onNews(({ id, report }) => {
      this.#restartMs = RESTART_MS;
      this.#asked.get(id)?.(report);
    });
    worker.standing.then((standing) => { this.#parts.tell(`shadow: compared in ${standing}`); }, () => {});
    worker.ended.then((why) => { this.#fell(worker, why); }, () => {});
    this.#worker = worker;
  }

  /** Begun again from its checkpoint, later and later while it keeps falling. */
  #fell(worker: Comparing, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#forget();
    this.#notBeforeMs = performance.now() + this.#restartMs;
    this.#parts.tell(`shadow: the comparison of challengers fell: ${why}; it begins again in `
      + `${this.#restartMs} ms`);
    this.#restartMs = Math.min(RESTART_MS_MAX, 2 * this.#restartMs);
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#forget();
    if (worker === undefined) return;
    worker.ask({ kind: 'stop' });
    const late = setTimeout(() => { worker.kill(); }, REPORT_MS_MAX);
    await worker.ended;
    clearTimeout(late);
  }

  #forget(): void {
    for (const answer of this.#asked.values()) answer(undefined);
  }

}

/** What the comparison rests on: the champion's publication, and who challenges. */
function aboutOf(publication: Publication, amendment: Amendment | undefined): string {
  const challengers = (amendment?.challengers ?? []).map(({ file, source }) => [file, source]);
  if (challengers.length === 0) return '';
  const { policies, lists, rates, custom } = publication;
  return createHash('sha256').update(JSON.stringify([policies, lists, rates, custom,
    challengers])).digest('hex')
    .slice(0, 32);
}
