/**
 * How the time until an answer is wanted is shared out. A stage has a share of what remains, so that one that
 * took all of its own leaves the next ones theirs.
 */
export const SHARES = {
  /** Of the wait for the shared logs. What remains is for a decision without them, and for keeping it. */
  windows: 0.4,
  /** Of the look whether a copy was kept before. */
  find: 0.3,
  /** Of the topic; then there is the local journal, and the answer has to travel. */
  keep: 0.7,
} as const;

/** Less than this is no time to ask anybody anything, ms. */
const LEAST_MS = 1;

/** ms for a stage that begins now; `answerBy` is by `performance.now()`. */
export const stageMs = (stage: keyof typeof SHARES, answerBy: number): number =>
  (answerBy === Infinity ? Infinity
    : Math.max(LEAST_MS, SHARES[stage] * (answerBy - performance.now())));
