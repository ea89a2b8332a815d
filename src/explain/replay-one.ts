/**
 * One decision by replay: the state just before it, made from the log as a start makes it, and the request.
 */
import type { EventSchema } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import type { LogReader, LogRecord } from '#ports/decision-log.ts';
import type { SnapshotStore } from '#ports/snapshot-store.ts';
import { windowsCause } from '#decisioning/decision-of.ts';
import { makeState, type StateParts } from '#decisioning/make-state.ts';
import { readDecision } from '#decisioning/record.ts';
import { admittedAgain, type Replayed } from './derive.ts';
import { NotExplainable } from './not-explainable.ts';

export interface ReplayOneParts {
  readonly log: LogReader;
  /** The newest is used where it is older than the decision. */
  readonly snapshots: SnapshotStore;
  readonly schema: EventSchema;
  readonly newWindowStore: StateParts['newWindowStore'];
  readonly tell?: NonNullable<StateParts['tell']>;
  /** Default: `LIMITS.explainReplayRecordsMax`. */
  readonly recordsMax?: number;
}

/** There is too much to read between the snapshot and the decision. */
export class ReplayTooLong extends NotExplainable {}

export async function replayOne(record: LogRecord, parts: ReplayOneParts): Promise<Replayed> {
  const { position } = record;
  const { log, schema, snapshots, newWindowStore, tell } = parts;
  const { recordsMax = LIMITS.explainReplayRecordsMax } = parts;
  const state = await makeState({
    log: before(log, position, recordsMax), snapshots, schema, newWindowStore,
    ...(tell === undefined ? {} : { tell }),
  });
  const cause = windowsCause(readDecision(record));
  const { decision, facts } = state.judgeAs(admittedAgain(record, state), position, cause);
  return { decision, facts };
}

/** The log as it was before that position was written. */
const before = (log: LogReader, position: number, recordsMax: number): LogReader => ({
  durable: { position: position - 1, hash: '' },
  get: (asked) => (asked < position ? log.get(asked) : Promise.resolve(undefined)),
  async *read(fromPosition) {
    if (position - fromPosition > recordsMax) {
      throw new ReplayTooLong(`the record of the decision at position ${position} does not hold all it was `
        + `made from, and the state before it is ${position - fromPosition} records from the newest snapshot `
        + `that is older; at most ${recordsMax} are read again for one explanation`);
    }
    for await (const record of log.read(fromPosition)) {
      if (record.position >= position) return;
      yield record;
    }
  },
});
