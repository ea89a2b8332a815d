/**
 * Marks of one side. Windows are what happened and are shared; marks are what a policy did, and a candidate
 * that marks other entities than the policy that was live must see its own. Facts that were told reach all.
 */
import type { EventSchema } from '#domain/field.ts';
import type { RuntimeMark } from '#expression/emit-runtime.ts';
import type { MarkEffect } from '#decisioning/record.ts';
import type { EntityMark, PersistentWindowStore } from '#ports/window-store.ts';

export class SideMarks {
  readonly #schema: EventSchema;
  readonly #store: PersistentWindowStore;

  /** `store` holds marks and no event. */
  constructor(schema: EventSchema, store: PersistentWindowStore) {
    this.#schema = schema;
    this.#store = store;
  }

  set(tenant: string, effects: readonly MarkEffect[]): void {
    for (const { field: path, value, mark } of effects) this.mark(tenant, path, value, mark);
  }

  mark(tenant: string, path: string, value: string, mark: EntityMark): void {
    const field = this.#schema.byPath.get(path);
    if (field !== undefined) this.#store.mark(tenant, field, value, mark);
  }

  /** The latest of that name known at tMs; with `holding`, of those that have not ended then. */
  latest(tenant: string, path: string, value: string, name: string, tMs: number, holding: boolean):
    RuntimeMark | undefined {
    const field = this.#schema.byPath.get(path);
    if (field === undefined) return undefined;
    let latest: RuntimeMark | undefined;
    for (const mark of this.#store.marks(tenant, field, value)) {
      if (mark.name !== name || mark.fromMs > tMs || (holding && mark.untilMs <= tMs)) continue;
      if (mark.fromMs >= (latest?.fromMs ?? -Infinity)) latest = mark;
    }
    return latest;
  }

  save(): readonly Uint8Array[] { return [...this.#store.saveState()]; }
  load(chunks: readonly Uint8Array[]): void { this.#store.loadState(chunks); }
}
