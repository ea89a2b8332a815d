/**
 * Records in partitions, in the order in which they were written: what is durable for a fleet. A record is
 * kept by its key: those of one key are in one partition, so their order is certain (key-partition.ts says in
 * which).
 */

export interface TopicRecord {
  readonly key: string;
  /** Not to be changed before the append has settled. */
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, Uint8Array>>;
}

/** Where a record stands. Offsets of a partition grow; a number may be left out. */
export interface TopicPlace {
  readonly partition: number;
  readonly offset: number;
}

/** Its bytes may be part of a larger piece of memory: who keeps them keeps a copy. */
export interface WrittenRecord extends TopicRecord {
  readonly place: TopicPlace;
  /** When the topic took it, ms. */
  readonly writtenAtMs: number;
}

export interface Following {
  /**
   * Who can wait so long for what comes is brought more at once, which spares a question for each record;
   * default: not at all. The first record after a pause comes at once. Asked again while it waits.
   */
  readonly gatherMs?: () => number;
}

export interface Topic {
  readonly name: string;
  readonly partitionCount: number;
  /**
   * Settles when the record is on every replica that must have it. Rejects with TopicUnavailable: then it may
   * be there or not, or come to be there later, and to write it again may make two of it. What is appended
   * after it with its key never stands before it, unless it is not there at all.
   */
  append(record: TopicRecord): Promise<TopicPlace>;
  /** Where the first record that is still kept stands, or would, of each partition. */
  starts(): Promise<readonly number[]>;
  /** Where the next record of each partition will stand. */
  ends(): Promise<readonly number[]>;
  /**
   * From these offsets (where none is given, from the start) up to what is there when it starts, each
   * partition in its order. Rejects with `refused` where an offset is before the start or behind the end:
   * what was asked for is gone, and to go on elsewhere would hide it.
   */
  read(from: readonly number[]): AsyncIterable<WrittenRecord>;
  /**
   * The same, and then what comes, until the signal or the close. A topic that cannot be reached is waited
   * for. Of what is written, no more than a bounded part is held: who reads slowly is read for slowly.
   */
  follow(
    from: readonly number[], signal: AbortSignal, following?: Following,
  ): AsyncIterable<WrittenRecord>;
  /** What has not settled is rejected. */
  close(): Promise<void>;
}

/**
 * `unreachable`: nobody answers, or it is closed. `late`: no answer in time. `refused`: the answer is no, and
 * will be again. `full`: more waits than may; nothing was sent.
 */
export type TopicFault = 'unreachable' | 'late' | 'refused' | 'full';

export class TopicUnavailable extends Error {
  readonly code: TopicFault;
  constructor(code: TopicFault, message: string) {
    super(message);
    this.code = code;
  }
}
