/** A thread that answers questions of the life cycle one by one, beside the deciding one. */
import { Worker } from 'node:worker_threads';
import { PartUnavailable } from '#lifecycle/parts.ts';
import { ThreadInTurns } from './thread-in-turns.ts';

/** An endless piece of work must not keep the others waiting for ever. */
const ANSWER_MS_MAX = 60_000;
const IDLE_MS = 30_000;

export interface Asked<Question> { readonly id: number; readonly question: Question }
/** What the thread posts: the answer, or why there is none. */
export type Told<Answer> = { readonly answer: Answer } | { readonly failure: string };

export interface AskingThread<Question, Answer> {
  /** Rejects with PartUnavailable. */
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

/** `what` it does, as in "checking"; the script is to call `answerQuestions`. */
export function askingThread<Question, Answer>(
  script: URL, workerData: unknown, what: string, answerMsMax = ANSWER_MS_MAX,
): AskingThread<Question, Answer> {
  const thread = new ThreadInTurns<Asked<Question>, Told<Answer>, Told<Answer>>({
    newThread: () => new Worker(script, { workerData }), answerMsMax, idleMs: IDLE_MS, hear: (told) => told,
    words: {
      late: `${what} took more than ${answerMsMax} ms`, exit: () => `the ${what} thread ended`,
      stopped: 'the server is stopping',
    },
  });
  let last = 0;
  return {
    async ask(question) {
      const told = await thread.ask({ id: last += 1, question });
      if ('failure' in told) throw new PartUnavailable(told.failure);
      return told.answer;
    },
    stop: () => thread.stop(),
  };
}
