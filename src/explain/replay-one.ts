/**
 * One decision by replay: the state just before it, made from the log as a start makes it, and the request.
 */
import type { EventSchema } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import type { LogReader, LogRecord } from '#ports/decision-log.ts';
import type { SnapshotStore } from '#ports/snapshot-store.ts';
import { makeState, type StateParts } from '#decisioning/make-state.ts';
import { admittedAgain, type Replayed } from './derive.ts';

export interface ReplayOneParts {
  readonly log: LogReader;
  /** The newest is used where it is older than the decision. */
  readonly snapshots: SnapshotStore;
  readonly schema: EventSchema;
  readonly newWindowStore: StateParts['newWindowStore'];
  readonly tell?: NonNullable<StateParts['tell']>;
}

export async function replayOne(record: LogRecord, parts: ReplayOneParts): Promise<Replayed> {
  const { position } = record;
  if (position > LIMITS.explainReplayRecordsMax) {
    throw new Error(`the decision is at position ${position}, and its record does not hold all it was made `
      + `from; at most ${LIMITS.explainReplayRecordsMax} records are read again for one explanation`);
  }
  const { log, schema, snapshots, newWindowStore, tell } = parts;
  const state = await makeState({
    log: before(log, position), snapshots, schema, newWindowStore, ...(tell === undefined ? {} : { tell }),
  });
  const { decision, facts } = state.judge(admittedAgain(record, state), position);
  return { decision, facts };
}

/** The log as it was before that position was written. */
const before = (log: LogReader, position: number): LogReader => ({
  durable: { position: position - 1, hash: '' },
  get: (asked) => (asked < position ? log.get(asked) : Promise.resolve(undefined)),
  async *read(fromPosition) {
    for await (const record of log.read(fromPosition)) {
      if (record.position >= position) return;
      yield record;
    }
  },
});
