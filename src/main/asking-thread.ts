/** A thread that answers questions one by one: there while they come, and ended when none do. */
import { Worker } from 'node:worker_threads';
import { PartUnavailable } from '#lifecycle/parts.ts';

/** An endless piece of work must not keep the others waiting for ever. */
const ANSWER_MS_MAX = 60_000;
const IDLE_MS = 30_000;

interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: PartUnavailable) => void;
}
/** What the thread posts: the answer to the question of that id, or why there is none. */
export type Told<Answer> =
  | { readonly id: number; readonly answer: Answer }
  | { readonly id: number; readonly failure: string };

export interface AskingThread<Question, Answer> {
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

/**
 * `what` it does, as in "checking"; the script is to call `answerQuestions`. A question that ends the thread,
 * or takes too long, is refused alone: what waits behind it is asked again of a new thread.
 */
export function askingThread<Question, Answer>(
  script: URL, workerData: unknown, what: string, answerMsMax = ANSWER_MS_MAX,
): AskingThread<Question, Answer> {
  /** In the order in which they were asked: the first is worked on. */
  const waiting = new Map<number, Waiting<Question, Answer>>();
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let late: NodeJS.Timeout | undefined;
  let last = 0;

  const end = async (): Promise<void> => {
    const ending = worker;
    worker = undefined;
    clearTimeout(idle);
    clearTimeout(late);
    await ending?.terminate();
  };
  const refuseFirst = (why: string): void => {
    void end();
    const [first] = waiting;
    if (first === undefined) return;
    const [id, { reject }] = first;
    waiting.delete(id);
    reject(new PartUnavailable(why));
    for (const [next, { question }] of waiting) running().postMessage({ id: next, question });
    begin();
  };
  /** The time of a question begins when those before it are answered. */
  const begin = (): void => {
    clearTimeout(late);
    if (waiting.size === 0) return;
    late = setTimeout(() => { refuseFirst(`${what} took more than ${answerMsMax} ms`); }, answerMsMax);
  };
  const answered = (told: Told<Answer>): void => {
    const one = waiting.get(told.id);
    if (one === undefined) return;
    waiting.delete(told.id);
    if ('failure' in told) one.reject(new PartUnavailable(told.failure));
    else one.resolve(told.answer);
    begin();
    if (waiting.size === 0) idle = setTimeout(() => { void end(); }, IDLE_MS).unref();
  };
  const running = (): Worker => {
    if (worker !== undefined) return worker;
    const started = new Worker(script, { workerData });
    started.on('message', (told: Told<Answer>) => { if (worker === started) answered(told); });
    started.on('error', (error: Error) => { if (worker === started) refuseFirst(error.message); });
    started.on('exit', () => { if (worker === started) refuseFirst(`the ${what} thread ended`); });
    started.unref();
    return worker = started;
  };
  return {
    ask: (question) => new Promise((resolve, reject) => {
      clearTimeout(idle);
      const id = last += 1;
      waiting.set(id, { question, resolve, reject });
      running().postMessage({ id, question });
      if (waiting.size === 1) begin();
    }),
    async stop() {
      const ended = end();
      for (const { reject } of waiting.values()) reject(new PartUnavailable('the server is stopping'));
      waiting.clear();
      await ended;
    },
  };
}
