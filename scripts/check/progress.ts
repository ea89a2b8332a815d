import process from 'node:process';
import type { LaneReport } from './run-lane.ts';

/** What is shown while the lanes run: a line for each that ended and, in a terminal, one live line below. */
export class Progress {
  readonly #startedAtMs = performance.now();
  readonly #running = new Set<string>();
  readonly #live = process.stdout.isTTY;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor() {
    if (this.#live) this.#timer = setInterval(() => this.#draw(), 500);
  }

  get seconds(): number {
    return (performance.now() - this.#startedAtMs) / 1000;
  }

  started(name: string): void {
    this.#running.add(name);
    this.#draw();
  }

  ended({ name, passed, skipped, seconds, output, failure }: LaneReport): void {
    this.#running.delete(name);
    const checks = `${passed > 1 ? `${passed} ` : ''}passed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    const verdict = failure === undefined ? checks : `FAILED: ${failure}`;
    this.#say(`${name.padEnd(12)}${seconds.toFixed(1).padStart(6)} s  ${verdict}`);
    if (failure !== undefined) this.#say(`${rule(name)}\n${output.trimEnd()}\n${rule(`end of ${name}`)}`);
    this.#draw();
  }

  absent(name: string, need: string): void {
    this.note(name, `not here yet: no ${need}`);
  }

  /** A line about something that is no lane, or does not run. */
  note(name: string, text: string): void {
    this.#running.delete(name);
    this.#say(`${name.padEnd(12)}       -  ${text}`);
    this.#draw();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #say(text: string): void {
    this.#clear();
    process.stdout.write(`${text}\n`);
  }

  #draw(): void {
    if (!this.#live || this.#running.size === 0) return;
    this.#clear();
    process.stdout.write(`${Math.round(this.seconds)} s  running ${[...this.#running].join(', ')} ...`);
  }

  #clear(): void {
    if (this.#live) process.stdout.write('\r\u001b[2K');
  }
}

function rule(title: string): string {
  return `---- ${title} `.padEnd(80, '-');
}
