/**
 * Recorded requests through recorded publications, from an empty state: what was answered must come out
 * again.
 */
import type { EventSchema } from '#domain/field.ts';
import { isRefusal, parseEventCall, parseTransactionCall } from '#domain/parse-event.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { windowsCause } from './decision-of.ts';
import { answerBytes, readDecision, requestBytes, splitKey } from './record.ts';
import { EngineState } from './state.ts';

export interface Difference {
  readonly position: number;
  readonly id: string;
  readonly recorded: string;
  readonly replayed: string;
}

export interface Replayed {
  readonly state: EngineState;
  readonly decisions: number;
  readonly events: number;
  readonly different: number;
  /** The first of them. */
  readonly examples: readonly Difference[];
}

const EXAMPLES_MAX = 10;

export async function replay(
  records: AsyncIterable<LogRecord>, schema: EventSchema, newStore: () => PersistentWindowStore,
  progress?: (position: number) => void,
): Promise<Replayed> {
  const state = new EngineState(schema, newStore());
  const counts = { decision: 0, event: 0, publication: 0 };
  const examples: Difference[] = [];
  let different = 0;
  for await (const record of records) {
    progress?.(record.position);
    counts[record.kind] += 1;
    const replayed = again(state, record);
    if (replayed === undefined) continue;
    const recorded = Buffer.from(answerBytes(record)).toString('utf8');
    if (recorded === replayed) continue;
    different += 1;
    if (examples.length < EXAMPLES_MAX) {
      examples.push({ position: record.position, id: splitKey(record.key).id, recorded, replayed });
    }
  }
  return { state, decisions: counts.decision, events: counts.event, different, examples };
}

/** The answer to the recorded request, judged again; undefined for records that answer nothing. */
function again(state: EngineState, record: LogRecord): string | undefined {
  const { tenant, family } = splitKey(record.key);
  if (family === 'tx') {
    const parsed = parseTransactionCall(requestBytes(record), state.schema, record.receivedAtMs, tenant);
    const admitted = isRefusal(parsed) ? parsed : state.admit(parsed.event);
    if (isRefusal(admitted)) return JSON.stringify(admitted);
    const cause = windowsCause(readDecision(record));
    return JSON.stringify(state.judgeAs(admitted, record.position, cause).decision);
  }
  if (family === 'event') {
    const parsed = parseEventCall(requestBytes(record), state.schema, record.receivedAtMs, tenant);
    return JSON.stringify(isRefusal(parsed) ? parsed : state.take(parsed, record.position));
  }
  state.apply(record);
  return undefined;
}
