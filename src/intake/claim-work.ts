/**
 * The work of one claimed partition: in turn for each key, and how far all of it is done. Records of
 * different keys may be finished in any order; what is committed is the offset before which all is.
 */
import type { Clock } from '#ports/clock.ts';
import type { PartitionClaim } from '#ports/topic-group.ts';
import type { WrittenRecord } from '#ports/topic.ts';

/** A commit now and then; what was done since the last one is done again after a crash, to the same end. */
const COMMIT_EVERY_MS = 100;

interface Taken {
  readonly offset: number;
  isDone: boolean;
}

export class ClaimWork {
  readonly #claim: PartitionClaim;
  readonly #clock: Clock;
  /** Comes when what waits is to be left: others wait for the partition, or have it, or this member stops. */
  readonly leave: AbortSignal;
  /** INVARIANT: once a record is passed over, none behind it is taken: it comes again, and they with it. */
  isOver = false;
  readonly #taken: Taken[] = [];
  /** The last record of each key that is at work; true when it is done. */
  readonly #turns = new Map<string, Promise<boolean>>();
  #next = 0;
  #committed = 0;
  #committing: Promise<void> | undefined;

  constructor(claim: PartitionClaim, clock: Clock, stop: AbortSignal) {
    this.#claim = claim;
    this.#clock = clock;
    this.leave = AbortSignal.any([stop, claim.wanted, claim.lost]);
  }

  get isLost(): boolean {
    return this.#claim.lost.aborted;
  }

  /** Taken, and not yet before the offset that may be committed. */
  get open(): number {
    return this.#taken.length;
  }

  /** `work` says whether the record is done. Settles with that; who gives no key asks for no order. */
  async take({ key, place: { offset } }: WrittenRecord, work: () => Promise<boolean>): Promise<void> {
    const taken: Taken = { offset, isDone: false };
    this.#taken.push(taken);
    const turn = inTurn(key === '' ? undefined : this.#turns.get(key), work);
    if (key !== '') this.#turns.set(key, turn);
    taken.isDone = await turn;
    if (this.#turns.get(key) === turn) this.#turns.delete(key);
    while (this.#taken[0]?.isDone === true) this.#next = this.#taken.shift()!.offset + 1;
    if (this.#next > this.#committed) this.#committing ??= this.#commit();
  }

  /** Resolves when what is done is committed, or cannot be by this member now. */
  async settled(): Promise<void> {
    await this.#committing;
    if (this.#next > this.#committed) await this.#try();
  }

  async #commit(): Promise<void> {
    while (this.#next > this.#committed && !this.leave.aborted) {
      await this.#clock.sleep(COMMIT_EVERY_MS);
      await this.#try();
    }
    this.#committing = undefined;
  }

  async #try(): Promise<void> {
    const next = this.#next;
    // What could not be committed is tried again, with all that is done by then.
    const isCommitted = await this.#claim.commit(next).catch(() => false);
    if (isCommitted) this.#committed = next;
  }
}

/** Where the one before it was left, so is this. */
async function inTurn(
  before: Promise<boolean> | undefined, work: () => Promise<boolean>,
): Promise<boolean> {
  return before !== undefined && !(await before) ? false : work();
}
