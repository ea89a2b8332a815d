/**
 * Puts the entries of the topic's records where they stood, in logs that take no calls meanwhile. It may be
 * broken off anywhere and begun again.
 */
import type { EventSchema } from '#domain/field.ts';
import type { Topic, WrittenRecord } from '#ports/topic.ts';
import type { RepairableLog, RestoreEntry } from '#ports/window-repair.ts';
import { entriesOf, standingsOf } from './record-entries.ts';
import type { EntryCodec } from './window-entry.ts';

export interface RecoveryParts {
  readonly log: RepairableLog;
  readonly topic: Topic;
  readonly schema: EventSchema;
  readonly codec: EntryCodec;
}

export interface Recovered {
  /** The next, after those of the logs and of all records that were read. */
  readonly epoch: number;
  /** Offsets, by partition: what is before them is in the logs, but for `late`. */
  readonly reached: readonly number[];
  readonly records: number;
  /** Records that have no place yet, or one that is another's, and no copy behind them that has. */
  readonly late: readonly WrittenRecord[];
}

const ENTRIES_AT_ONCE = 2_000;
/** What is still behind the end then is followed. */
const ROUNDS_MAX = 5;
const BEHIND_MAX = 100;
/** Of records that wait for a copy behind them; with more, the rest is read again by who follows. */
const LATE_MAX = 20_000;

interface Batch { readonly entries: RestoreEntry[]; readonly of: WrittenRecord[] }

export class Recovery {
  readonly #parts: RecoveryParts;
  /** By key. */
  readonly #late = new Map<string, WrittenRecord>();
  #batch: Batch = { entries: [], of: [] };
  #restoring: Promise<void> = Promise.resolve();
  #reached: number[] = [];
  /** Where who follows must begin, because not all late records are held. */
  #resume: number[] | undefined;
  #epoch = 0;
  #records = 0;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** Stops early with the signal. Rejects with WindowLogUnavailable and TopicUnavailable. */
  async run(signal: AbortSignal): Promise<Recovered> {
    const { log, topic } = this.#parts;
    const [{ epoch }, noted, starts] = await Promise.all([log.health(), log.checkpoint(), topic.starts()]);
    this.#epoch = epoch;
    // What the topic keeps no more is beyond every window.
    this.#reached = starts.map((start, partition) => Math.max(start, noted?.[partition] ?? start));
    for (let round = 0; round < ROUNDS_MAX && !signal.aborted; round++) {
      for await (const record of topic.read(this.#reached)) {
        if (signal.aborted) break;
        await this.#take(record);
      }
      await this.#flush();
      const ends = await topic.ends();
      const behind = ends.reduce((sum, end, partition) => sum + end - (this.#reached[partition] ?? 0), 0);
      if (behind < BEHIND_MAX) break;
    }
    const late = [...this.#late.values()];
    // Places that were another's may have been left since.
    const taken = late.filter(({ headers }) => headers['windows'] !== undefined);
    for (const record of taken) if (await this.#fits(record)) this.#late.delete(record.key);
    return {
      epoch: this.#epoch + 1, reached: this.#resume ?? this.#reached, records: this.#records,
      late: [...this.#late.values()],
    };
  }

  async #take(record: WrittenRecord): Promise<void> {
    const { partition, offset } = record.place;
    this.#reached[partition] = offset + 1;
    const standings = standingsOf(record);
    if (standings === undefined) return;
    this.#records += 1;
    this.#epoch = Math.max(this.#epoch, standings.standing.epoch ?? 0);
    if (standings.windows === undefined) {
      this.#keepLate(record);
      return;
    }
    this.#late.delete(record.key);
    for (const entry of entriesOf(standings, this.#parts.codec, this.#parts.schema)) {
      if (entry.seq === 0) this.#keepLate(record);
      else {
        this.#batch.entries.push(entry);
        this.#batch.of.push(record);
      }
    }
    if (this.#batch.entries.length >= ENTRIES_AT_ONCE) await this.#flush('goes on');
  }

  /** One batch is on its way while the next is read. */
  async #flush(how: 'goes on' | 'ends' = 'ends'): Promise<void> {
    await this.#restoring;
    const { entries, of } = this.#batch;
    this.#batch = { entries: [], of: [] };
    this.#restoring = entries.length === 0 ? Promise.resolve() : this.#restore(entries, of);
    this.#restoring.catch(() => {});
    if (how === 'ends') await this.#restoring;
  }

  async #restore(entries: readonly RestoreEntry[], of: readonly WrittenRecord[]): Promise<void> {
    const restored = await this.#parts.log.restore(entries, 'lost');
    for (const [i, { kind }] of restored.entries()) if (kind === 'taken') this.#keepLate(of[i]!);
  }

  async #fits(record: WrittenRecord): Promise<boolean> {
    const standings = standingsOf(record);
    if (standings === undefined) return true;
    const entries = entriesOf(standings, this.#parts.codec, this.#parts.schema);
    const placed = entries.filter(({ seq }) => seq > 0);
    const restored = await this.#parts.log.restore(placed, 'lost');
    return placed.length === entries.length && restored.every(({ kind }) => kind !== 'taken');
  }

  /** Its bytes may be part of a larger piece of memory. */
  #keepLate(record: WrittenRecord): void {
    if (this.#late.size >= LATE_MAX && !this.#late.has(record.key)) {
      const { partition, offset } = record.place;
      this.#resume ??= [...this.#reached];
      this.#resume[partition] = Math.min(this.#resume[partition] ?? offset, offset);
      return;
    }
    const headers = Object.entries(record.headers).map(([name, bytes]) => [name, bytes.slice()] as const);
    this.#late.set(record.key, {
      ...record, value: record.value.slice(), headers: Object.fromEntries(headers),
    });
  }
}
