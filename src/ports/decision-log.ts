/**
 * The truth: an append-only, hash-chained log. What was appended and acknowledged survives kill -9 and loss
 * of power
 * (as far as the disk keeps its word on fdatasync). Everything else in the engine can be rebuilt from it.
 */
export const RECORD_KINDS = ['decision', 'event', 'publication'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

export interface LogRecord {
  readonly kind: RecordKind;
  /** 1 for the first record, without gaps. */
  readonly position: number;
  /** Arrival time, ms. */
  readonly receivedAtMs: number;
  /** Idempotency key of the record, unique in the log: `tenant`, NUL, family, NUL, id. */
  readonly key: string;
  /** Opaque to the log: for a decision the request, the facts and the answer; see decisioning/record.ts. */
  readonly parts: readonly Uint8Array[];
}

/** What is durable, read. */
export interface LogReader {
  /** The last durable position, and the chained hash up to the end of its batch (hex). */
  readonly durable: { readonly position: number; readonly hash: string };
  /** The records that are durable when it starts. */
  read(fromPosition: number): AsyncIterable<LogRecord>;
  get(position: number): Promise<LogRecord | undefined>;
}

export interface DecisionLog extends LogReader {
  /** Position the next append gets. */
  readonly nextPosition: number;
  /**
   * Takes the record (its position must be `nextPosition`) and returns at once; the promise settles when it
   * is
   * durable, or rejects with LogUnavailable: then this record and every later one not yet durable are gone,
   * and the
   * log refuses appends until `recover()`. `joined` to the one that was appended before it in the same turn:
   * after a crash both are there, or neither.
   */
  append(record: LogRecord, joined?: 'joined'): Promise<void>;
  /** The record with that key, durable or still being written, or undefined. */
  find(key: string): Promise<LogRecord | undefined>;
  /** True without reading the disk when no record has that key. */
  mayHave(key: string): boolean;
  /** After LogUnavailable: try to write again. Resolves true when the log takes appends. */
  recover(): Promise<boolean>;
  close(): Promise<void>;
}

export class LogUnavailable extends Error {
  readonly code: 'disk_full' | 'io_error' | 'closed';
  constructor(code: 'disk_full' | 'io_error' | 'closed', message: string) {
    super(message);
    this.code = code;
  }
}
