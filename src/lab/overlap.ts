/** Which rules hit together, which alone, and which not at all. */
export interface HitGroup {
  /** Rules that hit, whatever their effect. */
  readonly hits: readonly string[];
  /** Rules that acted: hits, or those that could not say and whose policy lets that act. */
  readonly acting: readonly string[];
  /** Was the outcome above approve? */
  readonly flagged: boolean;
  /** Payments of this kind. */
  readonly payments: number;
}

export interface RuleUse {
  readonly rule: string;
  readonly hits: number;
  readonly acting: number;
  /** Hits of payments that no other rule hit. */
  readonly unique: number;
  /** Payments above approve of which it was the only rule that acted: without it they would have passed. */
  readonly decisive: number;
  readonly verdict: 'dead' | 'never_decisive' | 'used';
}

export interface RuleOverlap {
  readonly first: string;
  readonly second: string;
  readonly both: number;
  /** P. Jaccard, 1901: both over either. */
  readonly jaccard: number;
  /** Of the hits of the first, those that the second hits too; and the other way round. */
  readonly ofFirst: number;
  readonly ofSecond: number;
}

export interface OverlapReport {
  readonly rules: readonly RuleUse[];
  /** Pairs that hit together, the most alike first. */
  readonly overlaps: readonly RuleOverlap[];
}

/** `rules`: all there are, so that one that never hit is told. */
export function overlapOf(groups: Iterable<HitGroup>, rules: readonly string[]): OverlapReport {
  const uses = new Map(rules.map((rule) => [rule, { hits: 0, acting: 0, unique: 0, decisive: 0 }]));
  const useOf = (rule: string) => {
    const use = uses.get(rule) ?? { hits: 0, acting: 0, unique: 0, decisive: 0 };
    uses.set(rule, use);
    return use;
  };
  const together = new Map<string, number>();
  for (const { hits, acting, flagged, payments } of groups) {
    const [first] = hits;
    if (hits.length === 1 && first !== undefined) useOf(first).unique += payments;
    for (const rule of hits) useOf(rule).hits += payments;
    for (const rule of acting) useOf(rule).acting += payments;
    const [alone] = acting;
    if (flagged && acting.length === 1 && alone !== undefined) useOf(alone).decisive += payments;
    hits.forEach((one, i) => {
      for (const other of hits.slice(i + 1)) {
        const key = one < other ? `${one}\0${other}` : `${other}\0${one}`;
        together.set(key, (together.get(key) ?? 0) + payments);
      }
    });
  }
  const hitsOf = (rule: string): number => uses.get(rule)?.hits ?? 0;
  const overlaps = [...together].map(([key, both]): RuleOverlap => {
    const [first = '', second = ''] = key.split('\0');
    const [a, b] = [hitsOf(first), hitsOf(second)];
    return { first, second, both, jaccard: both / (a + b - both), ofFirst: both / a, ofSecond: both / b };
  });
  return {
    rules: [...uses].map(([rule, use]) => ({
      rule, ...use, verdict: use.hits + use.acting === 0 ? 'dead'
        : use.decisive === 0 ? 'never_decisive' : 'used',
    })),
    overlaps: overlaps.toSorted((a, b) => b.jaccard - a.jaccard || (a.first < b.first ? -1 : 1)),
  };
}
