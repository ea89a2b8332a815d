/**
 * What one side (what was recorded, or a candidate) said of a payment. Payments with the same answers of all
 * rules have the same verdict, so a verdict is kept once and payments hold its number.
 */
import type { AxisResult } from '#domain/decision.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Outcome } from '#domain/outcome.ts';
import { HistoryRefused } from './history.ts';

export interface RuleAnswer {
  /** `policy/rule`: two policies may have rules of one name. */
  readonly rule: string;
  readonly answer: 'hit' | 'excepted' | 'unknown';
  /**
   * It did something: a hit neither in shadow, nor excepted, nor replaced; or unknown, where that is to act.
   */
  readonly acts: boolean;
}

export interface Verdict {
  /** `none` where no policy decides this kind of payment. */
  readonly policy: string;
  readonly hash: string;
  readonly outcome: Outcome;
  readonly fraud: AxisResult;
  readonly aml: AxisResult;
  /** Rules that did not miss, by name. */
  readonly rules: readonly RuleAnswer[];
  /** The policy could not be applied. */
  readonly degraded: boolean;
}

/** Numbers of verdicts are below this: see `backtestVerdictCountMax`. */
export const VERDICT_SPAN = 4_194_304;

/** The verdicts of two sides on one payment, as one number. */
export const pairKey = (before: number, after: number): number => before * VERDICT_SPAN + after;

/** The verdicts of one side, each under a key that its side makes and under a number. */
export class VerdictBook {
  readonly #byKey = new Map<string, number>();
  readonly #verdicts: Verdict[] = [];

  get verdicts(): readonly Verdict[] { return this.#verdicts; }

  number(key: string): number | undefined { return this.#byKey.get(key); }

  /** Of the verdict under that key, which is made where there is none yet. */
  numberOf(key: string, make: () => Verdict): number {
    return this.#byKey.get(key) ?? this.#add(key, make());
  }

  #add(key: string, verdict: Verdict): number {
    const number = this.#verdicts.length;
    if (number >= LIMITS.backtestVerdictCountMax) {
      throw new HistoryRefused(`more than ${LIMITS.backtestVerdictCountMax} different verdicts; `
        + 'take a shorter period, or rules off that hit at random');
    }
    this.#byKey.set(key, number);
    this.#verdicts.push(verdict);
    return number;
  }

  save(): SavedBook { return { keys: [...this.#byKey.keys()], verdicts: this.#verdicts }; }

  load(saved: SavedBook): void {
    saved.keys.forEach((key, i) => {
      const verdict = saved.verdicts[i];
      if (verdict !== undefined) this.#add(key, verdict);
    });
  }
}

export interface SavedBook { readonly keys: readonly string[]; readonly verdicts: readonly Verdict[] }

const sameAxis = (a: AxisResult, b: AxisResult): boolean =>
  a.outcome === b.outcome && a.score === b.score && a.band === b.band;

/** Do both say the same on both axes? */
export const sameResult = (a: Verdict, b: Verdict): boolean =>
  a.outcome === b.outcome && sameAxis(a.fraud, b.fraud) && sameAxis(a.aml, b.aml);

/** Rules that say or do something else in one verdict than in the other. */
export function rulesApart(a: Verdict, b: Verdict): readonly RuleChange[] {
  const before = new Map(a.rules.map((one) => [one.rule, doneBy(one)]));
  const after = new Map(b.rules.map((one) => [one.rule, doneBy(one)]));
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].toSorted().flatMap((rule): RuleChange[] => {
    const from = before.get(rule) ?? 'miss';
    const to = after.get(rule) ?? 'miss';
    return from === to ? [] : [{ rule, from, to }];
  });
}

/** What a rule said, and where that is not plain, whether it did something. */
type Done = 'hit' | 'hit_idle' | 'excepted' | 'unknown' | 'unknown_acting';

function doneBy({ answer, acts }: RuleAnswer): Done {
  if (answer === 'hit') return acts ? 'hit' : 'hit_idle';
  return answer === 'unknown' && acts ? 'unknown_acting' : answer;
}

export interface RuleChange {
  readonly rule: string;
  /** `hit_idle`: in shadow or replaced; `unknown_acting`: it cannot say, and the policy lets that act. */
  readonly from: Done | 'miss';
  readonly to: Done | 'miss';
}
