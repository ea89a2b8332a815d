/**
 * The order of arrival where many nodes decide: one log for each entity, to which all of them append. It is
 * the truth about order and nothing else: what it holds can be made again from what is durable.
 */

/** An entity, or what is in one place for all nodes like one: a second name of a payment. */
export interface LogName {
  readonly tenant: string;
  /** Path of an indexed field, such as `card.id`. */
  readonly field: string;
  readonly value: string;
}

/** Equal for equal names: NUL is in none of the parts. */
export const logKey = ({ tenant, field, value }: LogName): string => `${tenant}\0${field}\0${value}`;

/** How far a node knows a log. */
export interface Known {
  /** Of the last entry that it knows; 0: nothing. */
  readonly seq: number;
  /** Id of that entry; '' at 0. */
  readonly id: string;
}

export const NOTHING_KNOWN: Known = { seq: 0, id: '' };

export interface WindowEntry {
  /** Place in its log: 1, 2, 3, ... */
  readonly seq: number;
  /** 32 hex digits; a log has one entry of an id. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** What is appended to one log; without bytes the log is only read. */
export interface LogCall {
  readonly name: LogName;
  readonly known: Known;
  readonly id: string;
  readonly bytes: Uint8Array | undefined;
  /**
   * Logs of the calls behind this one are only read where this log had, behind what is known, an entry of the
   * same id; or where it had any of another.
   */
  readonly gate?: 'same' | 'other';
}

export type LogAnswer =
  | {
    readonly kind: 'read';
    /** Where the entry of that id stands: from now on, or since an earlier call; 0: it is not there. */
    readonly seq: number;
    /** Did this call append it? */
    readonly isNew: boolean;
    /** In which the log answered; see CallOptions. */
    readonly epoch: number;
    /**
     * What stands behind what was known, in order, up to the end, the entry itself included. It begins later
     * than behind what was known where older entries are not kept one by one any more.
     */
    readonly behind: readonly WindowEntry[];
  }
  /** The log is not the one that the node knew: entries at its end were lost. Nothing was appended. */
  | { readonly kind: 'diverged'; readonly seq: number };

/** What is being worked on: kept beside the logs, so that it can be completed where its node dies. */
export interface Flight {
  /** Of its entry in the log with the gate `same`. */
  readonly id: string;
  /** What it is completed from; opaque to the logs. */
  readonly bytes: Uint8Array;
}

export interface CallOptions {
  /** Longest wait for the answer, ms; that of the logs holds where it is shorter. */
  readonly withinMs?: number;
  /** Kept in the same step as its entry is appended; not where that was there. */
  readonly flight?: Flight;
  /** Flights that are durable elsewhere since: nobody has to complete them. */
  readonly landed?: readonly string[];
}

export interface WindowLog {
  /**
   * All logs in one round trip, each call whole or not at all; one answer for each call, in their order.
   * A call that is made again finds what the first one did. Rejects with WindowLogUnavailable: then it is
   * unknown what was done, but with `recovering` nothing was.
   */
  call(calls: readonly LogCall[], options?: CallOptions): Promise<readonly LogAnswer[]>;
  close(): Promise<void>;
}

/** `recovering`: the logs lost entries, or may have, and are being made whole; nothing was done. */
export type WindowLogFault = 'unreachable' | 'late' | 'refused' | 'recovering';

/** What an entry says that says nothing. */
export const NOTHING_SAID = Uint8Array.of(4);

export class WindowLogUnavailable extends Error {
  readonly code: WindowLogFault;
  constructor(code: WindowLogFault, message: string) {
    super(message);
    this.code = code;
  }
}
