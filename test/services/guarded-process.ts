import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerProgram } from './debian-packages.ts';

const POLL_MS = 25;
/** The parent may have died before the kernel was told to kill with it: then there is another one by now. */
const STILL_OURS = '[ "$PPID" = "$0" ] || exit 1; exec "$@"';
const LOG_TAIL_CHARS_MAX = 2000;

interface Surroundings {
  readonly folder: string;
  /** What it prints goes at the end of this file. */
  readonly logFile: string;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * A server as a child of this process. INVARIANT: it does not outlive this process, however that ends: the
 * kernel kills it with its parent (`setpriv --pdeathsig`, of util-linux), so `kill -9` leaves nothing behind.
 */
export class GuardedProcess {
  readonly #child: ChildProcess;
  readonly #logFile: string;
  #ended = false;
  #failure = '';

  constructor(program: ServerProgram, args: readonly string[], { folder, logFile, user }: Surroundings) {
    const log = openSync(logFile, 'a');
    this.#logFile = logFile;
    const guard = ['--pdeathsig', 'KILL', 'sh', '-c', STILL_OURS, `${process.pid}`];
    this.#child = spawn('setpriv', [...guard, program.path, ...args], {
      cwd: folder,
      env: { ...process.env, ...program.env },
      stdio: ['ignore', log, log],
      ...user,
    });
    closeSync(log);
    this.#child.on('error', (error) => {
      this.#ended = true;
      this.#failure = `${error.message} (setpriv is in util-linux)`;
    });
    this.#child.on('exit', () => {
      this.#ended = true;
    });
    // A test that forgets to stop a server ends all the same, and the server with it.
    this.#child.unref();
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`nothing was started: ${this.#failure}`);
    return this.#child.pid;
  }

  /** Waits until `isReady`; fails where the process ends before, or `withinMs` are over. */
  async ready(what: string, isReady: () => Promise<boolean>, withinMs: number): Promise<void> {
    const startedAtMs = performance.now();
    while (!(await isReady())) {
      const late = performance.now() - startedAtMs > withinMs;
      if (late || this.#ended) {
        await this.end('SIGKILL');
        throw new Error(`${what} ${late ? `is not ready in ${withinMs} ms` : 'ended'}: ${this.#tail()}`);
      }
      await sleep(POLL_MS);
    }
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#ended) process.kill(this.pid, signal);
  }

  /** Sends the signal and waits for the end; nothing where it has ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#ended) return;
    this.#child.ref();
    const exit = once(this.#child, 'exit');
    this.signal(signal);
    // Else a paused process would keep the signal for later.
    this.signal('SIGCONT');
    await exit;
  }

  #tail(): string {
    return `${this.#failure}\n${readFileSync(this.#logFile, 'utf8').slice(-LOG_TAIL_CHARS_MAX)}`;
  }
}
