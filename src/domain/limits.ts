/**
 * Every size has a limit with a name and its unit last. Beyond it the answer is a clear refusal, never a
 * truncation.
 */
export const LIMITS = {
  requestBodyBytesMax: 65_536,
  jsonDepthMax: 8,
  idCharsMax: 128,
  textCharsMax: 512,
  customFieldCountMax: 64,
  /** 2^53 - 1: what a double holds exactly. */
  amountMinorMax: 9_007_199_254_740_991,
  occurredAheadMsMax: 5 * 60_000,
  occurredBehindMsMax: 7 * 86_400_000,

  policyBytesMax: 4_194_304,
  ruleCountMax: 500,
  featureCountMax: 64,
  entityKeyCountMax: 16,
  windowMsMax: 400 * 86_400_000,
  expressionNodeCountMax: 300,
  expressionDepthMax: 24,
  letCountMax: 20,
  inlineListEntryCountMax: 10_000,
  listEntryCountMax: 5_000_000,
  lastEventCountMax: 4_096,

  /** Exact tier: events of one entity that are kept one by one; beyond it, tiles with a printed bound. */
  exactEventsPerEntityMax: 4_096,
  /** Tiles of one feature of one entity; beyond it the two oldest become one. */
  tilesPerFeatureMax: 128,
  /** Status and label changes that wait for their transaction; beyond it the oldest are dropped. */
  waitingChangeCountMax: 1_000_000,
  /** Marks (labels, facts) of one entity; beyond it the oldest of the same name is dropped. */
  marksPerEntityMax: 64,

  decisionsInFlightMax: 1_024,
  decisionDeadlineMsMax: 50,
} as const;
