/**
 * One record of `transactions`, until it is done: decided, or put aside, and that is durable; or left, and
 * then it comes again.
 */
import type { DecideAnswer, DecideCall, RecordAnswer } from '#decisioning/call.ts';
import { messageOf } from '#domain/message-of.ts';
import type { Refusal, RefusalCode } from '#domain/refusal.ts';
import type { Clock } from '#ports/clock.ts';
import { DecisionIndexUnavailable } from '#ports/decision-index.ts';
import { LogUnavailable } from '#ports/decision-log.ts';
import { pauseUntil } from '#ports/pause.ts';
import { TopicUnavailable, type Topic, type WrittenRecord } from '#ports/topic.ts';
import { WindowLogUnavailable } from '#ports/window-log.ts';
import { deadLetter } from './dead-letter.ts';
import { readMessage } from './read-message.ts';

export interface WorkParts {
  readonly decide: (call: DecideCall) => Promise<DecideAnswer>;
  readonly record: (call: DecideCall) => Promise<RecordAnswer>;
  readonly dead: Pick<Topic, 'append'>;
  readonly clock: Clock;
  /** Of records that do not say whose they are. */
  readonly tenant: string;
  readonly tell?: (what: string) => void;
}

/** Counted since the start. `retried`: tries that were not the first of a record. */
export interface IntakeCounts {
  decided: number;
  recorded: number;
  replayed: number;
  dead: number;
  retried: number;
}

/** It is about now and not about the record: the same record is taken later. */
const PASSES: ReadonlySet<RefusalCode> = new Set([
  'log_unavailable', 'shedding', 'starting', 'draining', 'part_unavailable', 'request_timeout',
]);
/** What of the world is away, as it is thrown; another error is a mistake of the program. */
const AWAY = [TopicUnavailable, LogUnavailable, WindowLogUnavailable, DecisionIndexUnavailable];
/** A record on which the program fails so many times in a row is put aside. */
const FAILURES_MAX = 3;
const PAUSE_MS = 100;
const PAUSE_MS_MAX = 5_000;

type Done = 'decided' | 'recorded' | 'replayed';
type Tried =
  | { readonly kind: 'done'; readonly as: Done }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'not now' };

/**
 * Resolves whether it is done. What is refused for now is tried again, with growing pauses, until it is left:
 * nothing is put aside because something else is down.
 */
export async function workRecord(
  parts: WorkParts, counts: IntakeCounts, record: WrittenRecord, leave: AbortSignal,
): Promise<boolean> {
  let failures = 0;
  for (let pauseMs = PAUSE_MS;; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
    const tried = await tryRecord(parts, record);
    if (tried.kind === 'done') {
      counts[tried.as] += 1;
      return true;
    }
    if (tried.kind === 'failed') failures += 1;
    if (tried.kind === 'refused' || (tried.kind === 'failed' && failures >= FAILURES_MAX)) {
      const refusal = tried.kind === 'refused' ? tried.refusal : failed(tried.error);
      if (await isPutAside(parts, record, refusal)) {
        counts.dead += 1;
        return true;
      }
    }
    await pauseUntil(parts.clock, pauseMs, leave);
    if (leave.aborted) return false;
    counts.retried += 1;
  }
}

async function tryRecord({ decide, record: tell, tenant }: WorkParts, record: WrittenRecord): Promise<Tried> {
  const message = readMessage(record, tenant);
  if ('code' in message) return { kind: 'refused', refusal: message };
  try {
    const answer = await (message.asks === 'decide' ? decide(message.call) : tell(message.call));
    if (answer.kind === 'refused') {
      const { refusal } = answer;
      return PASSES.has(refusal.code) ? { kind: 'not now' } : { kind: 'refused', refusal };
    }
    // Kept by this node alone, for now: as long as it is, the record stays where it is.
    const degraded = answer.kind === 'decided' ? answer.degraded ?? [] : [];
    if (degraded.some(({ part }) => part === 'log')) return { kind: 'not now' };
    if (answer.replayed) return { kind: 'done', as: 'replayed' };
    return { kind: 'done', as: answer.kind };
  } catch (error) {
    const isAway = AWAY.some((one) => error instanceof one);
    return isAway ? { kind: 'not now' } : { kind: 'failed', error };
  }
}

const failed = (error: unknown): Refusal =>
  ({ code: 'internal', detail: `the program failed on it: ${messageOf(error)}`, errors: [] });

/** Where the topic of dead letters does not take it, the record is not done. */
async function isPutAside(
  { dead, clock, tell }: WorkParts, record: WrittenRecord, refusal: Refusal,
): Promise<boolean> {
  try {
    await dead.append(deadLetter(record, refusal, clock.now()));
    return true;
  } catch (error) {
    tell?.(`transactions.dead: ${messageOf(error)}`);
    return false;
  }
}
