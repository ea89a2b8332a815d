/**
 * What a part of the journal holds, as records of a decision log:
 *
 *   publication   the first record: format and number of the part, as JSON
 *   decision      a record of the topic: its key and the names of its headers as JSON, its value, its headers
 *   event         a mark: which records of which part are done, as ranges of positions, as JSON
 */
import type { LogRecord } from '#ports/decision-log.ts';
import type { TopicRecord } from '#ports/topic.ts';

const FORMAT = 1;
const KEY_CHARS_MAX = 16_384;

/** From and to, both included. */
export type Range = readonly [from: number, to: number];

export interface Mark {
  readonly part: number;
  readonly done: readonly Range[];
}

const bytesOf = (content: unknown): Uint8Array => Buffer.from(JSON.stringify(content));
const textOf = (bytes: Uint8Array | undefined): string =>
  Buffer.from(bytes ?? new Uint8Array()).toString();

/** By which the first record of a topic's key is found; undefined where a log cannot have it as a key. */
export const keyOfEntry = (key: string): string | undefined =>
  (key.length > KEY_CHARS_MAX || !key.isWellFormed() ? undefined : `r${key}`);

/** `key`: as the log has it, which has each only once. */
export function entryRecord(
  record: TopicRecord, key: string, position: number, receivedAtMs: number,
): LogRecord {
  const names = Object.keys(record.headers);
  const head = bytesOf({ key: record.key, headers: names });
  const headers = names.map((name) => record.headers[name]!);
  return { kind: 'decision', position, receivedAtMs, key, parts: [head, record.value, ...headers] };
}

export function parseEntry({ parts }: LogRecord): TopicRecord {
  const [head, value = new Uint8Array(), ...rest] = parts;
  const { key, headers } = JSON.parse(textOf(head)) as { key: string; headers: readonly string[] };
  const named = headers.map((name, index) => [name, rest[index] ?? new Uint8Array()] as const);
  return { key, value, headers: Object.fromEntries(named) };
}

export const headRecord = (part: number, receivedAtMs: number): LogRecord => ({
  kind: 'publication', position: 1, receivedAtMs, key: 'h', parts: [bytesOf({ format: FORMAT, part })],
});

/** Throws RangeError where a newer program wrote it. */
export function parseHead({ parts }: LogRecord): number {
  const { format, part } = JSON.parse(textOf(parts[0])) as { format: number; part: number };
  if (format !== FORMAT) throw new RangeError(`a journal of format ${format}: of a newer version?`);
  return part;
}

export const markRecord = (mark: Mark, position: number, receivedAtMs: number): LogRecord =>
  ({ kind: 'event', position, receivedAtMs, key: `m${position}`, parts: [bytesOf(mark)] });

export const parseMark = ({ parts }: LogRecord): Mark => JSON.parse(textOf(parts[0])) as Mark;

/** Ascending positions as ranges. */
export function rangesOf(positions: readonly number[]): readonly Range[] {
  const ranges: [number, number][] = [];
  for (const position of positions.toSorted((left, right) => left - right)) {
    const last = ranges.at(-1);
    if (last !== undefined && position <= last[1] + 1) last[1] = position;
    else ranges.push([position, position]);
  }
  return ranges;
}
