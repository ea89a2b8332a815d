import { LIMITS } from '#domain/limits.ts';
import { messageOf } from '#domain/message-of.ts';
import type { Clock } from '#ports/clock.ts';
import { LogUnavailable } from '#ports/decision-log.ts';
import { DiskError, type Disk } from '#ports/disk.ts';
import {
  JournalUnavailable, type Journal, type JournalEntry, type JournalPlace, type JournalWaiting,
} from '#ports/journal.ts';
import type { TopicRecord } from '#ports/topic.ts';
import { JournalPart, type PartPlace } from './journal-part.ts';
import { rangesOf, type Mark } from './journal-record.ts';

export interface JournalOptions {
  readonly folder: string;
  readonly clock: Clock;
  /** On the disk; default LIMITS.journalBytesMax. */
  readonly bytesMax?: number;
  readonly tell?: (what: string) => void;
}

/** A disk that failed is asked again this often, at most. */
const AGAIN_MS = 250;
const PARTS = LIMITS.journalPartCountMax;

/**
 * The journal of a node in files. INVARIANT: parts are removed from the oldest on, and a mark is never in a
 * part before the one it speaks of: so what a mark says is known as long as the record is there.
 */
export class LocalJournal implements Journal {
  readonly #disk: Disk;
  readonly #options: JournalOptions;
  readonly #bytesMax: number;
  readonly #release: () => Promise<void>;
  /** The oldest first; the last takes what comes. */
  readonly #parts: JournalPart[];
  readonly #free: number[] = [];
  #lastNumber: number;
  /** Bytes of appends that are not settled. */
  #airBytes = 0;
  /** Why the disk does not take records, and since when it was not asked again. */
  #down: { readonly why: JournalUnavailable; readonly atMs: number } | undefined;
  #mending: Promise<boolean> | undefined;
  #growing: Promise<void> | undefined;
  #finished: JournalPlace[] = [];
  #marking: Promise<void> | undefined;
  #isClosed = false;

  private constructor(
    disk: Disk, options: JournalOptions, parts: JournalPart[], release: () => Promise<void>,
  ) {
    this.#disk = disk;
    this.#options = options;
    this.#bytesMax = options.bytesMax ?? LIMITS.journalBytesMax;
    this.#parts = parts;
    this.#release = release;
    this.#lastNumber = parts.at(-1)?.number ?? 0;
    for (let slot = 0; slot < PARTS; slot++) {
      if (!parts.some((part) => part.slot === slot)) this.#free.push(slot);
    }
  }

  /**
   * Takes the folder for this process and reads what is there. Throws LogDamaged where it is not what was
   * written, DiskError where it cannot be read (`locked`: another process has it); nothing is changed then.
   */
  static async open(disk: Disk, options: JournalOptions): Promise<LocalJournal> {
    const { folder } = options;
    await disk.makeFolder(folder);
    const release = await disk.lock(folder);
    const parts: JournalPart[] = [];
    try {
      const marks: Mark[] = [];
      for (let slot = 0; slot < PARTS; slot++) {
        const part = await JournalPart.found(placeOf(disk, options, slot), (mark) => marks.push(mark));
        if (part !== undefined) parts.push(part);
      }
      parts.sort((left, right) => left.number - right.number);
      for (const mark of marks) settle(parts, mark);
      const journal = new LocalJournal(disk, options, parts, release);
      if (parts.length === 0) await journal.#begin();
      await journal.#shrink();
      return journal;
    } catch (error) {
      for (const part of parts) await part.close();
      await release();
      throw error;
    }
  }

  get waiting(): JournalWaiting {
    let records = 0;
    for (const part of this.#parts) records += part.records;
    return { records, oldestAtMs: this.#parts.find((part) => part.records > 0)?.oldestAtMs };
  }

  async append(record: TopicRecord): Promise<JournalPlace> {
    if (this.#isClosed) throw closed();
    const bytes = bytesOf(record);
    this.#mustFit(bytes);
    if (this.#down !== undefined && !(await this.#isMended())) throw this.#down?.why ?? closed();
    const part = this.#last;
    this.#airBytes += bytes;
    try {
      return { part: part.number, position: await part.append(record) };
    } catch (error) {
      throw this.#fault(error);
    } finally {
      this.#airBytes -= bytes;
      this.#growWhereNeeded();
    }
  }

  async done(places: readonly JournalPlace[]): Promise<void> {
    if (places.length === 0) return;
    for (const { part, position } of places) {
      this.#parts.find(({ number }) => number === part)?.settle([position, position]);
    }
    this.#finished.push(...places);
    this.#marking ??= this.#writeMarks();
    await this.#marking;
  }

  async oldest(
    most: { readonly records: number; readonly bytes: number }, isLeftOut: (key: string) => boolean,
  ): Promise<readonly JournalEntry[]> {
    const entries: JournalEntry[] = [];
    let bytes = 0;
    for (const part of this.#partsNow()) {
      const records = most.records - entries.length;
      if (records <= 0 || (entries.length > 0 && bytes >= most.bytes)) break;
      const found = await part.oldest({ records, bytes: most.bytes - bytes }, isLeftOut);
      entries.push(...found.entries);
      bytes += found.bytes;
    }
    return entries;
  }

  async find(key: string): Promise<TopicRecord | undefined> {
    for (const part of this.#partsNow()) {
      const found = await part.find(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const busy of [this.#mending, this.#growing, this.#marking]) await busy;
    try {
      for (const part of this.#parts) await part.close();
    } finally {
      await this.#release();
    }
  }

  /** For who waits between one and the next: the first may leave meanwhile. */
  #partsNow(): readonly JournalPart[] {
    return this.#parts.slice();
  }

  get #last(): JournalPart {
    return this.#parts.at(-1)!;
  }

  #mustFit(bytes: number): void {
    const used = this.#parts.reduce((sum, part) => sum + part.bytes, 0);
    if (used + this.#airBytes + bytes <= this.#bytesMax) return;
    const { records } = this.waiting;
    throw new JournalUnavailable('full', `the journal in ${this.#options.folder} holds ${used} bytes `
      + `(${records} records wait for the topic), and ${this.#bytesMax} may be`);
  }

  #fault(error: unknown): unknown {
    if (!(error instanceof LogUnavailable)) return error;
    if (error.code === 'closed') return closed();
    const why = new JournalUnavailable(error.code === 'disk_full' ? 'full' : 'io', error.message);
    this.#down = { why, atMs: this.#options.clock.now() };
    return why;
  }

  /** After a failed write. Not asked again too soon: to try costs a disk in trouble some work. */
  async #isMended(): Promise<boolean> {
    const passedMs = this.#options.clock.now() - (this.#down?.atMs ?? 0);
    if (this.#mending === undefined && passedMs >= 0 && passedMs < AGAIN_MS) return false;
    this.#mending ??= this.#mend().finally(() => { this.#mending = undefined; });
    return this.#mending;
  }

  async #mend(): Promise<boolean> {
    const isWell = await this.#last.recover();
    if (isWell) this.#down = undefined;
    else if (this.#down !== undefined) {
      this.#down = { why: this.#down.why, atMs: this.#options.clock.now() };
    }
    return isWell;
  }

  /** What is full goes a whole part at a time, so the last must not stay the last for ever. */
  #growWhereNeeded(): void {
    const isFull = this.#last.bytes > this.#bytesMax / PARTS;
    if (!isFull || this.#free.length === 0 || this.#isClosed || this.#down !== undefined) return;
    this.#growing ??= this.#begin().catch((error: unknown) => {
      // Records go on into the one there is.
      this.#options.tell?.(`journal: no new part could be begun: ${messageOf(error)}`);
    }).finally(() => { this.#growing = undefined; });
  }

  async #begin(): Promise<void> {
    const slot = this.#free.shift();
    if (slot === undefined) return;
    // A number that failed is not used again: something of it may be on the disk.
    this.#lastNumber += 1;
    try {
      const place = placeOf(this.#disk, this.#options, slot);
      this.#parts.push(await JournalPart.begun(place, this.#lastNumber));
    } catch (error) {
      this.#free.push(slot);
      throw error;
    }
  }

  async #writeMarks(): Promise<void> {
    try {
      while (this.#finished.length > 0 && (this.#down === undefined || await this.#isMended())) {
        const places = this.#finished;
        this.#finished = [];
        const byPart = [...Map.groupBy(places, (place) => place.part)];
        const marks = byPart.map(([part, some]) =>
          ({ part, done: rangesOf(some.map(({ position }) => position)) }));
        for (const mark of marks) {
          if (await this.#isMarked(mark)) continue;
          // For the next ones; where the process ends before, its successor ships them once more.
          this.#finished.push(...places);
          return;
        }
        await this.#shrink();
      }
    } finally {
      // In one turn with the last look, so that nobody waits for one that looks no more.
      this.#marking = undefined;
    }
  }

  async #isMarked(mark: Mark): Promise<boolean> {
    try {
      await this.#last.mark(mark);
      return true;
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
      this.#fault(error);
      return false;
    }
  }

  /** A part that cannot be removed now stays the first until it can: later parts have its marks. */
  async #shrink(): Promise<void> {
    for (let [first] = this.#parts; first !== undefined; [first] = this.#parts) {
      if (first === this.#last || !first.isIdle || this.#isClosed) return;
      if (!first.isLeaving) {
        first.isLeaving = true;
        // Where its removal ends half-way, nothing of it waits all the same.
        await this.#isMarked({ part: first.number, done: [[1, first.lastPosition]] });
      }
      try {
        await first.remove();
      } catch (error) {
        if (!(error instanceof DiskError)) throw error;
        this.#options.tell?.(`journal: what is done could not be removed: ${messageOf(error)}`);
        return;
      }
      this.#parts.shift();
      this.#free.push(first.slot);
    }
  }
}

const placeOf = (disk: Disk, { folder, clock }: JournalOptions, slot: number): PartPlace =>
  ({ disk, clock, slot, folder: `${folder}/${slot}` });

function settle(parts: readonly JournalPart[], mark: Mark): void {
  const part = parts.find(({ number }) => number === mark.part);
  for (const range of mark.done) part?.settle(range);
}

const bytesOf = ({ value, headers }: TopicRecord): number =>
  Object.values(headers).reduce((sum, bytes) => sum + bytes.length, value.length);

const closed = (): JournalUnavailable => new JournalUnavailable('closed', 'the journal is closed');
