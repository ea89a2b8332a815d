/**
 * Work that several processes share: each partition of a topic is with one member of a group at a time, and
 * what is done is committed, so that whoever has the partition next goes on behind it. What was done and not
 * committed is done again.
 */
import type { WrittenRecord } from './topic.ts';

/** A partition that is with this member. */
export interface PartitionClaim {
  readonly partition: number;
  /** Comes when the partition is, or may be, with another: what is still being done for it is to be left. */
  readonly lost: AbortSignal;
  /** Comes when partitions are to change hands: what waits is to be left, and the next record asked for. */
  readonly wanted: AbortSignal;
  /**
   * Commits that all before this offset is done; settles when that is kept. False, and nothing is committed,
   * when the partition is no longer with this member. Rejects with TopicUnavailable when it is not known.
   */
  commit(nextOffset: number): Promise<boolean>;
}

export interface ClaimedRecord {
  readonly record: WrittenRecord;
  readonly claim: PartitionClaim;
}

/** One member of a group. */
export interface TopicGroup {
  readonly topic: string;
  readonly group: string;
  /** Its name, the same after a restart: who comes back soon finds its partitions where they were. */
  readonly member: string;
  /**
   * Records of the partitions that are with this member, each partition in its order, from what is committed
   * on (or from the start where nothing is), until the signal. It gives partitions away, and gets others,
   * only when it is asked for the next record. Rejects with `refused` when another process takes the name of
   * this member.
   */
  consume(signal: AbortSignal): AsyncIterable<ClaimedRecord>;
  /** Where each partition is to go on, whoever has it; 0 where nothing is committed. */
  committed(): Promise<readonly number[]>;
  close(): Promise<void>;
}
