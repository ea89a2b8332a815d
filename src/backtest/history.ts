/** What is judged again: a log that was recorded, or a file that was imported, in order of arrival. */
import { inForceAt, type InForce } from '#decisioning/in-force.ts';
import { readVersions } from '#decisioning/record.ts';
import type { LogReader, LogRecord } from '#ports/decision-log.ts';

export interface History {
  /** For people: `log of .assay`, `payments.ndjson`. */
  readonly title: string;
  /**
   * Names what is in it, where that may change under the same title: a run does not go on in the middle of
   * other payments. Absent for a log, which only grows.
   */
  readonly content?: string;
  /** Are there decisions to hold candidates against? */
  readonly recorded: boolean;
  /** Position of the last record, or an estimate; for progress. */
  readonly last: number;
  /** Records from a position on. */
  read(fromPosition: number): AsyncIterable<LogRecord>;
  /** Where reading has to begin so that all that arrived at `ms` or later is read. */
  startAt(ms: number): Promise<number>;
  /** What was in force just before that position; undefined where nothing was, or nothing is known. */
  inForceBefore(position: number): Promise<InForce | undefined>;
}

/** The history cannot be used: a sentence with the place and what to do. */
export class HistoryRefused extends Error {}

/** A log as history: it is in order of arrival, each id once, and its decisions stand in it. */
export function logHistory(log: LogReader, title: string): History {
  return {
    title, recorded: true,
    get last() { return log.durable.position; },
    read: (fromPosition) => log.read(fromPosition),
    startAt: (ms) => firstArrival(log, ms, log.durable.position),
    inForceBefore: (position) => inForceBefore(log, position),
  };
}

/** The last decision before it names what was in force; a publication behind that decision is nearer. */
async function inForceBefore(log: LogReader, position: number): Promise<InForce | undefined> {
  for (let at = position - 1; at > 0; at--) {
    const record = await log.get(at);
    if (record?.kind === 'publication') return inForceAt(log, at);
    if (record?.kind !== 'decision') continue;
    const { publication } = readVersions(record);
    return publication === 0 ? undefined : inForceAt(log, publication);
  }
  return undefined;
}

/**
 * The first position that arrived at `ms` or later. Arrivals of one log rise but for a clock that was set
 * back, so the place is looked for by halves, and the search starts a little earlier than it found.
 */
async function firstArrival(log: LogReader, ms: number, last: number): Promise<number> {
  if (ms === -Infinity) return 1;
  let low = 1;
  let high = last;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const record = await log.get(middle);
    if (record !== undefined && record.receivedAtMs < ms) low = middle + 1;
    else high = middle;
  }
  return Math.max(1, low - CLOCK_SLACK_RECORDS);
}

const CLOCK_SLACK_RECORDS = 1_000;
