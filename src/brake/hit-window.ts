/** The last minute of what was counted, as sums; and the longer past of it, fading, as a share to expect. */

const WINDOW_MS = 60_000;
/** After so many looks with payments, a day of them, the past counts half: night and day are both in it. */
const HALF_LIFE_LOOKS = 86_400;
const FADE = 2 ** (-1 / HALF_LIFE_LOOKS);

interface Look { readonly atMs: number; readonly counts: Uint32Array }

export class HitWindow {
  readonly #width: number;
  readonly #looks: Look[] = [];
  /** Sums over the window, as `HitCounts` lays them out. */
  sums: Float64Array = new Float64Array(0);
  /** What left the window, fading; and of how many payments and looks that had some, not fading, by row. */
  past: Float64Array = new Float64Array(0);
  pastPayments: Float64Array = new Float64Array(0);
  pastLooks: Float64Array = new Float64Array(0);
  /** When counting began, or began anew. */
  #sinceMs: number | undefined;

  constructor(width: number) {
    this.#width = width;
  }

  /** How long it has been counting, at most the window. */
  spanMs(nowMs: number): number {
    return Math.min(WINDOW_MS, nowMs - (this.#sinceMs ?? nowMs));
  }

  /** A clock that went back by more than the window starts it anew. */
  add(counts: Uint32Array, nowMs: number): void {
    const last = this.#looks.at(-1)?.atMs ?? nowMs;
    if (nowMs < last - WINDOW_MS) {
      this.#looks.length = 0;
      this.sums.fill(0);
      this.#sinceMs = undefined;
    }
    this.#sinceMs ??= nowMs;
    this.#widen(counts.length);
    this.#looks.push({ atMs: nowMs, counts });
    counts.forEach((count, i) => { this.sums[i]! += count; });
    while (this.#looks.length > 1 && this.#looks[0]!.atMs <= nowMs - WINDOW_MS) this.#leave();
  }

  #leave(): void {
    const left = this.#looks.shift();
    if (left === undefined) return;
    const { counts } = left;
    for (let row = 0; row < counts.length; row += this.#width) {
      const payments = counts[row] ?? 0;
      if (payments === 0) continue;
      this.pastPayments[row / this.#width]! += payments;
      this.pastLooks[row / this.#width]! += 1;
      for (let i = row; i < row + this.#width; i++) {
        this.sums[i]! -= counts[i] ?? 0;
        this.past[i] = (this.past[i] ?? 0) * FADE + (counts[i] ?? 0);
      }
    }
  }

  /** Forgets what is in the window of a row: it is counted from now on. */
  forget(row: number): void {
    const from = row * this.#width;
    if (from >= this.sums.length) return;
    this.sums.fill(0, from, from + this.#width);
    for (const { counts } of this.#looks) counts.fill(0, from, from + this.#width);
  }

  /** Forgets the past: what is usual is learned from now on. */
  unlearn(): void {
    for (const learned of [this.past, this.pastPayments, this.pastLooks]) learned.fill(0);
  }

  #widen(length: number): void {
    if (length <= this.sums.length) return;
    const wider = (from: Float64Array, to: number): Float64Array => {
      const made = new Float64Array(to);
      made.set(from);
      return made;
    };
    this.sums = wider(this.sums, length);
    this.past = wider(this.past, length);
    this.pastPayments = wider(this.pastPayments, length / this.#width);
    this.pastLooks = wider(this.pastLooks, length / this.#width);
  }
}
