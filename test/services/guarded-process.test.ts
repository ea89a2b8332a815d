import { equal, rejects } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { GuardedProcess } from './guarded-process.ts';

const SLEEP = { path: 'sleep', env: {} };

async function surroundings(t: TestContext): Promise<{ readonly folder: string; readonly logFile: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-guarded-'));
  t.after(() => rm(folder, { recursive: true }));
  return { folder, logFile: join(folder, 'log') };
}

/** Whether it runs, or stands still; a process that has ended and waits for its parent does not count. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

for (const state of ['running', 'paused'] as const) {
  test(`a ${state} server ends with the process that started it and was killed with -9`, async (t) => {
    const { folder, logFile } = await surroundings(t);
    const module = JSON.stringify(join(import.meta.dirname, 'guarded-process.ts'));
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', `
      import { GuardedProcess } from ${module};
      const [folder, logFile] = process.argv.slice(1);
      const server = new GuardedProcess({ path: 'sleep', env: {} }, ['600'], { folder, logFile });
      const { readFileSync } = await import('node:fs');
      const isUp = async () => readFileSync('/proc/' + server.pid + '/comm', 'utf8') === 'sleep\\n';
      await server.ready('sleep', isUp, 20_000);
      ${state === 'paused' ? `server.signal('SIGSTOP');` : ''}
      console.log(server.pid);
      setInterval(() => {}, 1000);
    `, folder, logFile], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [printed] = await once(parent.stdout, 'data');
    const pid = Number(String(printed));
    equal(isAlive(pid), true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    // The test runner's own limit ends this where the guard does not work.
    while (isAlive(pid)) await sleep(10);
  });
}

test('a paused process is ended all the same', async (t) => {
  const one = new GuardedProcess(SLEEP, ['600'], await surroundings(t));
  const { pid } = one;
  one.signal('SIGSTOP');
  await one.end('SIGTERM');
  equal(isAlive(pid), false);
  await one.end('SIGTERM');
});

test('who ends before it is ready has its last words in the error', async (t) => {
  const program = { path: 'sh', env: { WORDS: 'no disk' } };
  const one = new GuardedProcess(program, ['-c', 'echo "$WORDS" >&2; exit 3'], await surroundings(t));
  await rejects(one.ready('sh', () => Promise.resolve(false), 60_000), /sh ended: \nno disk/);
});

test('who is not ready in time is ended', async (t) => {
  const one = new GuardedProcess(SLEEP, ['600'], await surroundings(t));
  const { pid } = one;
  await rejects(one.ready('sleep', () => Promise.resolve(false), 50), /sleep is not ready in 50 ms/);
  equal(isAlive(pid), false);
});

test('a program that is not there is an error, not silence', async (t) => {
  const one = new GuardedProcess({ path: 'no-such-program', env: {} }, [], await surroundings(t));
  await rejects(one.ready('it', () => Promise.resolve(false), 60_000), /it ended: \n.*no-such-program/);
});
