/**
 * A process of our own that runs when nobody else wants the processor, for long work beside a server. Not a
 * thread: threads of one process share locks (the allocator's, the thread pool's), and one that is not let
 * run while it holds one holds up the thread that decides. Measured in docs/performance.md.
 */
import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export interface BackgroundProcess<Ask, News> {
  ask(ask: Ask): void;
  /** Called with each thing it tells. */
  onNews(listener: (news: News) => void): void;
  /** How it stands behind others, once it runs: see `standBehindOthers`. Never settles where it never ran. */
  readonly standing: Promise<string>;
  /** Why it ended, once it has: what it last said on stderr, or its code. */
  readonly ended: Promise<string>;
  /** At once. */
  kill(): void;
}

/** The first thing that it tells, before any news. */
export interface Began { readonly standing: string }

const LAST_WORDS_CHARS_MAX = 4_096;

/**
 * Linux lets SCHED_IDLE run where a processor is idle, and takes it away within the same tick; nice 19 keeps
 * a share, which payments wait for. All threads of the process inherit it, the collector's too, because it
 * is set before Node begins; a machine without chrt or ionice, or that refuses them, goes on with less.
 */
const BEHIND_OTHERS = `
io=; ionice -c 3 true 2>/dev/null && io='ionice -c 3'
chrt -i 0 true 2>/dev/null && exec chrt -i 0 $io "$@"
nice -n 19 true 2>/dev/null && exec nice -n 19 $io "$@"
exec "$@"`;

/** Node itself where there is no shell; then the other side lowers itself, as well as it can. */
const throughShell = (): ForkOptions => (process.platform === 'win32' ? {} : {
  execPath: '/bin/sh', execArgv: ['-c', BEHIND_OTHERS, 'sh', process.execPath, ...process.execArgv],
});

/** Runs the file, which is to call `inBackground`, and hands it the order. */
export function backgroundProcess<Order extends object, Ask extends object, News>(
  file: string, order: Order,
): BackgroundProcess<Ask, News> {
  const child: ChildProcess = fork(fileURLToPath(new URL(file, import.meta.url)), {
    serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'], ...throughShell(),
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
  let hear: ((news: News) => void) | undefined;
  const standing = new Promise<string>((resolve) => {
    child.once('message', (began) => {
      resolve((began as Began).standing);
      child.on('message', (news) => { hear?.(news as News); });
    });
  });
  return {
    ask: send, ended, standing,
    onNews: (listener) => { hear = listener; },
    kill: () => { child.kill('SIGKILL'); },
  };
}

/** `Error: what happened` of what Node prints where an error ends a process. */
const errorIn = (text: string): string | undefined => /^\w*(?:Error|Refused|Damaged)\b.*$/m.exec(text)?.[0];
