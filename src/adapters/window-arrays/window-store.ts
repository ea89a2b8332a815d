/**
 * The window store in one process: a table of retained events, and for each entity the sorted list of its
 * rows.
 *
 * INVARIANT: state is a function of the calls in order. Nothing reads a clock; time is the latest arrival
 * seen.
 */
import type { ParsedEvent } from '#domain/event.ts';
import type { EventSchema, FieldDefinition } from '#domain/field.ts';
import { EVENT_TYPES } from '#domain/field.ts';
import type { Columns, EntityLog } from '#domain/history.ts';
import { inheritFields } from '#domain/inherit-fields.ts';
import { LIMITS } from '#domain/limits.ts';
import type {
  EntityMark, PersistentWindowStore, SharedWindowStore, TilePlan, WindowStoreSize,
} from '#ports/window-store.ts';
import { Dictionary } from './dictionary.ts';
import { EntityLogs, NO_ENTITY, type BlockOptions } from './entity-logs.ts';
import { EntityMarks } from './entity-marks.ts';
import { HotTiles } from './hot-tiles.ts';
import { NO_ROW, RowTable } from './row-table.ts';
import { StatusChanges, type Change, type ChangeKind } from './status-changes.ts';
import { hashId, TransactionIndex, type IdHash } from './transaction-index.ts';
import { WaitingChanges } from './waiting-changes.ts';
import { loadWindows, saveWindows } from './window-state.ts';

/**
 * Rows expired per append at most: more than arrive, so that a backlog shrinks, and few, so that none waits
 * long.
 */
const EXPIRED_PER_APPEND_MAX = 4;
/** Entities whose marks are trimmed with each mark set: as for rows, more than come. */
const ENTITIES_TRIMMED_PER_MARK = 2;

/**
 * An event without any entity is in the log of nobody, so that its transaction can be found until it expires.
 */
const NOBODY = { field: 255, bit: 1 << 15 } as const;
const INDEXED_FIELD_COUNT_MAX = 15;

export interface WindowStoreOptions {
  readonly retentionMs?: number;
  /** Events of one entity that are kept one by one; fewer than the default only to test what follows. */
  readonly exactEventsMax?: number;
  /** From how many events on a log has blocks, of how many; other than the default only to test them. */
  readonly blocks?: BlockOptions;
}

/** A log whose oldest event, just appended, is to go into tiles. */
interface Late { readonly entity: number; readonly field: number; readonly bit: number }

interface IndexedField { readonly index: number; readonly slot: number; readonly bit: number }

export class LocalWindowStore implements PersistentWindowStore, SharedWindowStore {
  readonly schema: EventSchema;
  readonly retentionMs: number;
  readonly dictionary = new Dictionary();
  readonly rows: RowTable;
  readonly logs: EntityLogs;
  readonly tiles: HotTiles;
  readonly changes: StatusChanges;
  readonly waiting = new WaitingChanges();
  readonly entityMarks = new EntityMarks();
  /** Latest arrival seen, ms. */
  nowMs = -Infinity;
  readonly #ids: TransactionIndex;
  readonly #indexed: readonly IndexedField[];
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #exactEventsMax: number;
  readonly #statusSlot: number;
  readonly #labelSlot: number;
  readonly #late: Late[] = [];
  readonly #hash: IdHash = { high: 0, low: 0 };

  constructor(schema: EventSchema, options: WindowStoreOptions = {}) {
    this.schema = schema;
    this.retentionMs = options.retentionMs ?? LIMITS.windowMsMax;
    this.#exactEventsMax = options.exactEventsMax ?? LIMITS.exactEventsPerEntityMax;
    this.rows = new RowTable(schema, this.dictionary);
    this.logs = new EntityLogs(options.blocks ?? LIMITS);
    this.tiles = new HotTiles(schema, this.dictionary);
    this.changes = new StatusChanges(this.rows, this.dictionary);
    this.#ids = new TransactionIndex(this.rows);
    this.#indexOf = new Map(schema.fields.map((field, index) => [field.path, index]));
    this.#indexed = schema.fields
      .flatMap((field, index) => (field.indexed ? [{ index, slot: field.textSlot }] : []))
      .map((one, bit) => ({ ...one, bit: 1 << bit }));
    if (this.#indexed.length > INDEXED_FIELD_COUNT_MAX) throw new RangeError('too many indexed fields');
    this.#statusSlot = schema.byPath.get('status')?.textSlot ?? -1;
    this.#labelSlot = schema.byPath.get('label')?.textSlot ?? -1;
    // Each type keeps its code for ever, so comparing with one compares two references to the same text.
    for (const type of EVENT_TYPES) this.dictionary.take(type);
  }

  get columns(): Columns {
    return this.rows.columns;
  }

  append(event: ParsedEvent): number {
    if (event.type === 'status' || event.type === 'label') return NO_ROW;
    const row = this.#arrive(event);
    if (event.type === 'transaction') {
      this.#ids.add(row, hashId(event.tenant, event.id, this.#hash));
      for (const change of this.waiting.take(event.tenant, event.id)) this.changes.add(row, change);
    }
    this.#enterLogs(row, true);
    if (this.rows.held(row) === 0) this.#keepForNobody(row);
    return row;
  }

  #arrive(event: ParsedEvent): number {
    this.nowMs = Math.max(this.nowMs, event.receivedAtMs);
    this.#settle();
    this.#trim();
    return this.rows.take(event);
  }

  take(event: ParsedEvent): number {
    const row = this.#arrive(event);
    this.#ids.add(row, this.#eventHash(event));
    return row;
  }

  rowOfEvent(event: Pick<ParsedEvent, 'tenant' | 'type' | 'id'>): number {
    this.#settle();
    return this.#ids.find(this.#eventHash(event));
  }

  enter(row: number, field: FieldDefinition | undefined): void {
    this.#settle();
    if (field === undefined) {
      this.#keepForNobody(row);
      return;
    }
    const one = this.#indexed.find(({ slot }) => slot === field.textSlot);
    if (one === undefined) throw new RangeError(`${field.path} has no logs`);
    if ((this.rows.held(row) & one.bit) === 0) this.#enterLog(row, one, true);
  }

  forget(tenant: string, field: FieldDefinition, value: string): void {
    this.#settle();
    const one = this.#indexed.find(({ slot }) => slot === field.textSlot);
    const index = this.#indexOf.get(field.path) ?? -1;
    for (let entity = this.#find(tenant, field, value); entity !== NO_ENTITY;) {
      const row = this.logs.oldest(entity);
      if (!this.logs.remove(entity, row, this.rows.time(row))) {
        this.tiles.drop(entity, index);
        entity = NO_ENTITY;
      }
      this.rows.setHeld(row, this.rows.held(row) & ~(one?.bit ?? 0));
      if (this.rows.held(row) === 0) this.#free(row);
    }
    this.entityMarks.drop(tenant, field.path, value);
  }

  /** Transactions have their ids to themselves, as in the index of `append`; other types share the rest. */
  #eventHash({ tenant, type, id }: Pick<ParsedEvent, 'tenant' | 'type' | 'id'>): IdHash {
    return hashId(tenant, type === 'transaction' ? id : `${type}\0${id}`, this.#hash);
  }

  trial<Result>(event: ParsedEvent, judge: (row: number) => Result): Result {
    this.#settle();
    const row = this.rows.take({ ...event, position: Number.MAX_SAFE_INTEGER });
    this.#enterLogs(row, false);
    try {
      return judge(row);
    } finally {
      this.#leaveLogs(row);
      this.rows.release(row);
    }
  }

  log(tenant: string, field: FieldDefinition, value: string): EntityLog | undefined {
    return this.#logOf(this.#find(tenant, field, value), this.#indexOf.get(field.path) ?? -1);
  }

  logAt(field: FieldDefinition, row: number): EntityLog | undefined {
    const code = this.rows.code(field.textSlot, row);
    const index = this.#indexOf.get(field.path);
    if (code === 0 || index === undefined) return undefined;
    return this.#logOf(this.logs.find(this.rows.tenant(row), index, code), index);
  }

  #logOf(entity: number, field: number): EntityLog | undefined {
    if (entity === NO_ENTITY) return undefined;
    const from = this.logs.from(entity);
    return {
      rows: this.logs.arena(entity), times: this.logs.times(entity),
      from, to: from + this.logs.count(entity), tiled: this.tiles.of(entity, field),
      blocks: this.logs.blocks(entity),
    };
  }

  change(tenant: string, transactionId: string, what: ChangeKind, value: string, knownAtMs: number): boolean {
    const row = this.rowOf(tenant, transactionId);
    const sinceMs = this.nowMs === -Infinity ? knownAtMs : this.nowMs;
    if (row === NO_ROW) this.waiting.add(tenant, transactionId, { what, value, knownAtMs }, sinceMs);
    else this.#changeRow(row, { what, value, knownAtMs });
    return row !== NO_ROW;
  }

  changeOnce(
    tenant: string, transactionId: string, what: ChangeKind, value: string, knownAtMs: number,
  ): void {
    const row = this.rowOf(tenant, transactionId);
    if (row === NO_ROW) return;
    const isKnown = this.changes.of(row).some((one) =>
      one.what === what && one.value === value && one.knownAtMs === knownAtMs);
    if (!isKnown) this.#changeRow(row, { what, value, knownAtMs });
  }

  #changeRow(row: number, change: Change): void {
    this.changes.add(row, change);
    const t = this.rows.time(row);
    for (const { entity } of this.entitiesOf(row)) this.logs.touch(entity, row, t);
  }

  mark(tenant: string, field: FieldDefinition, value: string, mark: EntityMark): void {
    this.entityMarks.set(tenant, field.path, value, mark);
    for (let few = 0; few < ENTITIES_TRIMMED_PER_MARK; few++) {
      this.entityMarks.trim(this.#seenFromMs(), this.retentionMs);
    }
  }

  marks(tenant: string, field: FieldDefinition, value: string): readonly EntityMark[] {
    return this.entityMarks.get(tenant, field.path, value);
  }

  registerTiles(plans: readonly TilePlan[]): void {
    this.tiles.register(plans);
  }

  statusAt(row: number, tMs: number): string | undefined {
    const code = this.changes.codeAt(row, 'status', tMs);
    return this.dictionary.texts[code === 0 ? this.rows.code(this.#statusSlot, row) : code];
  }

  labelAt(row: number, tMs: number): string | undefined {
    const code = this.changes.codeAt(row, 'label', tMs);
    return this.dictionary.texts[code === 0 ? this.rows.code(this.#labelSlot, row) : code];
  }

  changedAtMs(row: number): number {
    return this.changes.latestAtMs(row);
  }

  rowOf(tenant: string, transactionId: string): number {
    // A snapshot settles: whether there was one may not show in whether a late transaction is found.
    this.#settle();
    return this.#ids.find(hashId(tenant, transactionId, this.#hash));
  }

  inherit(event: ParsedEvent, row: number): void {
    inheritFields(this.schema, event, {
      number: (slot) => this.rows.number(slot, row),
      text: (slot) => this.dictionary.texts[this.rows.code(slot, row)],
    });
  }

  get size(): WindowStoreSize {
    return {
      events: this.rows.count,
      entities: this.logs.size,
      texts: this.dictionary.size,
      bytes: this.rows.bytes + this.logs.bytes + this.dictionary.bytes + this.#ids.bytes
        + this.changes.bytes + this.tiles.bytes,
    };
  }

  saveState(): Iterable<Uint8Array> {
    this.#settle();
    return saveWindows(this);
  }

  loadState(chunks: Iterable<Uint8Array>): void {
    loadWindows(this, chunks);
  }

  /** Restores one row; rows come in arrival order. Only for `loadState`. */
  restore(event: ParsedEvent, held: number, id: IdHash): number {
    const row = this.rows.take(event);
    const tenant = this.rows.tenant(row);
    if (id.low !== 0) this.#ids.add(row, id);
    for (const { index, slot, bit } of this.#indexed) {
      if ((held & bit) !== 0) this.#hold(row, bit, this.logs.open(tenant, index, this.rows.code(slot, row)));
    }
    if ((held & NOBODY.bit) !== 0) this.#hold(row, NOBODY.bit, this.logs.open(tenant, NOBODY.field, 0));
    return row;
  }

  /** The entities whose logs hold the row, and by which field. */
  entitiesOf(row: number): readonly { readonly entity: number; readonly field: number }[] {
    const tenant = this.rows.tenant(row);
    const held = this.rows.held(row);
    const entities: { entity: number; field: number }[] = [];
    for (const { index, slot, bit } of this.#indexed) {
      if ((held & bit) === 0) continue;
      entities.push({ entity: this.logs.find(tenant, index, this.rows.code(slot, row)), field: index });
    }
    const { field, bit } = NOBODY;
    if ((held & bit) !== 0) entities.push({ entity: this.logs.find(tenant, field, 0), field });
    return entities;
  }

  #find(tenant: string, field: FieldDefinition, value: string): number {
    const code = this.dictionary.codeOf(value);
    const index = this.#indexOf.get(field.path);
    if (code === 0 || index === undefined) return NO_ENTITY;
    return this.logs.find(this.dictionary.codeOf(tenant), index, code);
  }

  #enterLogs(row: number, cool: boolean): void {
    for (const one of this.#indexed) {
      if (this.rows.code(one.slot, row) !== 0) this.#enterLog(row, one, cool);
    }
  }

  #enterLog(row: number, { index, slot, bit }: IndexedField, cool: boolean): void {
    const entity = this.logs.open(this.rows.tenant(row), index, this.rows.code(slot, row));
    this.#hold(row, bit, entity);
    if (cool) this.#cool(entity, index, bit, row);
  }

  #hold(row: number, bit: number, entity: number): void {
    this.logs.insert(entity, row, this.rows.time(row));
    this.rows.setHeld(row, this.rows.held(row) | bit);
  }

  /**
   * If the row made its log too long, the oldest event of that log goes into tiles. INVARIANT: no event in a
   * tile is newer than one that is kept. So a row that comes too late for its log goes too, but only when it
   * has been judged.
   */
  #cool(entity: number, field: number, bit: number, row: number): void {
    const fits = this.logs.count(entity) <= this.#exactEventsMax;
    if (fits && this.logs.oldestTime(entity) >= this.tiles.lastMs(entity, field)) return;
    if (this.logs.oldest(entity) === row) this.#late.push({ entity, field, bit });
    else this.#intoTiles({ entity, field, bit });
  }

  #keepForNobody(row: number): void {
    const entity = this.logs.open(this.rows.tenant(row), NOBODY.field, 0);
    this.#hold(row, NOBODY.bit, entity);
    this.#cool(entity, NOBODY.field, NOBODY.bit, row);
  }

  #settle(): void {
    for (const late of this.#late) this.#intoTiles(late);
    this.#late.length = 0;
  }

  #intoTiles({ entity, field, bit }: Late): void {
    const row = this.logs.oldest(entity);
    this.tiles.absorb(entity, field, row, this.logs.oldestTime(entity), this.#seenFromMs());
    this.logs.remove(entity, row, this.rows.time(row));
    this.rows.setHeld(row, this.rows.held(row) & ~bit);
    if (this.rows.held(row) === 0) this.#free(row);
  }

  #leaveLogs(row: number): void {
    const t = this.rows.time(row);
    for (const { entity, field } of this.entitiesOf(row)) {
      if (!this.logs.remove(entity, row, t)) this.tiles.drop(entity, field);
    }
  }

  #free(row: number): void {
    this.#ids.remove(row);
    this.changes.release(row);
    this.rows.release(row);
  }

  /** The earliest t that an event may still come with. */
  #seenFromMs(): number {
    return this.nowMs - LIMITS.occurredBehindMsMax;
  }

  #trim(): void {
    const beforeMs = this.#seenFromMs() - this.retentionMs;
    for (let few = 0; few < EXPIRED_PER_APPEND_MAX; few++) {
      const row = this.rows.head;
      if (row === NO_ROW || this.rows.time(row) > beforeMs) break;
      this.#leaveLogs(row);
      this.#free(row);
    }
    this.waiting.trim(this.nowMs - this.retentionMs);
  }
}
