/**
 * Marks of one side. Windows are what happened and are shared; marks are what a policy did, and a candidate
 * that marks other entities than the policy that was live must see its own. Facts that were told reach all.
 */
import type { EventSchema } from '#domain/field.ts';
import type { RuntimeMark } from '#expression/emit-runtime.ts';
import type { MarkEffect } from '#decisioning/record.ts';
import { latestMark, type AskedMark } from '#policy/policy-on-store.ts';
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

  latest(tenant: string, ask: AskedMark): RuntimeMark | undefined {
    return latestMark(this.#store, this.#schema, tenant, ask);
  }

  save(): readonly Uint8Array[] { return [...this.#store.saveState()]; }
  load(chunks: readonly Uint8Array[]): void { this.#store.loadState(chunks); }
}
