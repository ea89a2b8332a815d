/**
 * Retained events, one row each, in columns of pages. Rows are chained in arrival order, so that what is past
 * its retention is found at the head, and freed rows are given to the next events.
 */
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import type { EventSchema } from '#domain/field.ts';
import { PAGE_MASK, PAGE_ROWS, PAGE_SHIFT, type Columns } from '#domain/history.ts';
import type { Dictionary } from './dictionary.ts';
import { PageMemory } from './page-memory.ts';

export const NO_ROW = -1;

/** What a row has beside its columns. */
interface RowPage {
  /** Code of the tenant. */
  readonly tenants: Uint32Array;
  /** Which logs hold the row: a bit for each indexed field. */
  readonly held: Uint16Array;
  readonly previous: Int32Array;
  readonly next: Int32Array;
  /** Hash of the transaction's id; two zeros: the row is no transaction. */
  readonly idHigh: Uint32Array;
  readonly idLow: Uint32Array;
  /** First of the status and label changes, or -1. */
  readonly changes: Int32Array;
}

const ROW_BYTES = 4 + 2 + 4 + 4 + 4 + 4 + 4 + 8;

// Slots in which no row of a page has a value share these; they are never written.
const NO_NUMBERS = new Float64Array(PAGE_ROWS).fill(Number.NaN);
const NO_CODES = new Uint32Array(PAGE_ROWS);

export class RowTable {
  readonly columns: Columns;
  readonly pages: RowPage[] = [];
  /** Slots of the fields that windows can read. */
  readonly numberSlots: readonly number[];
  readonly textSlots: readonly number[];
  readonly #dictionary: Dictionary;
  readonly #eventSlot: number;
  /** By text slot, of the row taken last; the text may be gone or another by now. */
  readonly #latestCodes: Uint32Array;
  readonly #memory = new PageMemory();
  /** The row freed last; each has the one before as its next. */
  #freed = NO_ROW;
  #count = 0;
  #head = NO_ROW;
  #tail = NO_ROW;

  constructor(schema: EventSchema, dictionary: Dictionary) {
    const kept = schema.fields.filter((field) => field.history);
    this.numberSlots = kept
      .flatMap((field) => [field.numberSlot, field.secondNumberSlot]).filter((slot) => slot >= 0);
    this.textSlots = kept.map((field) => field.textSlot).filter((slot) => slot >= 0);
    this.#eventSlot = schema.byPath.get('event')?.textSlot ?? -1;
    this.#dictionary = dictionary;
    this.#latestCodes = new Uint32Array(schema.textSlotCount);
    this.columns = {
      numbers: Array.from({ length: schema.numberSlotCount }, () => []),
      codes: Array.from({ length: schema.textSlotCount }, () => []),
      texts: dictionary.texts,
      positions: [],
    };
  }

  get count(): number {
    return this.#count;
  }

  /** The row that arrived first, or NO_ROW. */
  get head(): number {
    return this.#head;
  }

  next(row: number): number {
    return this.pages[row >>> PAGE_SHIFT]!.next[row & PAGE_MASK]!;
  }

  time(row: number): number {
    return this.columns.numbers[T_SLOT]![row >>> PAGE_SHIFT]![row & PAGE_MASK]!;
  }

  position(row: number): number {
    return this.columns.positions[row >>> PAGE_SHIFT]![row & PAGE_MASK]!;
  }

  code(slot: number, row: number): number {
    return this.columns.codes[slot]![row >>> PAGE_SHIFT]![row & PAGE_MASK]!;
  }

  number(slot: number, row: number): number {
    return this.columns.numbers[slot]![row >>> PAGE_SHIFT]![row & PAGE_MASK]!;
  }

  tenant(row: number): number {
    return this.pages[row >>> PAGE_SHIFT]!.tenants[row & PAGE_MASK]!;
  }

  held(row: number): number {
    return this.pages[row >>> PAGE_SHIFT]!.held[row & PAGE_MASK]!;
  }

  setHeld(row: number, held: number): void {
    this.pages[row >>> PAGE_SHIFT]!.held[row & PAGE_MASK] = held;
  }

  /** A row for the event, last in arrival order; its tenant and texts count as referred to. */
  take(event: ParsedEvent): number {
    const row = this.#freed === NO_ROW ? this.#count : this.#freed;
    if (this.#freed !== NO_ROW) this.#freed = this.next(row);
    this.#count++;
    const page = row >>> PAGE_SHIFT;
    const at = row & PAGE_MASK;
    if (page === this.pages.length) this.#addPage();
    const { columns } = this;
    const dictionary = this.#dictionary;
    for (const slot of this.numberSlots) {
      this.#writeNumber(columns.numbers[slot]!, page, at, event.numbers[slot] ?? Number.NaN);
    }
    for (const slot of this.textSlots) {
      const text = slot === this.#eventSlot ? event.type : event.texts[slot];
      this.#writeCode(columns.codes[slot]!, page, at, text === undefined ? 0 : this.#codeOf(slot, text));
    }
    columns.positions[page]![at] = event.position;
    const rest = this.pages[page]!;
    rest.tenants[at] = dictionary.take(event.tenant);
    rest.held[at] = 0;
    rest.idHigh[at] = 0;
    rest.idLow[at] = 0;
    rest.changes[at] = -1;
    rest.previous[at] = this.#tail;
    rest.next[at] = NO_ROW;
    if (this.#tail === NO_ROW) this.#head = row;
    else this.pages[this.#tail >>> PAGE_SHIFT]!.next[this.#tail & PAGE_MASK] = row;
    this.#tail = row;
    return row;
  }

  /** Currencies, countries and channels come again and again: then nothing is looked up. */
  #codeOf(slot: number, text: string): number {
    const latest = this.#latestCodes[slot]!;
    if (this.#dictionary.texts[latest] === text) {
      this.#dictionary.retain(latest);
      return latest;
    }
    return this.#latestCodes[slot] = this.#dictionary.take(text);
  }

  /** Frees a row that no log holds. */
  release(row: number): void {
    const { next, previous, tenants } = this.pages[row >>> PAGE_SHIFT]!;
    const at = row & PAGE_MASK;
    const before = previous[at]!;
    const after = next[at]!;
    if (before === NO_ROW) this.#head = after;
    else this.pages[before >>> PAGE_SHIFT]!.next[before & PAGE_MASK] = after;
    if (after === NO_ROW) this.#tail = before;
    else this.pages[after >>> PAGE_SHIFT]!.previous[after & PAGE_MASK] = before;
    for (const slot of this.textSlots) {
      const code = this.code(slot, row);
      if (code !== 0) this.#dictionary.release(code);
    }
    this.#dictionary.release(tenants[at]!);
    next[at] = this.#freed;
    this.#freed = row;
    this.#count--;
  }

  get bytes(): number {
    const { numbers, codes } = this.columns;
    const owned = (pages: readonly (Float64Array | Uint32Array)[]): number =>
      pages.reduce((sum, page) => sum + (page === NO_NUMBERS || page === NO_CODES ? 0 : page.byteLength), 0);
    return this.pages.length * PAGE_ROWS * ROW_BYTES
      + [...numbers, ...codes].reduce((sum, pages) => sum + owned(pages), 0);
  }

  #addPage(): void {
    for (const slot of this.numberSlots) this.columns.numbers[slot]!.push(NO_NUMBERS);
    for (const slot of this.textSlots) this.columns.codes[slot]!.push(NO_CODES);
    this.columns.positions.push(this.#memory.float64s(PAGE_ROWS));
    this.pages.push({
      tenants: this.#memory.uint32s(PAGE_ROWS), held: this.#memory.uint16s(PAGE_ROWS),
      previous: this.#memory.int32s(PAGE_ROWS), next: this.#memory.int32s(PAGE_ROWS),
      idHigh: this.#memory.uint32s(PAGE_ROWS), idLow: this.#memory.uint32s(PAGE_ROWS),
      changes: this.#memory.int32s(PAGE_ROWS),
    });
  }

  #writeNumber(pages: Float64Array[], page: number, at: number, value: number): void {
    let target = pages[page]!;
    if (target === NO_NUMBERS) {
      if (Number.isNaN(value)) return;
      target = this.#memory.float64s(PAGE_ROWS).fill(Number.NaN);
      pages[page] = target;
    }
    target[at] = value;
  }

  #writeCode(pages: Uint32Array[], page: number, at: number, code: number): void {
    let target = pages[page]!;
    if (target === NO_CODES) {
      if (code === 0) return;
      target = this.#memory.uint32s(PAGE_ROWS);
      pages[page] = target;
    }
    target[at] = code;
  }
}
