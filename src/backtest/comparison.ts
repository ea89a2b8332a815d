/**
 * Two sides held against each other. Counted are pairs of verdicts, of which there are few; what a pair
 * means (an outcome changed, a rule gained a hit) is worked out once a pair.
 */
import { pairKey, rulesApart, sameResult, type RuleChange, type Verdict } from './verdict.ts';
import { ExampleDraw, type Example, type SavedDraw } from './example-draw.ts';

export interface Pair {
  readonly before: number;
  readonly after: number;
  /** Kinds of example it can serve as; none where nothing differs. */
  readonly kinds: readonly string[];
  readonly changes: readonly RuleChange[];
  readonly sameResult: boolean;
  count: number;
}

const EXAMPLES_A_KIND = 5;

export const outcomeKind = (from: string, to: string): string => `outcome ${from} ${to}`;
export const ruleKind = ({ rule, from, to }: RuleChange): string => `rule ${rule} ${from} ${to}`;

export class Comparison {
  readonly #pairs = new Map<number, Pair>();
  readonly #examples = new ExampleDraw(EXAMPLES_A_KIND);

  get pairs(): readonly Pair[] { return [...this.#pairs.values()]; }
  examples(kind: string): readonly Example[] { return this.#examples.of(kind); }

  /** Counts a payment; `verdicts` are of its two sides, `key` is of its id. */
  add(before: number, after: number, verdicts: () => readonly [Verdict, Verdict], key: number,
    example: () => Example): void {
    const at = pairKey(before, after);
    let pair = this.#pairs.get(at);
    if (pair === undefined) {
      pair = pairOf(before, after, ...verdicts());
      this.#pairs.set(at, pair);
    }
    pair.count += 1;
    if (pair.kinds.length > 0) this.#examples.offer(pair.kinds, key, example);
  }

  save(): SavedComparison { return { pairs: [...this.#pairs.values()], draw: this.#examples.save() }; }

  load({ pairs, draw }: SavedComparison): void {
    for (const pair of pairs) this.#pairs.set(pairKey(pair.before, pair.after), { ...pair });
    this.#examples.load(draw);
  }
}

export interface SavedComparison { readonly pairs: readonly Pair[]; readonly draw: SavedDraw }

function pairOf(before: number, after: number, a: Verdict, b: Verdict): Pair {
  const changes = rulesApart(a, b);
  const kinds = changes.map(ruleKind);
  if (a.outcome !== b.outcome) kinds.push(outcomeKind(a.outcome, b.outcome));
  const same = sameResult(a, b) && a.degraded === b.degraded;
  if (!same && kinds.length === 0) kinds.push('score');
  return { before, after, kinds, changes, sameResult: same, count: 0 };
}
