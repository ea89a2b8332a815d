/** Once a second: which rules have left their bands, where, and so far that chance cannot explain it. */
import { bandOf, excessText, type Band, type BandSources } from './band.ts';
import { atLeast, atMost } from './binomial.ts';
import { OTHER_SEGMENTS, type HitCounts } from './hit-counts.ts';
import { HitWindow } from './hit-window.ts';

export interface WatchedRule {
  readonly id: string;
  /** `none`: it cannot stop a payment, and is left alone. */
  readonly acts: 'action' | 'score' | 'none';
  readonly final: boolean;
  readonly hitsMax: number | undefined;
}

export interface Watched {
  /** Content hash of the policy: counts of the same one go on. */
  readonly key: string;
  readonly rules: readonly WatchedRule[];
  readonly counts: HitCounts;
  readonly hitsMax: number | undefined;
  readonly forecast: (rule: string, segment: string | undefined) => BandSources['forecast'];
  /** Is the rule held already? Undefined: everywhere. */
  readonly isHeld: (rule: number, segment: string | undefined) => boolean;
}

export interface Finding {
  /** `page`: it is final, and a person has to look; `below`: shadow would not help. */
  readonly kind: 'above' | 'page' | 'below';
  readonly key: string;
  readonly rule: string;
  /** Undefined: everywhere. */
  readonly segment: string | undefined;
  readonly because: string;
}

/** One in a million: with thousands of looks an hour, chance does not stop a rule. */
const CHANCE_MAX = 1e-6;
const PAYMENTS_MIN = 200;
const HITS_MIN = 20;
/** Segments with too few payments to be told apart are looked at together after this. */
const TOGETHER_AFTER_MS = 30_000;

interface Seat { readonly watched: Watched; readonly window: HitWindow }
interface Place { readonly rows: readonly number[]; readonly segment: string | undefined }
interface Excess { readonly rule: WatchedRule; readonly finding: Finding; readonly times: number }

export class Brake {
  #seats = new Map<string, Seat>();
  /** Told once, until it is inside again. */
  readonly #told = new Set<string>();

  /** From now on these; counts of a policy that stays are those of `countsOf`. */
  follow(watched: readonly Watched[]): void {
    const before = this.#seats;
    this.#seats = new Map(watched.map((one) => {
      const known = before.get(one.key);
      const window = known?.window ?? new HitWindow(one.counts.width);
      if (known !== undefined && isReleased(known.watched, one)) {
        for (let row = 0; row < one.counts.rowCount; row++) window.forget(row);
        // While it was held it did nothing, and the past would have learned that as usual.
        window.unlearn();
      }
      return [one.key, { watched: one, window }];
    }));
  }

  countsOf(key: string): HitCounts | undefined { return this.#seats.get(key)?.watched.counts; }

  look(nowMs: number): readonly Finding[] {
    return [...this.#seats.values()].flatMap((seat) => {
      seat.window.add(seat.watched.counts.take(), nowMs);
      return this.#lookAt(seat, nowMs);
    });
  }

  #lookAt(seat: Seat, nowMs: number): readonly Finding[] {
    const { watched: { counts }, window } = seat;
    const names: (string | undefined)[] = [undefined, ...counts.segments.keys()];
    const payments = (row: number): number => window.sums[row * counts.width] ?? 0;
    const rows = names.map((_, row) => row).filter((row) => payments(row) > 0);
    const isLarge = (row: number): boolean => row !== OTHER_SEGMENTS && payments(row) >= PAYMENTS_MIN;
    const found = rows.filter(isLarge)
      .flatMap((row) => this.#lookIn(seat, { rows: [row], segment: names[row] }));
    if (window.spanMs(nowMs) < TOGETHER_AFTER_MS) return found;
    const small = rows.filter((row) => !isLarge(row));
    return [...found, ...this.#lookIn(seat, { rows: small, segment: undefined })];
  }

  #lookIn(seat: Seat, place: Place): readonly Finding[] {
    const { watched: { rules, counts, isHeld, key }, window } = seat;
    const sum = (at: number): number =>
      place.rows.reduce((total, row) => total + (window.sums[row * counts.width + at] ?? 0), 0);
    const payments = sum(0);
    if (payments < PAYMENTS_MIN) return [];
    const told: Finding[] = [];
    const above: Excess[] = [];
    rules.forEach((rule, index) => {
      if (rule.acts === 'none' || isHeld(index, place.segment)) return;
      const band = this.#band(seat, rule, index, place);
      const hits = sum((band.of === 'hits' ? 1 : 2) + 2 * index);
      const side = sideOf(hits, payments, band);
      const because = excessText(hits / payments, payments, place.segment, band);
      const finding = { key, rule: rule.id, segment: place.segment, because };
      if (side !== 'above') told.push(...this.#once({ ...finding, kind: side }));
      else if (rule.final) told.push(...this.#once({ ...finding, kind: 'page' }));
      else above.push({ rule, finding: { ...finding, kind: side }, times: hits / payments / band.high });
    });
    const worst = toBlame(above);
    if (worst.length > 0) for (const row of place.rows) window.forget(row);
    return [...told, ...worst];
  }

  #band({ watched, window }: Seat, rule: WatchedRule, index: number, { rows, segment }: Place): Band {
    const { counts, forecast, hitsMax } = watched;
    const [row = OTHER_SEGMENTS] = rows;
    const known = segment === undefined ? 0 : window.past[row * counts.width] ?? 0;
    const acts = window.past[row * counts.width + 2 + 2 * index] ?? 0;
    return bandOf({
      ruleMax: rule.hitsMax,
      forecast: forecast(rule.id, segment) ?? forecast(rule.id, undefined),
      policyMax: hitsMax,
      past: known === 0 ? undefined : {
        share: acts / known, payments: window.pastPayments[row] ?? 0, looks: window.pastLooks[row] ?? 0,
      },
    });
  }

  /** News of a rule that is outside, the first time. */
  #once(finding: Omit<Finding, 'kind'> & { readonly kind: 'page' | 'below' | 'inside' }): readonly Finding[] {
    const { kind, key, rule, segment } = finding;
    const name = JSON.stringify([key, rule, segment ?? null]);
    if (kind === 'inside') {
      this.#told.delete(name);
      return [];
    }
    if (this.#told.has(name)) return [];
    this.#told.add(name);
    return [{ ...finding, kind }];
  }
}

function sideOf(hits: number, payments: number, { low, high }: Band): 'above' | 'below' | 'inside' {
  if (hits >= HITS_MIN && atLeast(hits, payments, high) < CHANCE_MAX) return 'above';
  return low > 0 && atMost(hits, payments, low) < CHANCE_MAX ? 'below' : 'inside';
}

/**
 * Rules with an action answer for themselves. Scores add up, and a rule may be in it by another's points: of
 * rules with only a score the worst goes first, and the others are counted anew without it.
 */
function toBlame(above: readonly Excess[]): readonly Finding[] {
  const acting = above.filter(({ rule }) => rule.acts === 'action');
  const [worst] = above.toSorted((a, b) => b.times - a.times);
  const blamed = acting.length > 0 ? acting : worst === undefined ? [] : [worst];
  return blamed.map(({ finding }) => finding);
}

/** Something that was held is held no more: then its minute begins now. */
const isReleased = (before: Watched, after: Watched): boolean =>
  [undefined, ...before.counts.segments.keys()].some((segment) =>
    before.rules.some((_, rule) => before.isHeld(rule, segment) && !after.isHeld(rule, segment)));
