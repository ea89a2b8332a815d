/**
 * How often the rules of one policy hit since the last look, by segment. On the path of a payment it adds one
 * to a number: time, windows and judgement are the brake's, once a second.
 */
import { LIMITS } from '#domain/limits.ts';

/** Payments without the segment field, and those of segments beyond the limit. */
export const OTHER_SEGMENTS = 0;

/** A row per segment: payments, then for each rule its hits and, of those, how many acted. */
export class HitCounts {
  readonly ruleCount: number;
  readonly width: number;
  readonly #rows = new Map<string, number>();
  #counts: Uint32Array;

  constructor(ruleCount: number) {
    this.ruleCount = ruleCount;
    this.width = 1 + 2 * ruleCount;
    this.#counts = new Uint32Array(this.width * 4);
  }

  /** Values of the segment field that have a row, with its number, from 1. */
  get segments(): ReadonlyMap<string, number> { return this.#rows; }
  get rowCount(): number { return this.#rows.size + 1; }

  /** Counts a payment of this segment; what it returns is for `hit`. */
  payment(segment: string | undefined): number {
    const row = segment === undefined ? OTHER_SEGMENTS : this.#rows.get(segment) ?? this.#newRow(segment);
    const at = row * this.width;
    this.#counts[at]! += 1;
    return at;
  }

  hit(at: number, rule: number, acted: boolean): void {
    this.#counts[at + 1 + 2 * rule]! += 1;
    if (acted) this.#counts[at + 2 + 2 * rule]! += 1;
  }

  /** What was counted since the last time; counting begins anew. */
  take(): Uint32Array {
    const taken = this.#counts.slice(0, this.rowCount * this.width);
    this.#counts.fill(0);
    return taken;
  }

  #newRow(segment: string): number {
    if (this.#rows.size >= LIMITS.brakeSegmentCountMax) return OTHER_SEGMENTS;
    const row = this.#rows.size + 1;
    this.#rows.set(segment, row);
    if ((row + 1) * this.width > this.#counts.length) {
      const grown = new Uint32Array(this.#counts.length * 2);
      grown.set(this.#counts);
      this.#counts = grown;
    }
    return row;
  }
}
