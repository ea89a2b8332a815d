/**
 * What a topic cannot take now, on the disk of this node, until the topic has it. Records are there in the
 * order in which they came, and stay, whatever ends the process, until they are said to be done.
 */
import type { TopicRecord } from './topic.ts';

/** Where a record stands. */
export interface JournalPlace {
  readonly part: number;
  readonly position: number;
}

export interface JournalEntry {
  readonly place: JournalPlace;
  /** Its bytes may be part of a larger piece of memory. */
  readonly record: TopicRecord;
}

/** What is in the journal and not done. */
export interface JournalWaiting {
  readonly records: number;
  /** When the oldest of them came, ms; undefined where there is none. */
  readonly oldestAtMs: number | undefined;
}

export interface Journal {
  readonly waiting: JournalWaiting;
  /**
   * Settles when the record is durable. Rejects with JournalUnavailable: then it is not there, but where the
   * process ends before the disk is well again, it may be there for the next one.
   */
  append(record: TopicRecord): Promise<JournalPlace>;
  /**
   * The topic has these. Settles when that is durable too, or cannot be made so: then it holds until the
   * process ends, and the next one finds them waiting.
   */
  done(places: readonly JournalPlace[]): Promise<void>;
  /**
   * The oldest that wait, in their order, without those whose key is left out. As many as are asked for, of
   * as many bytes, at least one.
   */
  oldest(
    most: { readonly records: number; readonly bytes: number }, isLeftOut: (key: string) => boolean,
  ): Promise<readonly JournalEntry[]>;
  /** The first durable record with that key that is still here, done or not. */
  find(key: string): Promise<TopicRecord | undefined>;
  /** Writes what was appended, then takes nothing more. */
  close(): Promise<void>;
}

/** `full`: it holds as much as it may, or the disk does. `io`: the disk failed. `closed`: it was closed. */
export type JournalFault = 'full' | 'io' | 'closed';

export class JournalUnavailable extends Error {
  readonly code: JournalFault;
  constructor(code: JournalFault, message: string) {
    super(message);
    this.code = code;
  }
}
