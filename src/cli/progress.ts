import process from 'node:process';

const FIRST_AFTER_MS = 2_000;
const REDRAW_MS = 200;
const PLAIN_LINE_MS = 5_000;
const BAR_CELLS = 24;

/**
 * Where the lines go; a terminal gets one line that is drawn again, anything else a plain line now and then.
 */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Says on stderr how far something is, how fast it goes and how long it takes, once it takes longer than 2 s.
 */
export class Progress {
  readonly #title: string;
  readonly #unit: string;
  readonly #output: ProgressOutput;
  readonly #now: () => number;
  readonly #startedAtMs: number;
  #total: number;
  #done = 0;
  #saidAtMs: number;
  #drawn = false;

  /** `total` counts `unit`s, 0 while it is not known; `now` is in ms and never steps back. */
  constructor(
    title: string, total: number, unit: string,
    output: ProgressOutput = process.stderr, now: () => number = () => performance.now(),
  ) {
    this.#title = title;
    this.#total = total;
    this.#unit = unit;
    this.#output = output;
    this.#now = now;
    this.#startedAtMs = now();
    this.#saidAtMs = -Infinity;
  }

  /** So much is done by now, and of so much. Cheap: may be called for each of a million steps. */
  at(done: number, total = this.#total): void {
    this.#done = done;
    this.#total = total;
    const nowMs = this.#now();
    const every = this.#output.isTTY === true ? REDRAW_MS : PLAIN_LINE_MS;
    if (nowMs - this.#startedAtMs < FIRST_AFTER_MS || nowMs - this.#saidAtMs < every) return;
    this.#saidAtMs = nowMs;
    const line = progressLine(this.#title, this.#unit, done, total, (nowMs - this.#startedAtMs) / 1000);
    this.#output.write(this.#output.isTTY === true ? `\r\u001b[2K${line}` : `${line}\n`);
    this.#drawn = true;
  }

  /** Takes the live line away, and says how it went where something was said before. */
  end(): void {
    if (!this.#drawn) return;
    const seconds = (this.#now() - this.#startedAtMs) / 1000;
    const rate = whole(this.#done / seconds);
    const line = `${this.#title}: ${whole(this.#done)} ${this.#unit} in ${duration(seconds)}, ${rate}/s`;
    this.#output.write(this.#output.isTTY === true ? `\r\u001b[2K${line}\n` : `${line}\n`);
  }
}

/** `Handbook  [######------]  42 %  568,000 of 1,351,606 payments  11,240/s  1 min 10 s left`. */
export function progressLine(
  title: string, unit: string, done: number, total: number, seconds: number,
): string {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const full = Math.floor(share * BAR_CELLS);
  const bar = `[${'#'.repeat(full)}${'-'.repeat(BAR_CELLS - full)}]`;
  const rate = done / seconds;
  const left = done > 0 ? `${duration((total - done) / rate)} left` : 'no rate yet';
  const percent = `${Math.floor(share * 100)}`.padStart(3);
  const amount = `${whole(done)} of ${whole(total)} ${unit}`;
  return `${title}  ${bar} ${percent} %  ${amount}  ${whole(rate)}/s  ${left}`;
}

function duration(seconds: number): string {
  const rounded = Math.max(0, Math.round(seconds));
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3_600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  return `${Math.floor(rounded / 3_600)} h ${Math.floor((rounded % 3_600) / 60)} min`;
}

const whole = (value: number): string => Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ',');
