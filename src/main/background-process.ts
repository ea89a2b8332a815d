/**
 * A process of our own at the lowest priority, for long work beside a server. Not a thread: threads of one
 * process share locks (the allocator's, the thread pool's), and one of the lowest priority that is not let
 * run
 * while it holds one holds up the thread that decides. Measured in docs/performance.md.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface BackgroundProcess<Ask, News> {
  ask(ask: Ask): void;
  /** Called with each thing it tells. */
  onNews(listener: (news: News) => void): void;
  /** Why it ended, once it has: what it last said on stderr, or its code. */
  readonly ended: Promise<string>;
  /** At once. */
  kill(): void;
}

const LAST_WORDS_CHARS_MAX = 4_096;

/** Runs the file, which is to call `inBackground`, and hands it the order. */
export function backgroundProcess<Order extends object, Ask extends object, News>(
  file: string, order: Order,
): BackgroundProcess<Ask, News> {
  const child: ChildProcess = fork(fileURLToPath(new URL(file, import.meta.url)), {
    serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_CHARS_MAX);
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => { resolve(error.message); });
    child.once('close', (code, signal) => { resolve(errorIn(lastWords) ?? `it ended with `
      + `${code ?? signal}`); });
  });
  const send = (message: object): void => {
    // A child that has ended hears nothing; that it ended is told by `ended`.
    if (child.connected) child.send(message, () => {});
  };
  send(order);
  return {
    ask: send, ended,
    onNews: (listener) => { child.on('message', (news) => { listener(news as News); }); },
    kill: () => { child.kill('SIGKILL'); },
  };
}

/** `Error: what happened` of what Node prints where an error ends a process. */
const errorIn = (text: string): string | undefined => /^\w*(?:Error|Refused|Damaged)\b.*$/m.exec(text)?.[0];
