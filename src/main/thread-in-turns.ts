/** A thread that is asked one thing after the other: begun when it is asked, and ended when it is idle. */
import type { Worker } from 'node:worker_threads';
import { messageOf } from '#domain/message-of.ts';
import { PartUnavailable } from '#lifecycle/parts.ts';

export interface TurnParts<Message, Answer> {
  readonly newThread: () => Worker;
  /** What takes longer has gone wrong: the thread is ended. */
  readonly answerMsMax: number;
  readonly idleMs: number;
  /** The answer in what it posts, or undefined where it is none. Where this throws, the thread is ended. */
  readonly hear: (message: Message, thread: Worker) => Answer | undefined;
  /** Told when it ended by itself, or had to be ended; not when it is idle or stopped. */
  readonly onLost?: (why: string) => void;
  /** Why a question has no answer. */
  readonly words: {
    readonly late: string;
    readonly exit: (code: number) => string;
    readonly stopped: string;
  };
}

/**
 * A question that ends the thread, or takes too long, is refused alone: what waits behind it is asked of a
 * new one.
 *
 * INVARIANT: a thread is listened to from its start to its end, whether or not it is asked something; one
 * that has ended, for whatever reason, is never asked again.
 */
export class ThreadInTurns<Question, Message, Answer> {
  readonly #parts: TurnParts<Message, Answer>;
  #thread: Worker | undefined;
  #answering: PromiseWithResolvers<Answer> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(parts: TurnParts<Message, Answer>) {
    this.#parts = parts;
  }

  /** Rejects with PartUnavailable where the thread ends before it answers. */
  ask(question: Question): Promise<Answer> {
    const turn = this.#last.then(() => this.#one(question));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#end(this.#parts.words.stopped);
  }

  /** Its time begins when those before it are answered. */
  async #one(question: Question): Promise<Answer> {
    const { answerMsMax, idleMs, words } = this.#parts;
    if (this.#isStopped) throw new PartUnavailable(words.stopped);
    clearTimeout(this.#idle);
    const thread = this.#thread ??= this.#started();
    const answering = this.#answering = Promise.withResolvers<Answer>();
    const late = setTimeout(() => { this.#lose(thread, words.late); }, answerMsMax);
    try {
      thread.postMessage(question);
      return await answering.promise;
    } finally {
      clearTimeout(late);
      this.#answering = undefined;
      this.#idle = setTimeout(() => { void this.#end('idle'); }, idleMs).unref();
    }
  }

  #started(): Worker {
    const thread = this.#parts.newThread();
    thread.on('message', (message: Message) => { this.#hear(thread, message); });
    thread.on('error', (why: unknown) => { this.#lose(thread, messageOf(why)); });
    thread.on('exit', (code) => { this.#lose(thread, this.#parts.words.exit(code)); });
    thread.unref();
    return thread;
  }

  /** What goes wrong here ends the thread, and not the process. */
  #hear(thread: Worker, message: Message): void {
    if (thread !== this.#thread) return;
    try {
      const answer = this.#parts.hear(message, thread);
      if (answer !== undefined) this.#answering?.resolve(answer);
    } catch (why) {
      this.#lose(thread, messageOf(why));
    }
  }

  #lose(thread: Worker, why: string): void {
    if (thread !== this.#thread) return;
    this.#parts.onLost?.(why);
    void this.#end(why);
  }

  async #end(why: string): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    clearTimeout(this.#idle);
    this.#answering?.reject(new PartUnavailable(why));
    await thread?.terminate();
  }
}
