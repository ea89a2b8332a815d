import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import type { Readable } from 'node:stream';
import type { Jitter } from './jitter-probe.ts';

const START_MS_MAX = 60_000;

export interface RunningServer {
  readonly name: string;
  readonly url: URL;
  /** That one, for load that may go to several. */
  readonly urls: readonly URL[];
  readonly key: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a server in a process of its own and waits until it prints the address it listens at. */
export async function startServer(
  name: string, file: string, args: readonly string[], env: Readonly<Record<string, string>> = {},
  key = 'none', nodeFlags: readonly string[] = [],
): Promise<RunningServer> {
  const child = spawn(process.execPath, [...nodeFlags, join(import.meta.dirname, '..', file), ...args], {
    env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  try {
    const url = new URL('/v1/decisions', await addressPrinted(name, child, child.stdout));
    return { name, url, urls: [url], key, pid: child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function addressPrinted(name: string, child: ChildProcess, output: Readable): Promise<string> {
  let printed = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${name} did not start in ${START_MS_MAX} ms`));
    }, START_MS_MAX);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`${name} ended with ${code} before it listened:\n${printed}`));
    });
    output.setEncoding('utf8');
    // It stays connected after the address, so that the server never blocks on a full pipe.
    output.on('data', (text: string) => {
      printed = (printed + text).slice(-10_000);
      const address = /https?:\/\/[0-9.]+:[1-9]\d*/.exec(printed)?.[0];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    });
  });
}

/** Watches the machine's own jitter from now until it is called. */
export function startJitterProbe(): () => Promise<Jitter> {
  const child = fork(join(import.meta.dirname, 'jitter-probe.ts'));
  return async () => {
    const seen = once(child, 'message') as Promise<[Jitter]>;
    child.send('stop');
    return (await seen)[0];
  };
}
