import type { ParsedEvent } from '#domain/event.ts';
import type { Columns, EntityLog } from '#domain/history.ts';
import type { FieldDefinition } from '#domain/field.ts';

/**
 * Logs of past events, one per entity. It stores and finds; it does not aggregate: the features do, with the
 * same code over every store. Calls are synchronous in the embedded store; a distributed one gathers first,
 * in one round trip, and then answers the same calls from what it gathered.
 */
export interface WindowStore {
  readonly columns: Columns;
  /**
   * Adds the event to the log of each indexed field it has, in (t, position) order. Returns its row. Events
   * of type `status` and `label` change a past transaction instead (`change`), and have no row: -1.
   */
  append(event: ParsedEvent): number;
  /** The log of past events whose indexed field has this value, or undefined. Valid until the next append. */
  log(tenant: string, field: FieldDefinition, value: string): EntityLog | undefined;
  /** The log of the entity that the event in this row has in an indexed field, or undefined. As `log`. */
  logAt(field: FieldDefinition, row: number): EntityLog | undefined;
  /**
   * A new status or label of a transaction, known from `knownAtMs`: a judgement at t sees it if knownAtMs <=
   * t. If the transaction is not here yet, the change waits for it (bounded by the retention). Returns false
   * where it waits.
   */
  change(tenant: string, transactionId: string, what: 'status' | 'label', value: string,
    knownAtMs: number): boolean;
  /** Marks an entity with a named value until a time: `then: { label: ... }` and facts from workers. */
  mark(tenant: string, field: FieldDefinition, value: string, mark: EntityMark): void;
  marks(tenant: string, field: FieldDefinition, value: string): readonly EntityMark[];
  /** The latest time from which a status or label of the event in a row is known; -Infinity where none is. */
  changedAtMs(row: number): number;
  /** No window reaches further back than this from the event being judged; `ever` is this long. */
  readonly retentionMs: number;
  /** The plans in force; they replace those before. Plans with a known fingerprint go on with their tiles. */
  registerTiles(plans: readonly TilePlan[]): void;
  /** Judges an event that leaves no trace: it is in the log while `judge` runs, and gone after. */
  trial<Result>(event: ParsedEvent, judge: (row: number) => Result): Result;
  readonly size: WindowStoreSize;
}

/** A window store that knows the past by row, and can be saved: what the engine in one process works with. */
export interface PersistentWindowStore extends WindowStore {
  /** The row of a retained transaction, or -1. */
  rowOf(tenant: string, transactionId: string): number;
  /**
   * Gives an event (a refund) the fields it lacks from a past one: parties, card, merchant; not time, not
   * status.
   */
  inherit(event: ParsedEvent, row: number): void;
  /**
   * The status of the event in a row as known at tMs; what the event itself said where nothing else was
   * known.
   */
  statusAt(row: number, tMs: number): string | undefined;
  labelAt(row: number, tMs: number): string | undefined;
  /**
   * The whole state in chunks; equal states give equal bytes. Reading them back, they may be cut anywhere.
   */
  saveState(): Iterable<Uint8Array>;
  /** Fills an empty store; throws where the bytes are damaged, or of another schema or retention. */
  loadState(chunks: Iterable<Uint8Array>): void;
}

/**
 * A store that is filled log by log: where many nodes decide, each entity's log has an order of its own,
 * and a node catches up with the logs that it is asked about.
 */
export interface SharedWindowStore extends PersistentWindowStore {
  /** A row that no log holds yet; it is to enter one at once. */
  take(event: ParsedEvent): number;
  /** The row of a retained event of any type, or -1. */
  rowOfEvent(event: Pick<ParsedEvent, 'tenant' | 'type' | 'id'>): number;
  /**
   * Puts the row into the log of the entity that it has in this field, behind all that entered before it
   * and are not later than it; without a field, into the log of nobody. Where it is, it stays.
   */
  enter(row: number, field: FieldDefinition | undefined): void;
  /** As `change`, for a transaction that is here; what is known of it already is not added again. */
  changeOnce(tenant: string, transactionId: string, what: 'status' | 'label', value: string,
    knownAtMs: number): void;
  /** Empties the log of an entity, and takes its marks off. */
  forget(tenant: string, field: FieldDefinition, value: string): void;
}

/** How one feature sums up events that leave the exact tier of an entity. */
export interface TilePlan {
  /** Text of the feature: equal texts mean equal tiles. */
  readonly fingerprint: string;
  /** The log it is about. */
  readonly field: FieldDefinition;
  readonly hopMs: number;
  /** Tiles whose newest event is older than this, seen from the latest event that may come, are dropped. */
  readonly keepMs: number;
  /** Are different values kept? */
  readonly withValues: boolean;
  /** May the event in this row count? */
  admits(row: number): boolean;
  /** Its value; NaN or undefined where it has none. */
  valueAt(row: number): number | string | undefined;
}

export interface EntityMark {
  readonly name: string;
  readonly value: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface WindowStoreSize {
  readonly events: number;
  readonly entities: number;
  readonly texts: number;
  /** Bytes of arrays, and an estimate for maps and texts. */
  readonly bytes: number;
}
