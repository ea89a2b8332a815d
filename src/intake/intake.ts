/**
 * A member of the group that takes payments and events from the topic `transactions`.
 *
 * INVARIANT: an offset is committed only when all before it is decided, durably, or lies among the dead
 * letters. Of one key, a record is begun when the one before it is done.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '#domain/limits.ts';
import type { ClaimedRecord, PartitionClaim, TopicGroup } from '#ports/topic-group.ts';
import type { Topic } from '#ports/topic.ts';
import { ClaimWork } from './claim-work.ts';
import { workRecord, type IntakeCounts, type WorkParts } from './work-record.ts';

export interface IntakeParts extends WorkParts {
  readonly group: TopicGroup;
  /** What the group takes from: how far behind it is. */
  readonly transactions: Pick<Topic, 'starts' | 'ends'>;
}

export interface IntakeMeasurements extends Readonly<IntakeCounts> {
  readonly isRunning: boolean;
  /** Taken and not done. */
  readonly inFlight: number;
}

/** What is at work when others wait for partitions has so long to be done; what is not is done again. */
const HAND_OVER_MS_MAX = 5_000;

export class Intake {
  readonly #parts: IntakeParts;
  readonly #counts: IntakeCounts = { decided: 0, recorded: 0, replayed: 0, dead: 0, retried: 0 };
  readonly #claims = new Map<PartitionClaim, ClaimWork>();
  readonly #working = new Set<Promise<void>>();
  #roomMade: () => void = () => {};
  #isRunning = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  get measurements(): IntakeMeasurements {
    return { ...this.#counts, isRunning: this.#isRunning, inFlight: this.#working.size };
  }

  /** Records of the topic that no member of the group has committed. */
  async lag(): Promise<number> {
    const { transactions, group } = this.#parts;
    const [starts, ends, committed] = await Promise.all([
      transactions.starts(), transactions.ends(), group.committed(),
    ]);
    return ends.reduce((sum, end, partition) =>
      sum + end - Math.max(starts[partition] ?? 0, committed[partition] ?? 0), 0);
  }

  /**
   * Until the signal; then what is at work is done, and committed. Rejects with TopicUnavailable, `refused`,
   * when another process has the name of this member, or what is committed is no longer in the topic.
   */
  async run(stop: AbortSignal): Promise<void> {
    if (stop.aborted) return;
    const reading = new AbortController();
    const end = (): void => {
      void this.#handOver().then(() => { reading.abort(); });
    };
    stop.addEventListener('abort', end, { once: true });
    this.#isRunning = true;
    try {
      for await (const claimed of this.#parts.group.consume(reading.signal)) await this.#take(claimed, stop);
    } finally {
      this.#isRunning = false;
      stop.removeEventListener('abort', end);
    }
  }

  async #take({ record, claim }: ClaimedRecord, stop: AbortSignal): Promise<void> {
    const work = this.#of(claim, stop);
    const { leave } = work;
    while (this.#open >= LIMITS.intakeInFlightMax && !leave.aborted) await this.#room(leave);
    work.isOver ||= leave.aborted;
    if (work.isOver) {
      if (!stop.aborted) await this.#handOver();
      return;
    }
    const working = work.take(record, () => workRecord(this.#parts, this.#counts, record, leave));
    const settled = working.then(() => {
      this.#working.delete(settled);
      this.#roomMade();
    });
    this.#working.add(settled);
  }

  get #open(): number {
    let open = 0;
    for (const work of this.#claims.values()) if (!work.isLost) open += work.open;
    return open;
  }

  #of(claim: PartitionClaim, stop: AbortSignal): ClaimWork {
    const known = this.#claims.get(claim);
    if (known !== undefined) return known;
    for (const [other, work] of this.#claims) if (work.isLost) this.#claims.delete(other);
    const work = new ClaimWork(claim, this.#parts.clock, stop);
    this.#claims.set(claim, work);
    return work;
  }

  async #room(leave: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#roomMade = (): void => {
        leave.removeEventListener('abort', this.#roomMade);
        resolve();
      };
      leave.addEventListener('abort', this.#roomMade);
    });
  }

  /** What is at work is done or left, and what is done is committed, or time is up. */
  async #handOver(): Promise<void> {
    const isOver = new AbortController();
    const settle = async (): Promise<void> => {
      await Promise.all(this.#working);
      await Promise.all([...this.#claims.values()].map((work) => work.settled()));
      isOver.abort();
    };
    await Promise.race([
      settle(), sleep(HAND_OVER_MS_MAX, undefined, { signal: isOver.signal }).catch(() => {}),
    ]);
  }
}
