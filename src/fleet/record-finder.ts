/**
 * What was kept of a key, by any node. The index follows the topic at a distance, so it is asked when it has
 * what the topic had: only then is "not there" certain.
 */
import { partitionOfKey } from '#ports/key-partition.ts';
import { DecisionIndexUnavailable } from '#ports/decision-index.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { Topic, TopicPlace, TopicRecord } from '#ports/topic.ts';
import { within } from '#ports/within.ts';
import type { Breaker } from './breaker.ts';
import type { RecentRecords } from './recent-records.ts';
import { logRecordOf } from './topic-record.ts';

/** The index of decisions, as a node asks it. */
export interface FleetIndex {
  /** Rejects with DecisionIndexUnavailable. */
  find(key: string): Promise<LogRecord | undefined>;
  /** Offsets of the topic that it has, by partition; rejects as `find` does. */
  reached(): Promise<readonly number[]>;
}

export interface RecordFinderParts {
  readonly recent: RecentRecords;
  readonly topic: Topic;
  readonly index: FleetIndex | undefined;
  /** What this node has kept and the topic may not have: also what it kept before it was started again. */
  readonly journal?: { find(key: string): Promise<TopicRecord | undefined> };
  /** Of the index. */
  readonly breaker: Breaker;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Without a record, and certain: no node has kept one. */
export interface Found { readonly record: LogRecord | undefined; readonly isCertain: boolean }

const LOOK_AGAIN_MS = 2;
/** An index that is so far behind is not waited for. */
const CATCH_UP_MS_MAX = 1_000;
/** Of the time that there is; the rest is for the answer. An index that is behind is not one that is away. */
const WAIT_SHARE = 0.7;
const UNCERTAIN: Found = { record: undefined, isCertain: false };

export class RecordFinder {
  readonly #parts: RecordFinderParts;
  #asking: Promise<readonly number[]> | undefined;
  #next: Promise<readonly number[]> | undefined;

  constructor(parts: RecordFinderParts) {
    this.#parts = parts;
  }

  /** This node's own, at once. */
  recent(key: string): LogRecord | undefined {
    return this.#parts.recent.find(key);
  }

  /** Never rejects for what is away: then it is not certain. */
  async find(key: string, withinMs: number): Promise<Found> {
    const { index, journal } = this.#parts;
    const record = this.recent(key);
    if (record !== undefined) return { record, isCertain: true };
    const waiting = await journal?.find(key);
    if (waiting !== undefined) return { record: logRecordOf(waiting).record, isCertain: true };
    if (index === undefined) return UNCERTAIN;
    return await this.#guarded(withinMs, (until) => this.#lookUp(index, key, until)) ?? UNCERTAIN;
  }

  /**
   * The first record of the key in the topic, where one of it stands at that place: another's, or that one.
   * Undefined where it cannot be told in time.
   */
  async firstOf(
    key: string, { partition, offset }: TopicPlace, withinMs: number,
  ): Promise<LogRecord | undefined> {
    const { index } = this.#parts;
    if (index === undefined) return undefined;
    return this.#guarded(withinMs, async (until) =>
      (await this.#hasReached(index, partition, offset + 1, until) ? index.find(key) : undefined));
  }

  async #guarded<Result>(
    withinMs: number, asking: (until: number) => Promise<Result>,
  ): Promise<Result | undefined> {
    const { breaker } = this.#parts;
    const entered = breaker.enter();
    if (entered === 'open') return undefined;
    const until = performance.now() + Math.min(WAIT_SHARE * withinMs, CATCH_UP_MS_MAX);
    try {
      const found = await within(withinMs, asking(until), tooLate);
      breaker.succeeded(entered);
      return found;
    } catch (error) {
      if (!(error instanceof DecisionIndexUnavailable)) throw error;
      breaker.failed(entered);
      return undefined;
    }
  }

  async #lookUp(index: FleetIndex, key: string, until: number): Promise<Found> {
    const record = await index.find(key);
    if (record !== undefined) return { record, isCertain: true };
    const isCertain = await this.#hasCaughtUp(index, key, until);
    return isCertain ? { record: await index.find(key), isCertain } : UNCERTAIN;
  }

  /** Whether the index has all that the topic had of the key's partition when this was asked. */
  async #hasCaughtUp(index: FleetIndex, key: string, until: number): Promise<boolean> {
    const partition = partitionOfKey(key, this.#parts.topic.partitionCount);
    const ends = await this.#endsNow().catch(() => undefined);
    const end = ends?.[partition];
    return end !== undefined && this.#hasReached(index, partition, end, until);
  }

  async #hasReached(index: FleetIndex, partition: number, end: number, until: number): Promise<boolean> {
    const { sleep } = this.#parts;
    while (performance.now() < until) {
      const reached = await index.reached();
      if ((reached[partition] ?? 0) >= end) return true;
      await sleep(LOOK_AGAIN_MS);
    }
    return false;
  }

  /** One question at a time; all who come while one is out share the next, for what was written meanwhile. */
  #endsNow(): Promise<readonly number[]> {
    const again = (): Promise<readonly number[]> => {
      this.#next = undefined;
      return this.#endsNow();
    };
    if (this.#asking !== undefined) return this.#next ??= this.#asking.then(again, again);
    const over = (): void => { this.#asking = undefined; };
    this.#asking = this.#parts.topic.ends().finally(over);
    return this.#asking;
  }
}

const tooLate = (): Error => new DecisionIndexUnavailable('no answer in time');
