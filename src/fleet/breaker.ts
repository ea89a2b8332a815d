/**
 * Keeps calls away from a dependency that does not answer, so that none waits for what will not come. Closed:
 * calls go. Open: none goes. After the open time one call goes, the probe, and its end says whether the
 * breaker closes or stays open for twice as long. (Nygard, Release It!, 2007.)
 */
export interface BreakerTerms {
  /** Failures in a row that open it. */
  readonly rowMax: number;
  /** Of the last `lastCalls` that ended, `lastFailuresMax` failures open it too. */
  readonly lastCalls: number;
  readonly lastFailuresMax: number;
  /** How long it is open at first, at most; doubles with each probe that fails, up to `openMsMax`. */
  readonly openMs: number;
  readonly openMsMax: number;
  /** A probe that did not end by then is taken for lost: another goes. */
  readonly probeMsMax: number;
}

export interface BreakerParts {
  readonly terms: BreakerTerms;
  /** ms; a clock that steps is borne. */
  readonly now: () => number;
  /** In [0, 1): so that nodes do not probe in step. */
  readonly random: () => number;
}

/** As what a call went. */
export type Entered = 'go' | 'probe';

/** The open time is shorter by up to this share of it. */
const JITTER_SHARE = 0.5;

export class Breaker {
  readonly #parts: BreakerParts;
  #state: 'closed' | 'open' | 'half_open' = 'closed';
  #row = 0;
  /** Whether each of the last calls failed, the oldest first. */
  #last: boolean[] = [];
  #openMs: number;
  /** Since when the state holds that ends by time, and for how long. */
  #sinceMs = 0;
  #forMs = 0;

  constructor(parts: BreakerParts) {
    this.#parts = parts;
    this.#openMs = parts.terms.openMs;
  }

  /** `half_open`: the probe is out. An open breaker whose time is over is open until somebody enters. */
  get state(): 'closed' | 'open' | 'half_open' {
    return this.#state;
  }

  /**
   * Who gets `go` or `probe` makes its call, and says with it how the call ended: `succeeded`, `failed` or
   * `undecided`. Who gets `open` makes none.
   */
  enter(): Entered | 'open' {
    if (this.#state === 'closed') return 'go';
    if (!this.#isOver()) return 'open';
    this.#hold('half_open', this.#parts.terms.probeMsMax);
    return 'probe';
  }

  succeeded(entered: Entered): void {
    if (entered === 'probe') this.#close();
    else this.#count(false);
  }

  failed(entered: Entered): void {
    if (entered === 'go') return this.#count(true);
    if (this.#state !== 'half_open') return;
    this.#openMs = Math.min(2 * this.#openMs, this.#parts.terms.openMsMax);
    this.#open();
  }

  /** The call says nothing of the dependency: it was given up early, or never sent. */
  undecided(entered: Entered): void {
    if (entered === 'probe' && this.#state === 'half_open') this.#hold('half_open', 0);
  }

  /** What went before it opened and ends later says nothing new. */
  #count(hasFailed: boolean): void {
    if (this.#state !== 'closed') return;
    const { rowMax, lastCalls, lastFailuresMax } = this.#parts.terms;
    this.#row = hasFailed ? this.#row + 1 : 0;
    this.#last.push(hasFailed);
    if (this.#last.length > lastCalls) this.#last.shift();
    if (!hasFailed) return;
    const failures = this.#last.filter((failed) => failed).length;
    if (this.#row >= rowMax || failures >= lastFailuresMax) this.#open();
  }

  #open(): void {
    this.#hold('open', this.#openMs * (1 - JITTER_SHARE * this.#parts.random()));
  }

  #close(): void {
    this.#state = 'closed';
    this.#row = 0;
    this.#last = [];
    this.#openMs = this.#parts.terms.openMs;
  }

  #hold(state: 'open' | 'half_open', forMs: number): void {
    this.#state = state;
    this.#sinceMs = this.#parts.now();
    this.#forMs = forMs;
  }

  /** A clock that went back would hold it for as long as that: it is over then. */
  #isOver(): boolean {
    const passedMs = this.#parts.now() - this.#sinceMs;
    return passedMs < 0 || passedMs >= this.#forMs;
  }
}
