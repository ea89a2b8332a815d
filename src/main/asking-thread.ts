/** A thread that answers questions one by one: there while they come, and ended when none do. */
import { Worker } from 'node:worker_threads';

/** An endless piece of work must not keep the others waiting for ever. */
const ANSWER_MS_MAX = 60_000;
const IDLE_MS = 30_000;

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly late: NodeJS.Timeout;
}
/** What the thread posts: the answer to the question of that id, or why there is none. */
export type Told<Answer> =
  | { readonly id: number; readonly answer: Answer }
  | { readonly id: number; readonly failure: string };

export interface AskingThread<Question, Answer> {
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

/** `what` it does, as in "checking"; the script is to call `answerQuestions`. */
export function askingThread<Question, Answer>(
  script: URL, workerData: unknown, what: string,
): AskingThread<Question, Answer> {
  const waiting = new Map<number, Waiting<Answer>>();
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
  const answered = (told: Told<Answer>): void => {
    const one = waiting.get(told.id);
    if (one === undefined) return;
    waiting.delete(told.id);
    clearTimeout(one.late);
    if ('failure' in told) one.reject(new Error(told.failure));
    else one.resolve(told.answer);
    if (waiting.size === 0) idle = setTimeout(() => { void end('idle'); }, IDLE_MS).unref();
  };
  const running = (): Worker => {
    if (worker !== undefined) return worker;
    const started = new Worker(script, { workerData });
    started.on('message', answered);
    started.on('error', (error: Error) => { if (worker === started) void end(error.message); });
    started.on('exit', () => { if (worker === started) void end(`the ${what} thread ended`); });
    started.unref();
    return worker = started;
  };
  return {
    ask: (question) => new Promise((resolve, reject) => {
      clearTimeout(idle);
      const id = last += 1;
      const late = setTimeout(() => { void end(`${what} took more than ${ANSWER_MS_MAX} ms`); },
        ANSWER_MS_MAX);
      waiting.set(id, { resolve, reject, late });
      running().postMessage({ id, question });
    }),
    stop: () => end('the server is stopping'),
  };
}
