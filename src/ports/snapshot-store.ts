/** A state written down, so that a start does not read the whole log. Losing every snapshot loses only time. */
export interface Snapshot {
  /** The last record that is in it. */
  readonly position: number;
  /** What the state was made under: with another layout the snapshot is of no use, and the log is read instead. */
  readonly layout: string;
  /** Position of the publication in force, 0 before the first. */
  readonly publication: number;
  readonly windows: Iterable<Uint8Array>;
}

export interface SnapshotStore {
  /** The newest one that is whole and fits the log, or undefined. */
  latest(layout: string): Promise<Snapshot | undefined>;
  /** Writes it beside the others, atomically; old ones are removed. */
  save(snapshot: Snapshot): Promise<void>;
}
