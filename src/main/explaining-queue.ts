/** A queue of explanations and the thread that makes them, one after the other, while they are asked for. */
import type { Worker } from 'node:worker_threads';
import { messageOf } from '#domain/message-of.ts';
import type { EarlierAsk } from '#explain/earlier-decisions.ts';
import type { Explanation, NotExplained } from '#explain/explanation.ts';
import { PartUnavailable } from '#lifecycle/parts.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import { ThreadInTurns } from './thread-in-turns.ts';

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

type Earlier = Extract<FromExplainer, { kind: 'earlier' }>;
type Told = Exclude<FromExplainer, Earlier>;

export class ExplainingQueue {
  readonly #waitingCountMax: number;
  readonly #thread: ThreadInTurns<ExplainOrder, FromExplainer, Told>;
  #waitingCount = 0;

  constructor({ newThread, earlier, waitingCountMax, answerMsMax, idleMs, tell }: QueueParts) {
    this.#waitingCountMax = waitingCountMax;
    this.#thread = new ThreadInTurns<ExplainOrder, FromExplainer, Told>({
      newThread, answerMsMax, idleMs,
      hear(message, thread) {
        if (message.kind !== 'earlier') return message;
        thread.postMessage(positionsFor(message, earlier));
        return undefined;
      },
      onLost: (why) => { tell(`explain: the thread is started again when it is needed: ${why}`); },
      words: {
        late: `no answer in ${answerMsMax} ms`, exit: (code) => `it ended with ${code}`,
        stopped: 'the server stops',
      },
    });
  }

  async explain(order: ExplainOrder): Promise<QueueAnswer> {
    if (this.#waitingCount >= this.#waitingCountMax) return 'busy';
    this.#waitingCount += 1;
    try {
      return answerIn(await this.#thread.ask(order));
    } catch (error) {
      if (!(error instanceof PartUnavailable)) throw error;
      const notExplained = `the thread that explains was ended: ${error.message}; ask again`;
      return { notExplained, isPassing: true };
    } finally {
      this.#waitingCount -= 1;
    }
  }

  stop(): Promise<void> {
    return this.#thread.stop();
  }
}

function positionsFor({ ask, what }: Earlier, earlier: QueueParts['earlier']): ToExplainer {
  try {
    return { kind: 'earlier', ask, positions: earlier(what) };
  } catch (why) {
    throw new Error(`the windows could not be asked: ${messageOf(why)}`, { cause: why });
  }
}

function answerIn(told: Told): QueueAnswer {
  switch (told.kind) {
    case 'explained': return told.explanation;
    case 'needs_replay': return 'needs_replay';
    case 'failed': throw new Error(told.message);
    default: return told satisfies never;
  }
}
