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
  /** Policies, lists and what goes with them, as one record of the log. */
  publicationBytesMax: 201_326_592,
  listEntryCountMax: 5_000_000,
  /** Why an entry is there, which stands in reasons and in every publication; UTF-16 units. */
  listNoteCharsMax: 280,
  lastEventCountMax: 4_096,
  /** A CSV file or JSON with entries of a list, as one body. */
  listUploadBytesMax: 8_388_608,

  /** What an editor may send at once: a document in JSON, and some. */
  editorMessageBytesMax: 16_777_216,
  editorDocumentCountMax: 128,
  /** Events that the tests of a policy may send while somebody types; larger tests are left to the shell. */
  editorTestEventCountMax: 20_000,
  editorTestMsMax: 2_000,
  /** Payments of a sample on which two versions of a policy are compared. */
  samplePaymentCountMax: 1_000_000,

  /** Exact tier: events of one entity that are kept one by one; beyond it, tiles with a printed bound. */
  exactEventsPerEntityMax: 4_096,
  /** Events of an entity that are looked at one by one; in a longer log, whole blocks by partial sums. */
  scannedEventsMax: 128,
  /** Events of a block of a long log; a power of two. */
  blockEventsMax: 32,
  /** Different values of the parameters a feature's condition reads, for which partial sums are kept. */
  blockParameterVariantsMax: 8,
  /** Characters of generated code that is kept for the next policy with the same; the oldest goes first. */
  generatedCharsKeptMax: 8_388_608,
  /** Tiles of one feature of one entity; beyond it the two oldest become one. */
  tilesPerFeatureMax: 128,
  /** Status and label changes that wait for their transaction; beyond it the oldest are dropped. */
  waitingChangeCountMax: 1_000_000,
  /** Marks (labels, facts) of one entity; beyond it the oldest of the same name is dropped. */
  marksPerEntityMax: 64,

  /** Publications that are kept compiled to explain the decisions of their time. */
  explainedPublicationCountMax: 8,
  /** Records read again for one explanation, where the decision's own record does not suffice. */
  explainReplayRecordsMax: 2_000_000,
  /** Explanations that wait for their turn. */
  explanationsWaitingMax: 64,
  /** Of those, the ones that have to read the log again, in a queue of their own. */
  explainReplaysWaitingMax: 8,
  /** JavaScript heap of the thread that explains, and of the one that reads the log again for it, MiB. */
  explainHeapMiBMax: 1_024,
  explainReplayHeapMiBMax: 4_096,
  /** Earlier decisions of an entity that say what is usual for it, and how few say nothing. */
  baselineDecisionsMax: 20,
  baselineDecisionsMin: 5,
  /** Events of an entity that are passed over to find them. */
  baselineEventsLookedAtMax: 512,
  /** Trials of one value to find the smallest change that lowers an outcome, the nearest first. */
  changeTrialsMax: 2_000,

  /** Different verdicts (answers of all rules) of one side of a backtest. */
  backtestVerdictCountMax: 4_000_000,
  /** Payments that a backtest judges in one period. */
  backtestPaymentCountMax: 20_000_000,
  /** Candidates of one backtest, the values of a sweep among them. */
  backtestCandidateCountMax: 32,
  /** Backtests that wait for the one that runs. */
  backtestQueueMax: 16,

  /** Policies kept in compiled form by their content, the latest used. */
  compiledPolicyCountMax: 64,
  /** Of one amendment. */
  ruleModeCountMax: 1_000,
  snoozeCountMax: 10_000,
  challengerCountMax: 16,
  /** Values of the field by which the brake counts apart; the rest is counted together. */
  brakeSegmentCountMax: 64,

  /** A record of a topic with its key and headers; what a topic takes at once must be above it. */
  topicRecordBytesMax: 900_000,
  /** Of one partition, written together. */
  topicBatchRecordsMax: 1_000,
  topicBatchBytesMax: 900_000,
  /** To one broker in one request. */
  topicRequestBytesMax: 8_388_608,
  /** Appended and not settled, what is out among them. */
  topicQueueRecordsMax: 16_384,
  topicQueueBytesMax: 67_108_864,
  /** On the disk of a node: what the topic cannot take now. At 1,000 payments a second some eight minutes. */
  journalBytesMax: 2_147_483_648,
  /** Logs of which the journal consists: what is done goes a whole one at a time. */
  journalPartCountMax: 8,
  /** Copied from the topic into the index of decisions in one transaction. */
  projectionBatchRecordsMax: 500,
  projectionBatchBytesMax: 4_194_304,
  /** Taken from the topic of transactions and not committed: at work, waiting for their turn, or again. */
  intakeInFlightMax: 256,

  decisionsInFlightMax: 1_024,
  decisionDeadlineMsMax: 50,
} as const;
