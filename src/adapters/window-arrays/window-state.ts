/**
 * The state of a window store as bytes: blocks of a JSON text and columns, rows in arrival order. Texts have
 * codes of their own here, in the order they first appear, so that equal states give equal bytes.
 *
 *   block    length of the JSON (u32), length of the columns (u32), JSON (UTF-8), columns (little-endian)
 *   blocks   the head; one for each ROWS_PER_BLOCK rows; the tail
 */
import type { ParsedEvent } from '#domain/event.ts';
import { EVENT_TYPES } from '#domain/field.ts';
import { PAGE_MASK, PAGE_SHIFT } from '#domain/history.ts';
import type { Tile } from '#domain/tile.ts';
import type { EntityMark } from '#ports/window-store.ts';
import { BlockReader, writeBlock, type Column } from './state-blocks.ts';
import type { SavedHot } from './hot-field.ts';
import { NO_ROW } from './row-table.ts';
import type { Change } from './status-changes.ts';
import type { LocalWindowStore } from './window-store.ts';

const FORMAT = 'assay windows 1';
const ROWS_PER_BLOCK = 4_096;

/** The bytes are no state of this store: start from the log instead. */
export class WindowStateUnreadable extends Error {
  readonly code: 'damaged' | 'other_format' | 'other_schema';
  constructor(code: 'damaged' | 'other_format' | 'other_schema', message: string) {
    super(message);
    this.code = code;
  }
}

interface Head {
  readonly format: string;
  readonly schema: string;
  readonly retentionMs: number;
  readonly nowMs: number | null;
  readonly rows: number;
  readonly waiting: readonly (readonly [string, { sinceMs: number; changes: Change[] }])[];
  readonly marks: readonly (readonly [string, readonly EntityMark[]])[];
}

interface RowsHead {
  readonly count: number;
  /** Texts that appear for the first time. */
  readonly texts: readonly string[];
  /** Slots that have a value in any of the rows; a column each. */
  readonly numbers: readonly number[];
  readonly codes: readonly number[];
  readonly changes: readonly (readonly [number, readonly Change[]])[];
}

interface Tail {
  readonly hot: readonly { readonly row: number; readonly field: number; readonly saved: StoredHot }[];
}

export function* saveWindows(store: LocalWindowStore): Generator<Uint8Array> {
  const head: Head = {
    format: FORMAT, schema: store.schema.name, retentionMs: store.retentionMs,
    nowMs: store.nowMs === -Infinity ? null : store.nowMs, rows: store.rows.count,
    waiting: store.waiting.save(), marks: store.entityMarks.save(),
  };
  yield writeBlock(head, []);
  const codes = new Map<number, number>([[0, 0]]);
  const hot = new Map<number, { row: number; field: number; saved: StoredHot }>();
  let rows: number[] = [];
  let index = 0;
  for (let row = store.rows.head; row !== NO_ROW; row = store.rows.next(row), index++) {
    rows.push(row);
    for (const { entity, field } of store.tiles.size === 0 ? [] : store.entitiesOf(row)) {
      const saved = hot.has(entity) ? undefined : store.tiles.save(entity, field);
      if (saved !== undefined) hot.set(entity, { row: index, field, saved: storedHot(saved) });
    }
    if (rows.length < ROWS_PER_BLOCK) continue;
    yield saveRows(store, rows, codes);
    rows = [];
  }
  if (rows.length > 0) yield saveRows(store, rows, codes);
  const tail: Tail = { hot: [...hot.values()] };
  yield writeBlock(tail, []);
}

function saveRows(store: LocalWindowStore, rows: readonly number[], known: Map<number, number>): Uint8Array {
  const { rows: table, dictionary } = store;
  const texts: string[] = [];
  const local = (code: number): number => {
    let short = known.get(code);
    if (short === undefined) {
      known.set(code, (short = known.size));
      texts.push(dictionary.texts[code] ?? '');
    }
    return short;
  };
  const part = (pick: 'held' | 'idHigh' | 'idLow'): number[] =>
    rows.map((row) => table.pages[row >>> PAGE_SHIFT]![pick][row & PAGE_MASK]!);
  const columns: Column[] = [
    Float64Array.from(rows, (row) => table.position(row)),
    Uint32Array.from(rows, (row) => local(table.tenant(row))),
    Uint32Array.from(part('held')), Uint32Array.from(part('idHigh')), Uint32Array.from(part('idLow')),
  ];
  const numbers = table.numberSlots.filter((slot) => {
    const column = Float64Array.from(rows, (row) => table.number(slot, row));
    const used = column.some((value) => value === value);
    if (used) columns.push(column);
    return used;
  });
  const codes = table.textSlots.filter((slot) => {
    const column = Uint32Array.from(rows, (row) => local(table.code(slot, row)));
    const used = column.some((code) => code !== 0);
    if (used) columns.push(column);
    return used;
  });
  const changes = rows.flatMap((row, index) => {
    const list = store.changes.of(row);
    return list.length === 0 ? [] : [[index, list] as const];
  });
  const head: RowsHead = { count: rows.length, texts, numbers, codes, changes };
  return writeBlock(head, columns);
}

export function loadWindows(store: LocalWindowStore, chunks: Iterable<Uint8Array>): void {
  if (store.rows.count > 0) throw new RangeError('a state is loaded into an empty store');
  const blocks = new BlockReader(chunks, (message) => new WindowStateUnreadable('damaged', message));
  const head = blocks.json<Head>();
  if (head.format !== FORMAT) {
    throw new WindowStateUnreadable('other_format', `the state is "${head.format}", not "${FORMAT}"`);
  }
  if (head.schema !== store.schema.name || head.retentionMs !== store.retentionMs) {
    throw new WindowStateUnreadable('other_schema',
      `the state is of ${head.schema} kept ${head.retentionMs} ms; the store is of ${store.schema.name} `
      + `kept ${store.retentionMs} ms`);
  }
  store.nowMs = head.nowMs ?? -Infinity;
  store.waiting.load(head.waiting);
  store.entityMarks.load(head.marks.map(([key, marks]) => [key, marks.map(fullMark)]));
  const texts: (string | undefined)[] = [undefined];
  const rows: number[] = [];
  while (rows.length < head.rows) loadRows(store, blocks, texts, rows);
  for (const { row, field, saved } of blocks.json<Tail>().hot) {
    const found = store.entitiesOf(rows[row] ?? NO_ROW).find((one) => one.field === field);
    if (found !== undefined) store.tiles.load(found.entity, field, hotOf(saved));
  }
}

function loadRows(store: LocalWindowStore, blocks: BlockReader, texts: (string | undefined)[],
  rows: number[]): void {
  const head = blocks.json<RowsHead>();
  for (const text of head.texts) texts.push(text);
  const { count } = head;
  const positions = blocks.numbers(count);
  const [tenants, held, idHigh, idLow] =
    [blocks.codes(count), blocks.codes(count), blocks.codes(count), blocks.codes(count)] as const;
  const numbers = head.numbers.map((slot) => ({ slot, column: blocks.numbers(count) }));
  const codes = head.codes.map((slot) => ({ slot, column: blocks.codes(count) }));
  const eventSlot = store.schema.byPath.get('event')?.textSlot ?? -1;
  const first = rows.length;
  for (let at = 0; at < count; at++) {
    const event: ParsedEvent = {
      type: 'transaction', tenant: texts[tenants[at]!] ?? '', id: '',
      position: positions[at]!, receivedAtMs: 0,
      numbers: Array.from({ length: store.schema.numberSlotCount }, () => Number.NaN),
      texts: Array.from({ length: store.schema.textSlotCount }, () => undefined),
    };
    for (const { slot, column } of numbers) event.numbers[slot] = column[at]!;
    for (const { slot, column } of codes) event.texts[slot] = texts[column[at]!];
    const type = EVENT_TYPES.find((one) => one === event.texts[eventSlot]) ?? 'transaction';
    rows.push(store.restore({ ...event, type }, held[at]!, { high: idHigh[at]!, low: idLow[at]! }));
  }
  for (const [at, list] of head.changes) {
    for (const change of list) store.changes.add(rows[first + at]!, change);
  }
}

// JSON has no infinity and no set: null and lists stand in their place.
const fullMark = (mark: EntityMark): EntityMark =>
  ({ ...mark, untilMs: (mark.untilMs as number | null) ?? Infinity });

interface StoredTile extends Omit<Tile, 'values' | 'firstMs' | 'lastMs' | 'min' | 'max'> {
  readonly values: readonly (number | string)[] | null;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

interface StoredHot extends Omit<SavedHot, 'byPlan'> {
  readonly byPlan: readonly (readonly [string, readonly StoredTile[]])[];
}

const storedHot = (hot: SavedHot): StoredHot => ({
  ...hot,
  byPlan: hot.byPlan.map(([plan, tiles]) => [plan, tiles.map((tile): StoredTile => ({
    ...tile, values: tile.values ?? null,
  }))]),
});

const hotOf = (stored: StoredHot): SavedHot => ({
  ...stored,
  byPlan: stored.byPlan.map(([plan, tiles]) => [plan, tiles.map((tile): Tile => ({
    ...tile,
    values: tile.values ?? undefined,
    firstMs: tile.firstMs ?? Infinity, lastMs: tile.lastMs ?? -Infinity,
    min: tile.min ?? Infinity, max: tile.max ?? -Infinity,
  }))]),
});
