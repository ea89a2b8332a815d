/**
 * Writes a snapshot of a running engine without asking it: the state is a function of the log, so it is made
 * again,
 * from the snapshot before, beside the deciding thread.
 */
import { LocalLogReader } from '#adapters/log-files/decision-log-reader.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { makeState } from '#decisioning/make-state.ts';
import { eventSchema, type CustomField } from '#domain/field.ts';
import type { Disk } from '#ports/disk.ts';
import { logPlaces, snapshotsIn } from './open-embedded.ts';

export interface SnapshotOrder {
  readonly folder: string;
  /** Last position known to be durable. */
  readonly until: number;
  readonly custom: readonly CustomField[];
}

/** Resolves the position of the snapshot that was written. */
export async function writeSnapshotOf(disk: Disk, { folder, until, custom }: SnapshotOrder): Promise<number> {
  const log = await LocalLogReader.open(disk, logPlaces(folder), until);
  const snapshots = snapshotsIn(folder, { disk, log, opened: log.snapshot });
  const schema = eventSchema(custom);
  const newWindowStore = () => new LocalWindowStore(schema);
  const state = await makeState({ log, snapshots, schema, newWindowStore });
  await snapshots.save(schema.name, {
    position: state.position, publication: state.live?.position ?? 0, windows: state.store.saveState(),
  });
  return state.position;
}
