/**
 * Proves that the index says what the topic says, record by record over a range of offsets; and, where it is
 * asked for, that the entries which records name are in the logs of their entities.
 *
 * INVARIANT: every record of the topic in the range is looked at, and every row of the index in it; a row
 * that no record accounts for is a difference.
 */
import { entryId } from '#fleet/identity.ts';
import {
  INDEX_PAGE_MAX, differingParts, type DecisionIndex, type IndexedRecord,
} from '#ports/decision-index.ts';
import type { Topic, TopicPlace, WrittenRecord } from '#ports/topic.ts';
import type { WindowCheck } from './window-check.ts';

/**
 * `missing`: not in the index. `extra`: in the index, not in the topic, or there twice. `different`: in both
 * at that place, and not the same. `not_first`: the index has a later one of the key. `copy_differs`: the
 * index is right, and the topic has two answers to one key. `window_missing`: the shared log has no such
 * entry. `window_place`: it has it elsewhere. `unreadable`: nobody can tell what entries it names.
 */
export type DifferenceKind = 'missing' | 'extra' | 'different' | 'not_first' | 'copy_differs'
  | 'window_missing' | 'window_place' | 'unreadable';

export interface Difference {
  readonly kind: DifferenceKind;
  readonly place: TopicPlace;
  readonly id: string;
  /** What is not the same: parts of a record, the field of an entity. */
  readonly what: string;
}

export interface Reconciliation {
  readonly records: number;
  readonly copies: number;
  /** Written before what the index keeps. */
  readonly expired: number;
  /** Entries that were looked for in the shared logs, and those that are older than what these keep. */
  readonly entries: number;
  readonly entriesGone: number;
  readonly counts: Readonly<Partial<Record<DifferenceKind, number>>>;
  /** The first of them. */
  readonly examples: readonly Difference[];
}

export interface ReconcileParts {
  readonly topic: Topic;
  readonly index: DecisionIndex;
  /** Offsets, by partition; default: from the start up to where the index stands. */
  readonly from?: readonly number[];
  readonly before?: readonly number[];
  readonly windows?: WindowCheck;
}

const EXAMPLES_MAX = 100;
const PAGE = 200;

export async function reconcile(parts: ReconcileParts): Promise<Reconciliation> {
  const { topic, index } = parts;
  const starts = await topic.starts();
  const stands = await index.offsets();
  const from = starts.map((start, partition) => Math.max(start, parts.from?.[partition] ?? start));
  const before = starts.map((start, partition) => parts.before?.[partition] ?? stands[partition] ?? start);
  const comparing = new Comparing(parts, await index.keptFromMs());
  const ranges = from.map((next, partition) => ({ partition, next, before: before[partition] ?? next }));
  const waiting = ranges.map((): WrittenRecord[] => []);
  const isDone = ranges.map((range) => range.next >= range.before);
  for await (const record of topic.read(from)) {
    const { partition, offset } = record.place;
    const [range, page] = [ranges[partition], waiting[partition]];
    if (range === undefined || page === undefined || isDone[partition] === true) continue;
    if (offset < range.before) page.push(record);
    isDone[partition] = offset + 1 >= range.before;
    if (page.length >= PAGE) {
      range.next = await comparing.compare(range.partition, range.next, offset + 1, page.splice(0));
    }
    if (isDone.every((done) => done)) break;
  }
  for (const { partition, next, before: end } of ranges) {
    if (next < end) await comparing.compare(partition, next, end, waiting[partition] ?? []);
  }
  return comparing.told;
}

class Comparing {
  readonly #parts: ReconcileParts;
  readonly #keptFromMs: number;
  readonly #counts: Partial<Record<DifferenceKind, number>> = {};
  readonly #examples: Difference[] = [];
  readonly #seen = { records: 0, copies: 0, expired: 0, entries: 0, entriesGone: 0 };

  constructor(parts: ReconcileParts, keptFromMs: number) {
    this.#parts = parts;
    this.#keptFromMs = keptFromMs;
  }

  get told(): Reconciliation {
    return { ...this.#seen, counts: this.#counts, examples: this.#examples };
  }

  /** All records of the topic from an offset on and before another; resolves the latter. */
  async compare(
    partition: number, from: number, before: number, records: readonly WrittenRecord[],
  ): Promise<number> {
    const rows = await this.#rows(partition, from, before);
    const ids = [...new Set(records.map(({ key }) => entryId(key)))];
    const places = ids.length === 0 ? new Map<string, readonly TopicPlace[]>()
      : await this.#parts.index.places(ids);
    for (const record of records) {
      const id = entryId(record.key);
      const row = rows.get(record.place.offset);
      rows.delete(record.place.offset);
      this.#seen.records += 1;
      await this.#compareOne({ ...record, id }, row, places.get(id) ?? []);
      await this.#checkWindows({ ...record, id });
    }
    for (const { place, id } of rows.values()) this.#tell('extra', place, id, 'the topic has nothing there');
    return before;
  }

  async #compareOne(
    record: IndexedRecord, row: IndexedRecord | undefined, places: readonly TopicPlace[],
  ): Promise<void> {
    const { id, place } = record;
    const [first] = places;
    if (row !== undefined) {
      const isFirst = first === undefined || samePlace(first, place);
      if (!isFirst) return this.#tell('extra', place, id, 'its key is in the index already');
      const parts = allDifferingParts(row, record);
      return parts.length === 0 ? undefined : this.#tell('different', place, id, parts.join(', '));
    }
    if (first === undefined) {
      if (record.writtenAtMs >= this.#keptFromMs) return this.#tell('missing', place, id, '');
      this.#seen.expired += 1;
      return undefined;
    }
    this.#seen.copies += 1;
    if (first.partition !== place.partition || first.offset > place.offset) {
      if (record.writtenAtMs < this.#keptFromMs) return undefined;
      return this.#tell('not_first', place, id, `the index has ${first.partition}:${first.offset}`);
    }
    const held = await this.#parts.index.find(id);
    const parts = held === undefined ? [] : differingParts(held, record);
    return parts.length === 0 ? undefined : this.#tell('copy_differs', place, id, parts.join(', '));
  }

  async #checkWindows(record: IndexedRecord): Promise<void> {
    const checked = await this.#parts.windows?.check(record);
    if (checked === undefined) return;
    this.#seen.entries += checked.entries;
    this.#seen.entriesGone += checked.gone;
    for (const { kind, what } of checked.differences) this.#tell(kind, record.place, record.id, what);
  }

  /** By offset. */
  async #rows(partition: number, from: number, before: number): Promise<Map<number, IndexedRecord>> {
    const rows = new Map<number, IndexedRecord>();
    for (let next = from; ;) {
      const page = await this.#parts.index.between(partition, next, before, INDEX_PAGE_MAX);
      for (const row of page) rows.set(row.place.offset, row);
      if (page.length < INDEX_PAGE_MAX) return rows;
      next = page.at(-1)!.place.offset + 1;
    }
  }

  #tell(kind: DifferenceKind, place: TopicPlace, id: string, what: string): undefined {
    this.#counts[kind] = (this.#counts[kind] ?? 0) + 1;
    if (this.#examples.length < EXAMPLES_MAX) this.#examples.push({ kind, place, id, what });
  }
}

const samePlace = (one: TopicPlace, other: TopicPlace): boolean =>
  one.partition === other.partition && one.offset === other.offset;

/** Of what is to be one and the same: its request and format too. */
function allDifferingParts(row: IndexedRecord, record: IndexedRecord): readonly string[] {
  const parts = [...differingParts(row, record)];
  for (const name of ['request', 'format']) {
    const [one, other] = [row.headers[name], record.headers[name]];
    if (Buffer.compare(one ?? NOTHING, other ?? NOTHING) !== 0) parts.push(name);
  }
  return row.key === record.key && row.id === record.id ? parts : ['key', ...parts];
}

const NOTHING = new Uint8Array();
