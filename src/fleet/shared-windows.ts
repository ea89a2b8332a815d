/**
 * A node's copy of the shared logs: for each entity that it was asked about, the log up to an entry. It
 * catches up with what others appended whenever it appends itself.
 *
 * INVARIANT: a log is entered in its own order, entry by entry; so two nodes that know it up to the same
 * entry see the same.
 */
import type { ParsedEvent } from '#domain/event.ts';
import type { EventSchema, FieldDefinition } from '#domain/field.ts';
import type { SharedWindowStore } from '#ports/window-store.ts';
import { NOTHING_KNOWN, type Known, type LogName, type WindowEntry } from '#ports/window-log.ts';
import type { Entry, EntryCodec } from './window-entry.ts';

const NO_ROW = -1;

export class SharedWindows {
  readonly store: SharedWindowStore;
  readonly #schema: EventSchema;
  readonly #codec: EntryCodec;
  /**
   * By tenant, field and value. One text of all three for each look would be built and hashed anew each time:
   * measured, some 4 % of what a decision costs a node.
   */
  readonly #known = new Map<string, Map<string, Map<string, Known>>>();
  /** Rows in the order in which this node heard of them. */
  #rows = 0;

  constructor(schema: EventSchema, store: SharedWindowStore, codec: EntryCodec) {
    this.#schema = schema;
    this.store = store;
    this.#codec = codec;
  }

  /** How far this node knows a log. */
  known(name: LogName): Known {
    return this.#known.get(name.tenant)?.get(name.field)?.get(name.value) ?? NOTHING_KNOWN;
  }

  /** Enters what is behind what is known, up to `seqMax`. What it knows already is passed over. */
  enter(name: LogName, entries: readonly WindowEntry[], seqMax = Infinity): void {
    const field = this.#schema.byPath.get(name.field);
    if (field === undefined) throw new RangeError(`${name.field} is no field of an entity`);
    const logs = this.#logsOf(name);
    let known = logs.get(name.value) ?? NOTHING_KNOWN;
    for (const { seq, id, bytes } of entries) {
      if (seq <= known.seq || seq > seqMax) continue;
      // What came between is not kept one by one any more: what is known before it would stand beside a gap.
      if (seq > known.seq + 1) this.forget(name);
      this.#enter(name, field, bytes);
      known = { seq, id };
      logs.set(name.value, known);
    }
  }

  /** As if this node had never heard of the log. */
  forget(name: LogName): void {
    this.#logsOf(name).delete(name.value);
    const field = this.#schema.byPath.get(name.field);
    if (field !== undefined) this.store.forget(name.tenant, field, name.value);
  }

  #logsOf({ tenant, field }: LogName): Map<string, Known> {
    const fields = this.#known.get(tenant) ?? new Map<string, Map<string, Known>>();
    const logs = fields.get(field) ?? new Map<string, Known>();
    if (logs.size === 0) {
      fields.set(field, logs);
      this.#known.set(tenant, fields);
    }
    return logs;
  }

  /** An event stands in the log of each of its entities; it is read as a whole in the first of them. */
  #enter(name: LogName, field: FieldDefinition, bytes: Uint8Array): void {
    const event = this.#codec.readId(bytes);
    const row = event === undefined ? NO_ROW : this.store.rowOfEvent({ tenant: name.tenant, ...event });
    if (row >= 0) {
      this.store.enter(row, field);
      return;
    }
    const entry = this.#codec.read(bytes);
    if (entry.kind === 'event') this.store.enter(this.rowOf(name.tenant, entry), field);
    else if (entry.kind === 'change') {
      const { transactionId, what, value, knownAtMs } = entry;
      this.store.changeOnce(name.tenant, transactionId, what, value, knownAtMs);
    } else if (entry.kind === 'mark') {
      this.store.mark(name.tenant, field, name.value, entry.mark);
    }
  }

  /** The row of the event that is being judged: the one that its logs hold, or one that nobody's does. */
  place(event: ParsedEvent): number {
    const row = this.store.rowOfEvent(event);
    if (row >= 0) return row;
    const own = this.store.take({ ...event, position: ++this.#rows });
    this.store.enter(own, undefined);
    return own;
  }

  /** The row of an event; a new one, in no log yet, where this node has not heard of it. */
  rowOf(tenant: string, { type, id, pin, numbers, texts }: Extract<Entry, { kind: 'event' }>): number {
    const row = this.store.rowOfEvent({ tenant, type, id });
    if (row >= 0) return row;
    const { receivedAtMs } = pin;
    return this.store.take({ type, tenant, id, position: ++this.#rows, receivedAtMs, numbers, texts });
  }
}

/** The logs of the entities of an event. */
export function logNames(
  schema: EventSchema, tenant: string, texts: readonly (string | undefined)[],
): readonly LogName[] {
  const names: LogName[] = [];
  for (const { indexed, path, textSlot } of schema.fields) {
    const value = indexed ? texts[textSlot] : undefined;
    if (value !== undefined) names.push({ tenant, field: path, value });
  }
  return names;
}
