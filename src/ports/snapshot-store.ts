/**
 * A state written down, so that a start does not read the whole log. Losing every snapshot loses only time.
 */
export interface Snapshot {
  /** The last record that is in it. */
  readonly position: number;
  /** Position of the publication in force, 0 before the first. */
  readonly publication: number;
  /** What `PersistentWindowStore.saveState` gave. */
  readonly windows: Iterable<Uint8Array>;
}

export interface SnapshotStore {
  /**
   * The newest one that is whole, fits the log and was made under this layout of events. With another layout
   * the
   * log is read instead.
   */
  latest(layout: string): Promise<Snapshot | undefined>;
  /** Writes it beside the others, in one step; all up to its position is durable. Old ones are removed. */
  save(layout: string, snapshot: Snapshot): Promise<void>;
}
