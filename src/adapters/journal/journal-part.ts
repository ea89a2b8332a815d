import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import type { LocalDecisionLog } from '#adapters/log-files/decision-log.ts';
import type { Clock } from '#ports/clock.ts';
import { DiskError, type Disk } from '#ports/disk.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { JournalEntry } from '#ports/journal.ts';
import type { TopicRecord } from '#ports/topic.ts';
import {
  entryRecord, headRecord, keyOfEntry, markRecord, parseEntry, parseHead, parseMark, type Mark, type Range,
} from './journal-record.ts';

export interface PartPlace {
  readonly disk: Disk;
  readonly clock: Clock;
  /** Which of the folders of the journal it has. */
  readonly slot: number;
  readonly folder: string;
}

/** Where no record waits: a mark, the head, what is done. */
const NOTHING = -1;
/** What a record takes beside its own bytes, at most: its head in the log, a frame. */
const AROUND_BYTES = 512;

const bytesOf = ({ key, parts }: LogRecord): number =>
  parts.reduce((sum, part) => sum + part.length, 3 * key.length + AROUND_BYTES);

/**
 * One of the logs that the journal consists of, and which of its records wait. It has a number that no
 * other has had, by which marks in later parts speak of it.
 */
export class JournalPart {
  readonly slot: number;
  number = 0;
  /** On the disk, rounded up. */
  bytes = 0;
  /** It is about to be removed: nothing is to be had of it. */
  isLeaving = false;
  readonly #place: PartPlace;
  readonly #log: LocalDecisionLog;
  /** When the record at each position came; NOTHING where none waits. */
  readonly #atMs: number[] = [NOTHING];
  /** Nothing waits before it. */
  #low = 1;
  #records = 0;
  /** Calls that are not over: it must stay as long. */
  #busy = 0;

  private constructor(place: PartPlace, log: LocalDecisionLog) {
    this.#place = place;
    this.#log = log;
    this.slot = place.slot;
  }

  /** What is there; undefined where nothing was written yet. `marked` hears of its marks. */
  static async found(place: PartPlace, marked: (mark: Mark) => void): Promise<JournalPart | undefined> {
    const names = await place.disk.list(place.folder);
    if (!names.some((name) => name.endsWith('.log'))) return undefined;
    const part = await JournalPart.#opened(place);
    let isWhole = false;
    try {
      await part.#take(marked);
      isWhole = part.#log.nextPosition > 1;
    } finally {
      if (!isWhole) await part.#log.close();
    }
    return isWhole ? part : undefined;
  }

  /** What an attempt that failed has left there is no part of the journal. */
  static async begun(place: PartPlace, number: number): Promise<JournalPart> {
    await clear(place);
    const part = await JournalPart.#opened(place);
    part.number = number;
    try {
      await part.#append(headRecord(number, place.clock.now()), NOTHING);
    } catch (error) {
      await part.#log.close();
      throw error;
    }
    return part;
  }

  static async #opened(place: PartPlace): Promise<JournalPart> {
    const { disk, folder, clock } = place;
    return new JournalPart(place, (await openDecisionLog(disk, { folder, clock })).log);
  }

  get records(): number {
    return this.#records;
  }

  get oldestAtMs(): number | undefined {
    return this.#records === 0 ? undefined : this.#atMs[this.#low];
  }

  /** Nothing waits in it, nobody reads it, and nothing is on its way to it. */
  get isIdle(): boolean {
    return this.#records === 0 && this.#busy === 0;
  }

  get lastPosition(): number {
    return this.#log.durable.position;
  }

  append(record: TopicRecord): Promise<number> {
    const position = this.#log.nextPosition;
    const key = keyOfEntry(record.key);
    // A second one of a key is not looked for by it: the first holds.
    const own = key === undefined || this.#log.mayHave(key) ? `c${position}` : key;
    const atMs = this.#place.clock.now();
    return this.#append(entryRecord(record, own, position, atMs), atMs);
  }

  async mark(mark: Mark): Promise<void> {
    await this.#append(markRecord(mark, this.#log.nextPosition, this.#place.clock.now()), NOTHING);
  }

  /** After a failed write: whether it takes records again. */
  recover(): Promise<boolean> {
    return this.#log.recover();
  }

  /** What it did not know is passed over. */
  settle([from, to]: Range): void {
    for (let position = from; position <= to && position < this.#atMs.length; position++) {
      if (this.#atMs[position] === NOTHING) continue;
      this.#atMs[position] = NOTHING;
      this.#records -= 1;
    }
    while (this.#low < this.#atMs.length && this.#atMs[this.#low] === NOTHING) this.#low += 1;
  }

  /** See Journal. */
  async oldest(
    most: { readonly records: number; readonly bytes: number }, isLeftOut: (key: string) => boolean,
  ): Promise<{ readonly entries: readonly JournalEntry[]; readonly bytes: number }> {
    const entries: JournalEntry[] = [];
    let bytes = 0;
    if (this.#records === 0) return { entries, bytes };
    this.#busy += 1;
    try {
      for await (const one of this.#log.read(this.#low)) {
        if ((this.#atMs[one.position] ?? NOTHING) === NOTHING) continue;
        const record = parseEntry(one);
        if (isLeftOut(record.key)) continue;
        bytes += bytesOf(one);
        if (entries.length > 0 && bytes > most.bytes) break;
        entries.push({ place: { part: this.number, position: one.position }, record });
        if (entries.length >= most.records) break;
      }
    } finally {
      this.#busy -= 1;
    }
    return { entries, bytes };
  }

  async find(key: string): Promise<TopicRecord | undefined> {
    const own = keyOfEntry(key);
    if (own === undefined || this.isLeaving || !this.#log.mayHave(own)) return undefined;
    this.#busy += 1;
    try {
      const found = await this.#log.find(own);
      const isDurable = found !== undefined && found.position <= this.#log.durable.position;
      return isDurable ? parseEntry(found) : undefined;
    } finally {
      this.#busy -= 1;
    }
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  /** Closes it and takes its files away. */
  async remove(): Promise<void> {
    await this.#log.close();
    await clear(this.#place);
  }

  async #append(record: LogRecord, atMs: number): Promise<number> {
    this.#busy += 1;
    try {
      await this.#log.append(record);
      this.bytes += bytesOf(record);
      this.#note(record.position, atMs);
      return record.position;
    } finally {
      this.#busy -= 1;
    }
  }

  async #take(marked: (mark: Mark) => void): Promise<void> {
    for await (const record of this.#log.read(1)) {
      this.bytes += bytesOf(record);
      if (record.kind === 'publication') this.number = parseHead(record);
      this.#note(record.position, record.kind === 'decision' ? record.receivedAtMs : NOTHING);
      if (record.kind === 'event') marked(parseMark(record));
    }
  }

  #note(position: number, atMs: number): void {
    this.#atMs[position] = atMs;
    if (atMs !== NOTHING) this.#records += 1;
    else if (this.#low === position) this.#low += 1;
  }
}

/** At every moment what is left can be opened: first the mark of the close, then segments from the last. */
async function clear({ disk, folder }: PartPlace): Promise<void> {
  const names = (await disk.list(folder)).filter((name) => !name.startsWith('lock'));
  const isSegment = (name: string): boolean => name.endsWith('.log');
  const others = names.filter((name) => !isSegment(name));
  for (const some of [others, ...names.filter(isSegment).reverse().map((name) => [name])]) {
    for (const name of some) await removed(disk, `${folder}/${name}`);
    if (some.length > 0) await disk.syncDirectory(folder);
  }
}

async function removed(disk: Disk, path: string): Promise<void> {
  await disk.remove(path).catch((why: unknown) => {
    if (!(why instanceof DiskError && why.code === 'missing')) throw why;
  });
}
