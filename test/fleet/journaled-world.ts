/**
 * A node's journaled topic over a topic with moods and a disk that crashes, in virtual time, and naive books
 * of what was answered. What happens depends on the seed alone.
 */
import { equal, ok } from 'node:assert/strict';
import { LocalJournal } from '#adapters/journal/local-journal.ts';
import { MemoryDisk } from '#adapters/memory/memory-disk.ts';
import { Breaker } from '#fleet/breaker.ts';
import { JournaledTopic } from '#fleet/journaled-topic.ts';
import type { TopicPlace, TopicRecord, WrittenRecord } from '#ports/topic.ts';
import { VirtualTime } from '../simulation/virtual-time.ts';
import { FaultyTopic } from './faulty-topic.ts';

export const LATE_MS = 40;
const OPEN_MS_MAX = 800;

export interface Kept {
  readonly text: string;
  readonly startMs: number;
  /** Of the process that kept it. */
  readonly life: number;
  end?: TopicPlace | 'journal' | Error;
  endMs?: number;
}

export class JournaledWorld {
  readonly time = new VirtualTime(1_700_000_000_000);
  readonly disk: MemoryDisk;
  readonly topic: FaultyTopic;
  readonly books: Kept[] = [];
  readonly told: string[] = [];
  readonly #random: () => number;
  #life = { number: 0, isOver: true };
  #opened: { readonly topic: JournaledTopic; readonly breaker: Breaker } | undefined;
  #isTurning = false;

  constructor(random: () => number, appendMsMax?: number) {
    this.#random = random;
    this.disk = new MemoryDisk(random);
    this.topic = new FaultyTopic(this.time, random, appendMsMax);
  }

  get journaled(): JournaledTopic { return this.#open.topic; }
  get breaker(): Breaker { return this.#open.breaker; }
  get life(): number { return this.#life.number; }

  get #open(): { readonly topic: JournaledTopic; readonly breaker: Breaker } {
    if (this.#opened === undefined) throw new Error('no process is there');
    return this.#opened;
  }

  /** A process begins, on what the disk has. */
  async start(): Promise<void> {
    const life = { number: this.#life.number + 1, isOver: false };
    this.#life = life;
    const clock = this.time.clockOf(life);
    const opening = LocalJournal.open(this.disk.boot(), { folder: 'journal', clock, bytesMax: 8_000_000 });
    const journal = await this.#during(opening);
    const breaker = new Breaker({
      terms: { rowMax: 5, lastCalls: 40, lastFailuresMax: 20, openMs: 100, openMsMax: OPEN_MS_MAX,
        probeMsMax: 5_000 },
      now: () => this.time.nowMs, random: this.#random,
    });
    const topic = JournaledTopic.open({
      topic: this.topic, journal, breaker, clock, lateMs: LATE_MS, tell: (what) => { this.told.push(what); },
    });
    this.#opened = { topic, breaker };
  }

  /** The process ends as by kill -9, or the machine loses its power. */
  crash(isPower: boolean): void {
    this.#life.isOver = true;
    if (isPower) this.disk.crash();
    else this.disk.kill();
  }

  async stop(): Promise<void> {
    await this.#during(this.journaled.close());
    this.#life.isOver = true;
  }

  /** Begins to keep a record; its end is in the books. */
  keep(key: string, withinMs: number): Kept {
    const kept: Kept = { text: `${this.books.length}`, startMs: this.time.nowMs, life: this.#life.number };
    this.books.push(kept);
    const life = this.#life;
    const record: TopicRecord = { key, value: Buffer.from(kept.text), headers: { kind: Buffer.from('x') } };
    const ended = (end: TopicPlace | 'journal' | Error): void => {
      // An answer that arrives after the end of the process was never given.
      if (!life.isOver) Object.assign(kept, { end, endMs: this.time.nowMs });
    };
    this.journaled.keep(record, { withinMs }).then(ended, (error: unknown) => {
      ended(error instanceof Error ? error : new Error(String(error)));
    });
    return kept;
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.time.nowMs + ms;
    let isOver = false;
    this.time.after(ms, () => { isOver = true; });
    for (let step = 0; !isOver; step++) {
      ok(step < 200_000, 'time passes');
      await this.time.step();
    }
    equal(this.time.nowMs, untilMs);
  }

  /** The topic is well, and all that waits is shipped. */
  async drain(): Promise<void> {
    this.topic.mood = 'well';
    for (let rounds = 0; this.journaled.waiting().records > 0 || this.topic.out > 0; rounds++) {
      ok(rounds < 2_000, `${this.journaled.waiting().records} records wait for ever`);
      await this.pass(100);
    }
    await this.pass(100);
  }

  async inTopic(): Promise<readonly WrittenRecord[]> {
    const all: WrittenRecord[] = [];
    for await (const one of this.topic.read([])) all.push(one);
    return all;
  }

  /** What waits for virtual time, with time passing. */
  async #during<Result>(asked: Promise<Result>): Promise<Result> {
    ok(!this.#isTurning, 'one at a time');
    this.#isTurning = true;
    let isOver = false;
    const over = (): void => { isOver = true; };
    asked.then(over, over);
    for (let step = 0; !isOver; step++) {
      ok(step < 200_000, 'it comes to an end');
      await new Promise((resolve) => void setImmediate(resolve));
      if (!isOver) await this.time.step();
    }
    this.#isTurning = false;
    return asked;
  }
}

export const textOf = ({ value }: TopicRecord): string => Buffer.from(value).toString();
