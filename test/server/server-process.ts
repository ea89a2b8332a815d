/** The real server as a process of its own, so that it can be killed. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Caller } from './caller.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const READY_MS_MAX = 20_000;
const POLL_MS = 20;
const KEY = 'assay-test-key-0123456789abcdef0123456789abcdef';

type Environment = Readonly<Record<string, string>>;

/** A data folder, and the server that runs on it or does not. */
export class ServerProcess {
  readonly folder: string;
  readonly #port: number;
  readonly #env: Environment;
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(folder: string, port: number, env: Environment) {
    this.folder = folder;
    this.#env = env;
    this.#port = port;
  }

  /** `env`: what makes it another than a node alone. */
  static async make(env: Environment = {}): Promise<ServerProcess> {
    return new ServerProcess(await mkdtemp(join(tmpdir(), 'assay-server-')), await freePort(), env);
  }

  caller(connectionCountMax: number): Caller {
    return new Caller({ port: this.#port, key: KEY, connectionCountMax });
  }

  /** Resolves when it is ready; throws with what it printed where it ends first or takes too long. */
  async start(): Promise<void> {
    this.#output = '';
    const child = spawn(process.execPath, ['src/main/serve.ts'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...this.#env,
        PORT: `${this.#port}`,
        HOST: '127.0.0.1',
        ASSAY_DATA: this.folder,
        ASSAY_DEV_KEY: KEY,
      },
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString('utf8')).slice(-20_000);
      });
    }
    const caller = this.caller(1);
    const startedAtMs = performance.now();
    try {
      while (!(await caller.isReady())) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`the server ended:\n${this.#output}`);
        if (performance.now() - startedAtMs > READY_MS_MAX)
          throw new Error(`the server is not ready:\n${this.#output}`);
        await sleep(POLL_MS);
      }
    } finally {
      caller.close();
    }
  }

  /** No warning, no drain. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks it to drain and stop; the exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  /** Ends the process and removes the folder. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}

/** Runs `assay ARGS`; what it printed, and its exit code. */
export async function runAssay(
  args: readonly string[], env: Environment = {},
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, ['src/main/assay.ts', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
  }
  await once(child, 'close');
  return { code: child.exitCode, output };
}
