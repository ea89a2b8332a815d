/** A queue of explanations and the thread that makes them, one after the other, while they are asked for. */
import type { Worker } from 'node:worker_threads';
import { messageOf } from '#domain/message-of.ts';
import type { EarlierAsk } from '#explain/earlier-decisions.ts';
import type { Explanation, NotExplained } from '#explain/explanation.ts';
import type { LogRecord } from '#ports/decision-log.ts';

export interface ExplainOrder {
  readonly kind: 'explain';
  readonly record: LogRecord;
  readonly aml: boolean;
  /** Last position known to be durable; the record's or later. */
  readonly durable: number;
  readonly mayReplay: boolean;
}

export type ToExplainer =
  | ExplainOrder
  | { readonly kind: 'earlier'; readonly ask: number; readonly positions: readonly number[] };

export type FromExplainer =
  | { readonly kind: 'earlier'; readonly ask: number; readonly what: EarlierAsk }
  | { readonly kind: 'explained'; readonly explanation: Explanation | NotExplained }
  /** The record does not suffice, and the order does not allow to read the log again. */
  | { readonly kind: 'needs_replay' }
  | { readonly kind: 'failed'; readonly message: string };

/** `busy`: too many wait. */
export type QueueAnswer = Explanation | NotExplained | 'needs_replay' | 'busy';

export interface QueueParts {
  readonly newThread: () => Worker;
  /** Log positions, from the windows of the deciding thread. */
  readonly earlier: (what: EarlierAsk) => readonly number[];
  /** The one that is being made among them. */
  readonly waitingCountMax: number;
  /** What takes longer has gone wrong. */
  readonly answerMsMax: number;
  readonly idleMs: number;
  readonly tell: (line: string) => void;
}

type Answering = Pick<PromiseWithResolvers<QueueAnswer>, 'resolve' | 'reject'>;

/**
 * INVARIANT: a thread is listened to from its start to its end, whether or not it is asked something; one
 * that has ended, for whatever reason, is never asked again.
 */
export class ExplainingQueue {
  readonly #parts: QueueParts;
  #thread: Worker | undefined;
  #answering: Answering | undefined;
  #idle: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waitingCount = 0;
  #isStopped = false;

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  explain(order: ExplainOrder): Promise<QueueAnswer> {
    if (this.#waitingCount >= this.#parts.waitingCountMax) return Promise.resolve('busy');
    this.#waitingCount += 1;
    const turn = this.#last.then(() => this.#one(order));
    this.#last = turn.catch(() => {}).finally(() => { this.#waitingCount -= 1; });
    return turn;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const thread = this.#thread;
    this.#end('the server stops');
    await thread?.terminate();
  }

  async #one(order: ExplainOrder): Promise<QueueAnswer> {
    if (this.#isStopped) return ended('the server stops');
    clearTimeout(this.#idle);
    const thread = this.#thread ??= this.#started();
    const { promise, resolve, reject } = Promise.withResolvers<QueueAnswer>();
    this.#answering = { resolve, reject };
    const { answerMsMax, idleMs } = this.#parts;
    const late = setTimeout(() => { this.#lose(thread, `no answer in ${answerMsMax} ms`); }, answerMsMax);
    try {
      post(thread, order);
      return await promise;
    } finally {
      clearTimeout(late);
      this.#answering = undefined;
      this.#idle = setTimeout(() => { this.#end('idle'); }, idleMs).unref();
    }
  }

  #started(): Worker {
    const thread = this.#parts.newThread();
    thread.on('message', (message: FromExplainer) => { this.#hear(thread, message); });
    thread.on('error', (why: unknown) => { this.#lose(thread, messageOf(why)); });
    thread.on('exit', (code) => { this.#lose(thread, `it ended with ${code}`); });
    thread.unref();
    return thread;
  }

  #hear(thread: Worker, message: FromExplainer): void {
    if (thread !== this.#thread) return;
    switch (message.kind) {
      case 'earlier': this.#tellEarlier(thread, message); return;
      case 'explained': this.#answering?.resolve(message.explanation); return;
      case 'needs_replay': this.#answering?.resolve('needs_replay'); return;
      case 'failed': this.#answering?.reject(new Error(message.message)); return;
      default: message satisfies never;
    }
  }

  /** What goes wrong here ends the explanation, and not the process. */
  #tellEarlier(thread: Worker, { ask, what }: Extract<FromExplainer, { kind: 'earlier' }>): void {
    try {
      post(thread, { kind: 'earlier', ask, positions: this.#parts.earlier(what) });
    } catch (why) {
      this.#lose(thread, `the windows could not be asked: ${messageOf(why)}`);
    }
  }

  /** By itself, or because it answers no more. */
  #lose(thread: Worker, why: string): void {
    if (thread !== this.#thread) return;
    this.#parts.tell(`explain: the thread is started again when it is needed: ${why}`);
    this.#end(why);
  }

  #end(why: string): void {
    const thread = this.#thread;
    this.#thread = undefined;
    clearTimeout(this.#idle);
    this.#answering?.resolve(ended(why));
    void thread?.terminate();
  }
}

const ended = (why: string): NotExplained =>
  ({ notExplained: `the thread that explains was ended: ${why}; ask again`, isPassing: true });

const post = (thread: Worker, message: ToExplainer): void => { thread.postMessage(message); };
