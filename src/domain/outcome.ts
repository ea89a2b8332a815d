/** What a payment's answer can be, from mildest to gravest. Outcomes only rise. */
export const OUTCOMES = ['approve', 'challenge', 'review', 'hold', 'decline'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The two results of a decision: they are computed apart and shown apart (no tipping off). */
export const AXES = ['fraud', 'aml'] as const;
export type Axis = (typeof AXES)[number];

const RANK: Record<Outcome, number> = { approve: 0, challenge: 1, review: 2, hold: 3, decline: 4 };

/** 0 for `approve` to 4 for `decline`. */
export const outcomeRank = (outcome: Outcome): number => RANK[outcome];

/** The graver of two outcomes. */
export const graver = (a: Outcome, b: Outcome): Outcome => (RANK[a] >= RANK[b] ? a : b);
