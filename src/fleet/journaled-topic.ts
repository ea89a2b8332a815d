import { LIMITS } from '#domain/limits.ts';
import { messageOf } from '#domain/message-of.ts';
import type { Clock } from '#ports/clock.ts';
import type { Journal, JournalEntry, JournalPlace } from '#ports/journal.ts';
import { TopicUnavailable, type Topic, type TopicPlace, type TopicRecord } from '#ports/topic.ts';
import type { Breaker, Entered } from './breaker.ts';

export interface JournaledTopicParts {
  readonly topic: Topic;
  readonly journal: Journal;
  /** Of the topic, for payments and for what is shipped. */
  readonly breaker: Breaker;
  readonly clock: Clock;
  /**
   * An append that takes longer counts as a failure for the breaker, ms. How long a payment can wait is
   * another matter, and says nothing of the topic.
   */
  readonly lateMs: number;
  readonly tell?: (what: string) => void;
}

/** Of what is in the journal, the most that is out to the topic at once. */
const SHIPPED_RECORDS_MAX = 64;
const SHIPPED_BYTES_MAX = 4_194_304;
/** Until the breaker is asked again, and until the journal is where nothing of it could be shipped. */
const AWAY_MS = 25;
const NOTHING_MS = 100;
/** Between two shipments there is as long a rest as the first one took, up to this: payments go first. */
const REST_MS_MAX = 250;
/** Until a journal that could not be read is read again. */
const FAILED_MS = 1_000;
/** What the topic refuses is offered to it again after this. */
const REFUSED_MS = 60_000;
/** Appends that a close waits for. */
const CLOSE_MS_MAX = 1_000;

type End = { readonly kind: 'placed'; readonly place: TopicPlace } | {
  readonly kind: 'failed'; readonly error: unknown;
};

/**
 * A topic whose records go to a journal of this node where the topic does not take them in time, and from
 * there to the topic when it takes records again: in their order, a few at once. The topic may get a second
 * copy of a record: where an append that was given up came to be there after all, or where the process ended
 * before the journal knew. INVARIANT: what was answered is in the topic, or in the journal and waits.
 */
export class JournaledTopic {
  readonly #parts: JournaledTopicParts;
  /** Keys that are on their way to the topic and in the journal too, or will be; how many records of each. */
  readonly #air = new Map<string, number>();
  readonly #following = new Set<Promise<void>>();
  readonly #refused = new Set<string>();
  #refusedAtMs = 0;
  #shippedMax = 1;
  #shipped = 0;
  /** Nothing of the journal can be shipped, though the topic may be well. */
  #isUnreadable = false;
  readonly #closing = Promise.withResolvers<void>();
  #isClosing = false;
  #news = Promise.withResolvers<void>();
  readonly #shipping: Promise<void>;

  private constructor(parts: JournaledTopicParts) {
    this.#parts = parts;
    this.#shipping = this.#ship();
  }

  /** What is in the journal from before is shipped first. The journal is closed with it, the topic is not. */
  static open(parts: JournaledTopicParts): JournaledTopic {
    return new JournaledTopic(parts);
  }

  /** Records that the topic has not, as far as is known, and for how long the oldest has waited. */
  waiting(): { readonly records: number; readonly oldestMs: number } {
    const { records, oldestAtMs } = this.#parts.journal.waiting;
    const { clock } = this.#parts;
    return { records, oldestMs: oldestAtMs === undefined ? 0 : Math.max(0, clock.now() - oldestAtMs) };
  }

  /** Records that went from the journal to the topic since this was opened. */
  get shipped(): number {
    return this.#shipped;
  }

  /** The first record with that key in the journal: what the topic may not have yet. */
  find(key: string): Promise<TopicRecord | undefined> {
    return this.#parts.journal.find(key);
  }

  /**
   * Settles when the record is durable: where it stands in the topic, or `journal`. Rejects with
   * JournalUnavailable where neither took it, and with TopicUnavailable where the topic refuses it: then it
   * is not answered, and may come to be in the topic all the same.
   */
  async keep(
    record: TopicRecord, { withinMs }: { readonly withinMs: number },
  ): Promise<TopicPlace | 'journal'> {
    mustFit(record, this.#parts.topic.name);
    const entered = withinMs > 0 ? this.#enter() : 'open';
    if (entered === 'open') return this.#journaled(record);
    const [end] = this.#send([record], entered);
    const ended = await this.#within(withinMs, end!);
    if (ended === undefined) return this.#inBoth(record, end!);
    if (ended.kind === 'placed') return ended.place;
    if (isRefusal(ended.error)) throw ended.error;
    return this.#journaled(record);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#closing.resolve();
    await this.#shipping;
    const { clock, journal } = this.#parts;
    if (this.#following.size > 0) {
      await Promise.race([Promise.all(this.#following), clock.sleep(CLOSE_MS_MAX)]);
    }
    await journal.close();
  }

  /** While something waits in the journal, that is what probes the topic: no payment has to. */
  #enter(): Entered | 'open' {
    const { breaker, journal } = this.#parts;
    const isProbed = journal.waiting.records > 0 && !this.#isUnreadable;
    return breaker.state !== 'closed' && isProbed ? 'open' : breaker.enter();
  }

  async #journaled(record: TopicRecord): Promise<'journal'> {
    await this.#parts.journal.append(record);
    this.#wake();
    return 'journal';
  }

  /** Each ends well or badly, and never rejects. */
  #send(records: readonly TopicRecord[], entered: Entered): readonly Promise<End>[] {
    const { topic } = this.#parts;
    const ends = records.map((record) => topic.append(record).then(
      (place): End => ({ kind: 'placed', place }), (error: unknown): End => ({ kind: 'failed', error })));
    void this.#judge(ends, entered);
    return ends;
  }

  /** A refusal is an answer. */
  async #judge(sent: readonly Promise<End>[], entered: Entered): Promise<void> {
    const { breaker, lateMs } = this.#parts;
    const ends = await this.#within(lateMs, Promise.all(sent));
    const isWell = ends?.every((end) => end.kind === 'placed' || isRefusal(end.error)) ?? false;
    if (isWell) breaker.succeeded(entered);
    else breaker.failed(entered);
  }

  /** Undefined where it takes longer. */
  async #within<Result>(ms: number, asked: Promise<Result>): Promise<Result | undefined> {
    if (ms === Infinity) return asked;
    return Promise.race([asked, this.#parts.clock.sleep(ms).then(() => undefined)]);
  }

  /** The append is still out, and nobody can wait for it: whichever takes the record first answers. */
  #inBoth(record: TopicRecord, end: Promise<End>): Promise<TopicPlace | 'journal'> {
    const { key } = record;
    this.#air.set(key, (this.#air.get(key) ?? 0) + 1);
    const journaled = this.#parts.journal.append(record);
    this.#track(this.#follow(key, journaled, end));
    const kept: Promise<TopicPlace | 'journal'> = journaled.then(() => 'journal');
    return Promise.race([kept, end.then((ended) => (ended.kind === 'placed' ? ended.place : kept))]);
  }

  /** Where the topic has it after all, it is not shipped. */
  async #follow(key: string, journaled: Promise<JournalPlace>, end: Promise<End>): Promise<void> {
    const [place, ended] = await Promise.all([journaled.catch(() => undefined), end]);
    const isDone = place !== undefined && ended.kind === 'placed';
    const done = isDone ? this.#parts.journal.done([place]) : undefined;
    const left = (this.#air.get(key) ?? 1) - 1;
    if (left === 0) this.#air.delete(key);
    else this.#air.set(key, left);
    this.#wake();
    await done;
  }

  #track(following: Promise<void>): void {
    const tracked = following.catch((error: unknown) => {
      this.#parts.tell?.(`journal: ${messageOf(error)}`);
    }).finally(() => { this.#following.delete(tracked); });
    this.#following.add(tracked);
  }

  async #ship(): Promise<void> {
    const { clock, journal } = this.#parts;
    while (!this.#isClosing) {
      if (journal.waiting.records === 0) {
        await Promise.race([this.#news.promise, this.#closing.promise]);
        continue;
      }
      const startedMs = clock.now();
      const restMs = await this.#shipSome().catch((error: unknown) => {
        this.#parts.tell?.(`journal: nothing of it is shipped now: ${messageOf(error)}`);
        return FAILED_MS;
      });
      const tookMs = Math.min(REST_MS_MAX, Math.max(1, clock.now() - startedMs));
      await Promise.race([clock.sleep(restMs ?? tookMs), this.#closing.promise]);
    }
  }

  /** Resolves how long to rest where it shipped nothing. */
  async #shipSome(): Promise<number | undefined> {
    const { breaker, clock, lateMs } = this.#parts;
    const entered = breaker.enter();
    if (entered === 'open') return AWAY_MS;
    const entries = await this.#next(entered).catch((error: unknown) => {
      breaker.undecided(entered);
      this.#isUnreadable = true;
      throw error;
    });
    this.#isUnreadable = false;
    if (entries.length === 0) {
      breaker.undecided(entered);
      return NOTHING_MS;
    }
    const startedMs = clock.now();
    const sent = this.#send(entries.map(({ record }) => record), entered);
    const landed = this.#landed(entries, Promise.all(sent));
    this.#track(landed.then(() => {}));
    const isWell = await Promise.race([landed, this.#closing.promise.then(() => false)]);
    // One at first, then more and more: what comes back has enough to do.
    const isFast = isWell && clock.now() - startedMs <= lateMs;
    this.#shippedMax = isFast ? Math.min(2 * this.#shippedMax, SHIPPED_RECORDS_MAX) : 1;
    return isWell ? undefined : AWAY_MS;
  }

  /** One of a key at once, so that they stand in their order whatever fails. */
  async #next(entered: Entered): Promise<readonly JournalEntry[]> {
    const { clock, journal } = this.#parts;
    if (Math.abs(clock.now() - this.#refusedAtMs) > REFUSED_MS) this.#refused.clear();
    const isOut = (key: string): boolean => this.#air.has(key) || this.#refused.has(key);
    const records = entered === 'probe' ? 1 : this.#shippedMax;
    const entries = await journal.oldest({ records, bytes: SHIPPED_BYTES_MAX }, isOut);
    const seen = new Set<string>();
    return entries.filter(({ record: { key } }) => !isOut(key) && seen.size < seen.add(key).size);
  }

  /** Whether the topic took or refused them all. */
  async #landed(entries: readonly JournalEntry[], sent: Promise<readonly End[]>): Promise<boolean> {
    const ends = await sent;
    const placed = entries.filter((_, index) => ends[index]?.kind === 'placed');
    this.#shipped += placed.length;
    await this.#parts.journal.done(placed.map(({ place }) => place));
    for (const [index, { record }] of entries.entries()) {
      const end = ends[index];
      if (end?.kind === 'failed' && isRefusal(end.error)) this.#setAside(record.key, end.error);
    }
    return ends.every((end) => end.kind === 'placed' || isRefusal(end.error));
  }

  /** It stays in the journal, and does not hold up what is behind it. */
  #setAside(key: string, why: TopicUnavailable): void {
    this.#refused.add(key);
    this.#refusedAtMs = this.#parts.clock.now();
    this.#parts.tell?.(`journal: a record stays there, for the topic refuses it: ${why.message}`);
  }

  #wake(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers<void>();
  }
}

const isRefusal = (error: unknown): error is TopicUnavailable =>
  error instanceof TopicUnavailable && error.code === 'refused';

/** What no topic takes must not wait for one. */
function mustFit({ key, value, headers }: TopicRecord, topic: string): void {
  const sizes = Object.entries(headers).map(([name, bytes]) => Buffer.byteLength(name) + bytes.length);
  const bytes = sizes.reduce((sum, size) => sum + size, Buffer.byteLength(key) + value.length);
  if (bytes <= LIMITS.topicRecordBytesMax) return;
  throw new TopicUnavailable('refused', `append to topic ${topic}: a record of ${bytes} bytes; `
    + `${LIMITS.topicRecordBytesMax} may be`);
}
