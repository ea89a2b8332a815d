/** A recorded decision made again, and held against the record byte by byte. */
import type { Decision, WindowsCause } from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { isRefusal, parseTransactionCall } from '#domain/parse-event.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import { decisionOf, windowsCause } from '#decisioning/decision-of.ts';
import { UNASKED, type GivenMarks } from '#policy/policy-on-store.ts';
import type { LivePolicy } from '#decisioning/live-policy.ts';
import {
  answerBytes, measuredOf, readDecision, readFacts, readVersions, requestBytes, splitKey,
  type Facts, type Versions,
} from '#decisioning/record.ts';
import type { Admitted, EngineState } from '#decisioning/state.ts';
import type { LiveAt } from './live-at.ts';
import { NotExplainable } from './not-explainable.ts';
import { ifRecorded } from './part-value.ts';

/** The log up to the decision read again, for records that do not hold all that was looked at. */
export type ReplayOne = (record: LogRecord) => Promise<Replayed>;
export interface Replayed { readonly decision: Decision; readonly facts: Facts }

export interface Derivation {
  readonly equal: boolean;
  readonly from: 'facts' | 'replay';
  readonly versions: Versions;
  /** The state without a past in which the publication of then is live. */
  readonly state: EngineState;
  readonly event: ParsedEvent;
  readonly live: LivePolicy | undefined;
  readonly facts: Facts;
}

export async function derive(record: LogRecord, liveAt: LiveAt, replayOne: ReplayOne): Promise<Derivation> {
  const versions = readVersions(record);
  const state = await liveAt.at(versions);
  const admitted = admittedAgain(record, state);
  const { event, live } = admitted;
  const decision = readDecision(record);
  const failed = live !== undefined && hasFailed(decision);
  const recorded = Buffer.from(answerBytes(record)).toString('utf8');
  const facts = readFacts(record);
  const same = { versions, state, event, live };
  if (!failed && decidedAgain(admitted, facts, windowsCause(decision)) === recorded) {
    return { ...same, equal: true, from: 'facts', facts };
  }
  const replayed = await replayOne(record);
  const equal = JSON.stringify(replayed.decision) === recorded;
  return { ...same, equal, from: 'replay', facts: replayed.facts };
}

export function admittedAgain(record: LogRecord, state: EngineState): Admitted {
  const { tenant } = splitKey(record.key);
  const parsed = parseTransactionCall(requestBytes(record), state.schema, record.receivedAtMs, tenant);
  const admitted = isRefusal(parsed) ? parsed : state.admit(parsed.event);
  if (isRefusal(admitted)) {
    throw new NotExplainable(`the recorded request is refused by this program: ${admitted.detail}`);
  }
  admitted.event.position = record.position;
  return admitted;
}

/** Undefined where the facts do not suffice. */
function decidedAgain(
  { event, live, adjusted }: Admitted, facts: Facts, cause: WindowsCause | undefined,
): string | undefined {
  const told = (judged: Parameters<typeof decisionOf>[2]): string =>
    JSON.stringify(decisionOf(event, live, judged, adjusted, undefined, cause));
  if (live === undefined) return told({ cause: 'no policy decides this kind of payment' });
  if (facts.cells.length !== live.policy.features.length) return undefined;
  return ifRecorded(() =>
    told(live.judgeAgain(event, measuredOf(facts, typesOf(live)), marksGiven(facts, cause))));
}

/** What was looked at beside the features: nothing, where windows could not be asked. */
export const marksGiven = ({ marks = [] }: Facts, cause: WindowsCause | undefined): GivenMarks =>
  (cause === undefined ? marks : UNASKED);

/** A policy that failed left no facts, only its fallback. */
export const hasFailed = ({ degraded }: Decision): boolean => degraded.some(({ part }) => part === 'policy');

export const typesOf = (live: LivePolicy) => live.policy.features.map(({ type }) => type);
