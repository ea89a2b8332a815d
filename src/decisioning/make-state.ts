/** State = f(log), with a snapshot as a short cut: for a start, for healing, and for the next snapshot. */
import type { EventSchema } from '#domain/field.ts';
import { messageOf } from '#domain/message-of.ts';
import type { LogReader } from '#ports/decision-log.ts';
import type { SnapshotStore } from '#ports/snapshot-store.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { inForceAt } from './in-force.ts';
import type { PolicyCompiler } from './policy-compiler.ts';
import { EngineState } from './state.ts';

export interface StateParts {
  readonly log: LogReader;
  readonly snapshots: SnapshotStore;
  readonly schema: EventSchema;
  readonly newWindowStore: () => PersistentWindowStore;
  /** Of the same schema; default: one of its own. */
  readonly compiler?: PolicyCompiler;
  readonly tell?: (what: StateNews) => void;
}

export type StateNews =
  | { readonly kind: 'restored'; readonly position: number }
  /** It cannot be read, or was written by another version: the log is read instead. */
  | { readonly kind: 'snapshot_not_used'; readonly because: string }
  | { readonly kind: 'replayed'; readonly position: number; readonly last: number };

const NEWS_RECORDS = 10_000;

export async function makeState(parts: StateParts): Promise<EngineState> {
  const { log, schema, newWindowStore, compiler, tell } = parts;
  const state = await restored(parts) ?? new EngineState(schema, newWindowStore(), compiler);
  const last = log.durable.position;
  for await (const record of log.read(state.position + 1)) {
    state.apply(record);
    if (record.position % NEWS_RECORDS === 0) tell?.({ kind: 'replayed', position: record.position, last });
  }
  return state;
}

/** The state of the newest snapshot; undefined where it cannot be used, for the log has everything. */
async function restored(parts: StateParts): Promise<EngineState | undefined> {
  const { log, schema, snapshots, newWindowStore, compiler, tell } = parts;
  const state = new EngineState(schema, newWindowStore(), compiler);
  try {
    const snapshot = await snapshots.latest(schema.name);
    if (snapshot === undefined || snapshot.position > log.durable.position) return undefined;
    await publishAgain(state, snapshot.publication, log);
    state.store.loadState(snapshot.windows);
    state.position = snapshot.position;
  } catch (error) {
    tell?.({ kind: 'snapshot_not_used', because: messageOf(error) });
    return undefined;
  }
  tell?.({ kind: 'restored', position: state.position });
  return state;
}

/** What was in force when the snapshot was taken. */
async function publishAgain(state: EngineState, position: number, log: LogReader): Promise<void> {
  if (position === 0) return;
  const { publication, amendment } = await inForceAt(log, position);
  if (amendment === undefined) state.publish(publication, position);
  else state.enactAmended(publication, amendment, position);
}
