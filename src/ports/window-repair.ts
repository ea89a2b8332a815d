/**
 * What is asked of the shared logs by whoever makes them whole again from what is durable: after they lost
 * their last entries, or all of them.
 */
import type { LogName, WindowLog } from './window-log.ts';

export interface RestoreEntry {
  readonly name: LogName;
  /** Where it stood; 0: nowhere yet. */
  readonly seq: number;
  readonly id: string;
  readonly bytes: Uint8Array;
  /** Where it stood before that, and does not any more; 0: nowhere. */
  readonly leftSeq?: number;
}

/**
 * `there`: it was there. `placed`: at the place that it had, or at the end where it had none. `moved`:
 * another is there, or nothing that may be replaced: it stands behind. `taken`: another is there; nothing was
 * done. `old`: its place is before what is kept one by one.
 */
export interface Restored {
  readonly kind: 'there' | 'placed' | 'moved' | 'taken' | 'old';
  /** Where it stands now; where it should, if it was `taken` or is `old`. */
  readonly seq: number;
}

/**
 * `lost`: no node reads. Places before an entry that are empty are filled by entries that say nothing, and an
 * entry that comes for such a place gets it; so the order of restoring does not matter. `whole`: nodes have
 * read what is there, so nothing is replaced: what cannot stand where it stood goes to the end.
 */
export type LogCondition = 'whole' | 'lost';

export interface LogHealth {
  readonly condition: LogCondition;
  /** Of the logs when they were whole; 0: not known. It grows each time they are whole again. */
  readonly epoch: number;
}

/** Each rejects with WindowLogUnavailable. */
export interface RepairableLog extends WindowLog {
  health(): Promise<LogHealth>;
  /** Takes or keeps the right to repair; false where another holder has it. */
  lease(holder: string, forMs: number): Promise<boolean>;
  /** In their order. Rejects with `recovering` where the logs are not in that condition. */
  restore(entries: readonly RestoreEntry[], condition: LogCondition): Promise<readonly Restored[]>;
  /** Whole from now on, in this epoch; nothing is done where they are whole. */
  begin(epoch: number): Promise<void>;
  /** Offsets, by partition: what is before them in the topic is in the logs. Undefined: none is known. */
  checkpoint(): Promise<readonly number[] | undefined>;
  advance(offsets: readonly number[]): Promise<void>;
  /** Ids of what is in flight. */
  flights(): Promise<readonly string[]>;
  /** What a flight is completed from; undefined where it has landed. */
  flight(id: string): Promise<Uint8Array | undefined>;
  landed(ids: readonly string[]): Promise<void>;
}
