/**
 * What was decided, by id: a copy of the topic of decisions that can be asked. The topic is the truth; the
 * first record of a key holds, and a later one is a copy of it. Bytes are kept as they are, so that what this
 * program does not know is kept for one that does.
 */
import type { TopicPlace, WrittenRecord } from './topic.ts';

export interface IndexedRecord extends WrittenRecord {
  /** What its key is found by: 32 hex digits, equal for equal keys. */
  readonly id: string;
}

/** What stands in the topic from some offsets on, and the offsets behind it, by partition. */
export interface IndexBatch {
  /** As `offsets()` said, or as the batch before reached. */
  readonly from: readonly number[];
  readonly reached: readonly number[];
  /** In the order of the topic within each partition. */
  readonly records: readonly IndexedRecord[];
}

export type Projected =
  | {
    readonly kind: 'projected';
    readonly added: number;
    /** Of a key that is there already; those that differ from the first are told by `differences()`. */
    readonly copies: number;
    readonly differing: number;
    /** Written before what is kept; left out. */
    readonly expired: number;
  }
  /** The index does not stand where the batch begins: somebody else went on. Nothing was done. */
  | { readonly kind: 'overtaken' };

/** A copy that is not what the first record of its key is. Nothing was written over. */
export interface CopyDifference {
  readonly id: string;
  readonly first: TopicPlace;
  readonly copy: TopicPlace;
  /** `answer`, and the names of headers. */
  readonly parts: readonly string[];
}

/** Most differences that are kept one by one; beyond it they are counted. */
export const DIFFERENCES_KEPT_MAX = 1_000;
/** Most ids, rows or examples of one question. */
export const INDEX_PAGE_MAX = 500;

/** Every method rejects with DecisionIndexUnavailable while the index cannot be asked. */
export interface DecisionIndex {
  /** The first record of the key with that id. */
  find(id: string): Promise<IndexedRecord | undefined>;
  /** All or nothing, together with the offsets: whatever fails, `offsets()` says what was done. */
  project(batch: IndexBatch): Promise<Projected>;
  /** Where the next record of each partition will be asked for; none where nothing was projected. */
  offsets(): Promise<readonly number[]>;
  /** What was written before that time may go, in whole months. Resolves the time from which all is kept. */
  expire(beforeMs: number): Promise<number>;
  keptFromMs(): Promise<number>;
  /** How many copies differed since the beginning, and examples, the oldest first. */
  differences(limit: number): Promise<{
    readonly count: number; readonly examples: readonly CopyDifference[];
  }>;
  /** What is kept of a partition from an offset on and before another, in its order. */
  between(partition: number, from: number, before: number, limit: number): Promise<readonly IndexedRecord[]>;
  /** Every place that is kept for these ids; more than one for an id is a fault. */
  places(ids: readonly string[]): Promise<ReadonlyMap<string, readonly TopicPlace[]>>;
  close(): Promise<void>;
}

/** Offsets that say the same of every partition; one that is left out says nothing. */
export const sameOffsets = (one: readonly number[], other: readonly number[]): boolean =>
  Array.from({ length: Math.max(one.length, other.length) }).every((_, i) => one[i] === other[i]);

/** It may be asked again; of a `project` it is unknown whether it was done. */
export class DecisionIndexUnavailable extends Error {}

/**
 * The same request may be written in another way, by another version of the program; and where it stands in
 * the shared logs is written again where it was given another place, and then what it would have been with
 * windows. The rest may not.
 */
const MAY_DIFFER: ReadonlySet<string> =
  new Set(['request', 'format', 'windows', 'entry', 'placed', 'epoch', 'rescored']);

/** What of a copy is not as it is in the first record of its key: `answer`, and names of headers. */
export function differingParts(first: WrittenRecord, copy: WrittenRecord): readonly string[] {
  const names = new Set([...Object.keys(first.headers), ...Object.keys(copy.headers)]);
  const parts = [...names].filter((name) =>
    !MAY_DIFFER.has(name) && !sameBytes(first.headers[name], copy.headers[name])).toSorted();
  return sameBytes(first.value, copy.value) ? parts : ['answer', ...parts];
}

const sameBytes = (one: Uint8Array | undefined, other: Uint8Array | undefined): boolean =>
  one?.length === other?.length && (one?.every((byte, i) => byte === other?.[i]) ?? true);
