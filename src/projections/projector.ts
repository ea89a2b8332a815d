/**
 * Follows the topic of decisions, and has the index follow with it. Where it stands is said by the index
 * alone: whatever fails, and wherever it is ended, it goes on from there, so nothing is missing and nothing
 * is there twice.
 */
import { LIMITS } from '#domain/limits.ts';
import { messageOf } from '#domain/message-of.ts';
import { entryId } from '#fleet/identity.ts';
import type { Clock } from '#ports/clock.ts';
import { DecisionIndexUnavailable, type DecisionIndex } from '#ports/decision-index.ts';
import { pauseUntil } from '#ports/pause.ts';
import type { Topic, WrittenRecord } from '#ports/topic.ts';
import { batchesOf, type BatchBounds } from './batches.ts';

export interface ProjectorParts {
  readonly topic: Topic;
  readonly index: DecisionIndex;
  readonly clock: Clock;
  readonly bounds?: Partial<BatchBounds>;
  /** Told when it must wait, and of copies that differ; never of payments. */
  readonly tell?: (what: string) => void;
}

const BOUNDS: BatchBounds = {
  recordsMax: LIMITS.projectionBatchRecordsMax, bytesMax: LIMITS.projectionBatchBytesMax, waitMsMax: 50,
};
/** After somebody waited for the index, batches are short for so long. */
const HURRY_MS = 1_000;
const HURRIED_WAIT_MS = 1;
const REST_MS_MAX = 5;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 5_000;

type Ended = 'stopped' | 'unavailable' | 'overtaken';

export class Projector {
  readonly #parts: ProjectorParts;
  readonly #bounds: BatchBounds;
  #reached: readonly number[] = [];
  #batchCount = 0;
  #told = '';
  #hurriedUntilMs = 0;

  constructor(parts: ProjectorParts) {
    this.#parts = parts;
    this.#bounds = { ...BOUNDS, ...parts.bounds };
  }

  /**
   * Resolves when the signal comes. While the index is away it tries again. Rejects with TopicUnavailable
   * `refused` where the topic does not have any more what the index lacks: to go on would hide it.
   */
  async run(signal: AbortSignal): Promise<void> {
    for (let waitMs = RETRY_MS_MIN; !signal.aborted; waitMs = Math.min(RETRY_MS_MAX, waitMs * 2)) {
      const before = this.#batchCount;
      if (await this.#follow(signal) === 'stopped') return;
      if (this.#batchCount > before) waitMs = RETRY_MS_MIN;
      await pauseUntil(this.#parts.clock, waitMs, signal);
    }
  }

  /** Offsets that the index has, as far as this projector knows. */
  get reached(): readonly number[] { return this.#reached; }

  /** Somebody waits for what is in the topic. */
  hurry(): void {
    this.#hurriedUntilMs = performance.now() + HURRY_MS;
  }

  /** Records of the topic that are not in the index yet, as far as it has got. */
  async lag(): Promise<number> {
    const { topic } = this.#parts;
    const [starts, ends] = await Promise.all([topic.starts(), topic.ends()]);
    return ends.reduce((lag, end, partition) =>
      lag + Math.max(0, end - (this.#reached[partition] ?? starts[partition] ?? 0)), 0);
  }

  async #follow(signal: AbortSignal): Promise<Ended> {
    const { topic, index, clock, tell } = this.#parts;
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    try {
      this.#reached = await index.offsets();
      const records = topic.follow(this.#reached, either, { gatherMs: this.#waitMs });
      for await (const batch of batchesOf(records, this.#bounds, clock, this.#rest)) {
        if (signal.aborted) return 'stopped';
        if (!await this.#project(batch)) return 'overtaken';
      }
      return 'stopped';
    } catch (why) {
      if (!(why instanceof DecisionIndexUnavailable)) throw why;
      if (this.#told !== messageOf(why)) tell?.(`projection: waits: ${messageOf(why)}`);
      this.#told = messageOf(why);
      return 'unavailable';
    } finally {
      // The topic is followed anew; who reads it now is let go.
      ending.abort();
    }
  }

  readonly #waitMs = (): number =>
    (performance.now() < this.#hurriedUntilMs ? HURRIED_WAIT_MS : this.#bounds.waitMsMax);

  /** Of a topic that gathers, what is left of the wait: its records come together. */
  readonly #rest = (): number => Math.min(REST_MS_MAX, this.#waitMs());

  /** False where somebody else has gone on. */
  async #project(batch: readonly WrittenRecord[]): Promise<boolean> {
    const { index, tell } = this.#parts;
    const reached = [...this.#reached];
    for (const { place: { partition, offset } } of batch) reached[partition] = offset + 1;
    const records = batch.map((record) => ({ ...record, id: entryId(record.key) }));
    const done = await index.project({ from: this.#reached, reached, records });
    if (done.kind === 'overtaken') return false;
    this.#reached = reached;
    this.#batchCount += 1;
    this.#told = '';
    if (done.differing > 0) tell?.(`projection: ${done.differing} copies differ from the first of their key`);
    return true;
  }
}
