import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const CHILD = join(import.meta.dirname, 'keeping-process.ts');

/** A process that keeps records, and what it has answered. */
export class KeepingChild {
  readonly answered: number[] = [];
  readonly #child: ReturnType<typeof spawn>;
  readonly #exit: Promise<unknown>;

  constructor(folder: string, first: number, broker = '') {
    const child = spawn(process.execPath, [CHILD, folder, `${first}`, broker],
      { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    this.#exit = once(child, 'exit');
    createInterface(child.stdout).on('line', (line) => { this.answered.push(Number(line)); });
  }

  /** Until it has answered so many, or has ended by itself. */
  async hasAnswered(count: number): Promise<void> {
    while (this.answered.length < count && this.#child.exitCode === null) await sleep(5);
    if (this.answered.length < count) throw new Error(`it ended after ${this.answered.length} answers`);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }
}
