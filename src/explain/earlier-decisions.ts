/**
 * Where an entity's earlier decisions stand in the log, as its windows know them. It waits for nothing.
 */
import { PAGE_MASK, PAGE_SHIFT, type Columns } from '#domain/history.ts';
import { LIMITS } from '#domain/limits.ts';
import type { EventSchema, FieldDefinition } from '#domain/field.ts';
import { newestAt } from '#features/key-scan.ts';
import type { WindowStore } from '#ports/window-store.ts';

export interface EarlierAsk {
  readonly tenant: string;
  /** Indexed field that names the entity, and its value. */
  readonly path: string;
  readonly value: string;
  /** What else must be the same: a card at this merchant. */
  readonly same: readonly { readonly path: string; readonly value: string }[];
  /** Only decisions before this log position, of payments not after tMs. */
  readonly position: number;
  readonly tMs: number;
}

/** Log positions, the latest payment first. */
export function earlierDecisions(
  store: WindowStore, schema: EventSchema, ask: EarlierAsk,
): readonly number[] {
  const field = schema.byPath.get(ask.path);
  const log = field?.indexed === true ? store.log(ask.tenant, field, ask.value) : undefined;
  if (log === undefined) return [];
  const { columns } = store;
  const texts = [
    ...ask.same.map(({ path, value }) => ({ field: schema.byPath.get(path), value })),
    { field: schema.byPath.get('event'), value: 'transaction' },
  ];
  const found: number[] = [];
  const start = newestAt(log.times, log.from, log.to, ask.tMs);
  const end = Math.max(log.from, start - LIMITS.baselineEventsLookedAtMax);
  for (let i = start; i > end && found.length < LIMITS.baselineDecisionsMax; i--) {
    const row = log.rows[i - 1] ?? 0;
    const position = columns.positions[row >>> PAGE_SHIFT]?.[row & PAGE_MASK] ?? Infinity;
    // A trial and what came later are no earlier decisions.
    if (position < 1 || position >= ask.position) continue;
    if (texts.every(({ field: one, value }) => textAt(columns, one, row) === value)) found.push(position);
  }
  return found;
}

/** Undefined too for what no history keeps. */
function textAt(columns: Columns, field: FieldDefinition | undefined, row: number): string | undefined {
  const code = columns.codes[field?.textSlot ?? -1]?.[row >>> PAGE_SHIFT]?.[row & PAGE_MASK] ?? 0;
  return columns.texts[code];
}
