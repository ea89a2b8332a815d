/** Entities with more events than are kept one by one: what became of the oldest. See docs/adr/0002. */
import type { EventSchema } from '#domain/field.ts';
import type { TiledPast } from '#domain/history.ts';
import type { TilePlan } from '#ports/window-store.ts';
import type { Dictionary } from './dictionary.ts';
import { uint32s } from './growing-array.ts';
import { HotField, type SavedHot } from './hot-field.ts';
import { TileRows } from './tile-rows.ts';

const PAGE_SHIFT = 12;
const PAGE_ENTITIES = 1 << PAGE_SHIFT;

export class HotTiles {
  readonly #schema: EventSchema;
  readonly #rows: TileRows;
  readonly #fields = new Map<number, HotField>();
  /** By entity, its number among the hot ones of its field plus one; pages without any are not there. */
  readonly #numbers: (Uint32Array | undefined)[] = [];
  #size = 0;

  /** Texts that tiles keep stand in the dictionary. */
  constructor(schema: EventSchema, dictionary: Dictionary) {
    this.#schema = schema;
    this.#rows = new TileRows(dictionary);
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    const pages = this.#numbers.reduce((sum, page) => sum + (page?.byteLength ?? 0), 0);
    return [...this.#fields.values()].reduce((sum, field) => sum + field.bytes, pages + this.#rows.bytes);
  }

  register(plans: readonly TilePlan[]): void {
    const byField = new Map<number, TilePlan[]>();
    for (const plan of new Map(plans.map((one) => [one.fingerprint, one])).values()) {
      const field = this.#schema.fields.findIndex(({ path }) => path === plan.field.path);
      byField.set(field, [...(byField.get(field) ?? []), plan]);
    }
    for (const field of new Set([...this.#fields.keys(), ...byField.keys()])) {
      this.#field(field).register(byField.get(field) ?? []);
    }
  }

  /**
   * An event leaves the log of an entity, which is of this field; `seenFromMs` is the earliest t that a
   * judgement may still have.
   */
  absorb(entity: number, field: number, row: number, tMs: number, seenFromMs: number): void {
    this.#field(field).absorb(this.#open(entity, field), row, tMs, seenFromMs);
  }

  of(entity: number, field: number): TiledPast | undefined {
    const hot = this.#hot(entity);
    return hot < 0 ? undefined : this.#field(field).of(hot);
  }

  /** t of the newest event that left the entity's log; -Infinity where none did. */
  lastMs(entity: number, field: number): number {
    const hot = this.#hot(entity);
    return hot < 0 ? -Infinity : this.#field(field).lastMs(hot);
  }

  drop(entity: number, field: number): void {
    const hot = this.#hot(entity);
    if (hot < 0) return;
    this.#field(field).drop(hot);
    this.#numbers[entity >>> PAGE_SHIFT]![entity & (PAGE_ENTITIES - 1)] = 0;
    this.#size--;
  }

  save(entity: number, field: number): SavedHot | undefined {
    const hot = this.#hot(entity);
    return hot < 0 ? undefined : this.#field(field).save(hot);
  }

  load(entity: number, field: number, saved: SavedHot): void {
    this.#field(field).load(this.#open(entity, field), saved);
  }

  /** -1 where nothing left the entity's log. */
  #hot(entity: number): number {
    if (this.#size === 0) return -1;
    const page = this.#numbers[entity >>> PAGE_SHIFT];
    return page === undefined ? -1 : page[entity & (PAGE_ENTITIES - 1)]! - 1;
  }

  #open(entity: number, field: number): number {
    const known = this.#hot(entity);
    if (known >= 0) return known;
    const page = this.#numbers[entity >>> PAGE_SHIFT] ??= uint32s(PAGE_ENTITIES);
    const hot = this.#field(field).open();
    page[entity & (PAGE_ENTITIES - 1)] = hot + 1;
    this.#size++;
    return hot;
  }

  #field(field: number): HotField {
    let known = this.#fields.get(field);
    if (known === undefined) this.#fields.set(field, (known = new HotField(this.#rows)));
    return known;
  }
}
