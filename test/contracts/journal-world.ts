/**
 * A journal on a disk that crashes, fills up and fails, and naive books of what it has promised. The books
 * never look into the journal: they know what was appended, what was acknowledged, and what was done.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { LocalJournal } from '#adapters/journal/local-journal.ts';
import type { DiskCall, MemoryDisk } from '#adapters/memory/memory-disk.ts';
import type { Disk } from '#ports/disk.ts';
import { JournalUnavailable, type JournalPlace } from '#ports/journal.ts';
import { seededRandom } from '../../bench/random.ts';
import { MOST, nobody, told, topicRecordOf } from './journal.ts';
import { nextTurn, turningDisk } from './turning-disk.ts';

const FAILING: readonly DiskCall[] = ['write', 'fdatasync', 'syncDirectory', 'open', 'truncate', 'remove'];
const BYTES_MAX = 120_000;

interface Booked {
  readonly number: number;
  readonly text: string;
  place?: JournalPlace;
  /** `air`: not answered. `maybe`: a disk in trouble rejected it. `kept`: answered, and it waits. */
  state: 'air' | 'maybe' | 'kept' | 'done' | 'gone';
  /** Done, but the disk was in trouble: for the next process it may wait. */
  isDoneInMemory?: boolean;
}

export class JournalFaults {
  readonly #random: () => number;
  readonly disk: MemoryDisk;
  #session: Disk;
  #opened: LocalJournal | undefined;
  #nowMs = 1_700_000_000_000;
  /** In the order of the calls. */
  readonly #books: Booked[] = [];
  /** No fault was asked for since the disk was well for the last time. */
  #isWell = true;
  readonly seen = { crashes: 0, failures: 0, full: 0, again: 0, removals: 0 };

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.disk = turningDisk(this.#random);
    this.#session = this.disk.boot();
  }

  get #journal(): LocalJournal {
    if (this.#opened === undefined) throw new Error('the journal is not open');
    return this.#opened;
  }

  async run(steps: number): Promise<void> {
    await this.#start();
    for (let step = 0; step < steps; step++) await this.#step();
    await this.#heal();
    if (this.#isWell) await this.#journal.close();
    else this.disk.crash();
    await this.#start();
    await this.#journal.close();
  }

  async #step(): Promise<void> {
    const dice = this.#random();
    if (dice < 0.4) return this.#append(this.#whole(1, 12), this.#random() < 0.6);
    if (dice < 0.7) return this.#finish(this.#whole(1, 30), this.#random() < 0.6);
    if (dice < 0.8) return this.#crash(this.#random() < 0.7);
    if (dice < 0.9) return this.#fail();
    if (dice < 0.96) return this.#heal();
    await this.#heal();
    if (!this.#isWell) return this.#crash(true);
    await this.#journal.close();
    await this.#start();
  }

  #whole(low: number, high: number): number {
    return low + Math.floor(this.#random() * (high - low + 1));
  }

  async #append(count: number, isAwaited: boolean): Promise<void> {
    const ends: Promise<void>[] = [];
    for (let index = 0; index < count; index++) {
      const number = this.#books.length;
      const text = `${number}`.padEnd(this.#whole(6, 3_000), '.');
      const booked: Booked = { number, text, state: 'air' };
      this.#books.push(booked);
      const life = this.#session;
      // An answer that arrives after the power has gone was never given.
      const isOver = (): boolean => life !== this.#session;
      ends.push(this.#journal.append(topicRecordOf(`key_${number % 7}`, text)).then(
        (place) => {
          if (!isOver()) Object.assign(booked, { place, state: 'kept' });
        },
        (why: unknown) => {
          ok(why instanceof JournalUnavailable, String(why));
          if (isOver()) return;
          if (why.code === 'full') this.seen.full += 1;
          booked.state = this.#isWell ? 'gone' : 'maybe';
        },
      ));
    }
    if (isAwaited) await Promise.all(ends);
    else await this.#pause();
  }

  /** Says of some that wait that they are done, the oldest more often. */
  async #finish(count: number, isAwaited: boolean): Promise<void> {
    const entries = await this.#journal.oldest({ records: count, bytes: MOST.bytes }, nobody)
      .catch((error: unknown) => {
        if (this.#isWell) throw error;
        return [];
      });
    const chosen = entries.filter(() => this.#random() < 0.9).map(({ place }) => place);
    const booked = this.#books.filter(({ state, place }) => state === 'kept' && place !== undefined
      && chosen.some(({ part, position }) => part === place.part && position === place.position));
    for (const one of booked) Object.assign(one, { state: 'done', isDoneInMemory: true });
    const life = this.#session;
    const { failures } = this.seen;
    const isWell = this.#isWell;
    const end = this.#journal.done(booked.map(({ place }) => place!)).then(() => {
      if (life !== this.#session || !isWell || failures !== this.seen.failures) return;
      for (const one of booked) one.isDoneInMemory = false;
    });
    if (isAwaited) await end;
    else await this.#pause();
  }

  async #pause(): Promise<void> {
    const turns = Math.floor(this.#random() * 6);
    for (let turn = 0; turn < turns; turn++) await (this.#random() < 0.3 ? nextTurn() : Promise.resolve());
  }

  async #crash(isPower: boolean): Promise<void> {
    await this.#append(this.#whole(1, 5), false);
    if (this.#random() < 0.5) await this.#finish(20, false);
    for (let turn = 0; turn < 4 && !this.disk.isDirty; turn++) await nextTurn();
    this.seen.crashes += 1;
    // After a flush that failed, a process that is only killed finds bytes that the disk has not: no log can
    // tell.
    if (isPower || !this.#isWell) this.disk.crash();
    else this.disk.kill();
    await this.#start();
    if (this.#random() > 0.3) return;
    this.disk.crash();
    await this.#start();
  }

  async #fail(): Promise<void> {
    this.#isWell = false;
    this.seen.failures += 1;
    if (this.#random() < 0.3) this.disk.capacityBytes = this.disk.usedBytes + this.#whole(0, 3_000);
    else {
      const call = FAILING[Math.floor(this.#random() * FAILING.length)] ?? 'write';
      this.disk.failNext(call, this.#random() < 0.3 ? 'full' : 'io', this.#whole(1, 3));
    }
    await this.#append(this.#whole(1, 8), this.#random() < 0.7);
    if (this.#random() < 0.5) await this.#finish(20, this.#random() < 0.7);
    this.#nowMs += this.#whole(0, 400);
    if (this.#random() < 0.3) await this.#crash(true);
  }

  /** The disk is well again, and so is the journal as soon as it may ask the disk. */
  async #heal(): Promise<void> {
    for (let turn = 0; this.#books.some(({ state }) => state === 'air'); turn++) {
      ok(turn < 10_000, 'every append comes to an end');
      await nextTurn();
    }
    this.disk.heal();
    const { records } = this.#journal.waiting;
    // One attempt may be under way since before the disk was well.
    for (let attempts = 0; attempts < 3; attempts++) if (await this.#isMended()) break;
    equal(this.#journal.waiting.records, records);
    await this.#compare();
  }

  /** Not where the journal is full of what waits: then it does not look at the disk. */
  async #isMended(): Promise<boolean> {
    this.#nowMs += 1_000;
    try {
      await this.#journal.done([await this.#journal.append(topicRecordOf('probe', 'probe'))]);
      this.#rejectedAreGone();
      return true;
    } catch (why) {
      ok(why instanceof JournalUnavailable, String(why));
      return false;
    }
  }

  #rejectedAreGone(): void {
    this.#isWell = true;
    for (const one of this.#books) if (one.state === 'maybe') one.state = 'gone';
  }

  /** What this process knows is exact. */
  async #compare(): Promise<void> {
    const found = (await this.#journal.oldest(MOST, nobody)).map(({ record }) => told(record));
    const kept = this.#books.filter(({ state }) => state === 'kept');
    deepEqual(found, kept.map(({ number, text }) => `key_${number % 7}=${text}`));
    equal(this.#journal.waiting.records, kept.length);
  }

  async #start(): Promise<void> {
    this.disk.heal();
    this.#session = this.disk.boot();
    const before = this.disk.usedBytes;
    this.#opened = await LocalJournal.open(this.#session, {
      folder: 'journal', bytesMax: BYTES_MAX,
      clock: { now: () => this.#nowMs, sleep: () => nextTurn() },
    });
    if (this.disk.usedBytes < before) this.seen.removals += 1;
    const entries = await this.#journal.oldest(MOST, nobody);
    let last = -1;
    const found = new Set<number>();
    for (const { place, record } of entries) {
      const number = Number.parseInt(Buffer.from(record.value).toString(), 10);
      const booked = this.#books[number];
      if (booked === undefined) {
        equal(told(record), 'probe=probe');
        await this.#journal.done([place]);
        continue;
      }
      equal(told(record), `key_${number % 7}=${booked.text}`);
      ok(number > last, `record ${number} stands after ${last}`);
      last = number;
      const { state } = booked;
      ok(state !== 'gone', `record ${number} was rejected by a disk that was well again afterwards`);
      ok(state !== 'done' || booked.isDoneInMemory === true, `record ${number} is done, and comes back`);
      if (state === 'done') this.seen.again += 1;
      Object.assign(booked, { place, state: 'kept', isDoneInMemory: false });
      found.add(number);
    }
    for (const booked of this.#books) {
      if (found.has(booked.number)) continue;
      ok(booked.state !== 'kept', `record ${booked.number} was acknowledged, and is lost`);
      booked.state = booked.state === 'done' ? 'done' : 'gone';
      booked.isDoneInMemory = false;
    }
    this.#isWell = true;
    await this.#compare();
  }
}
