/**
 * A record of the log as a record of the topic: the value is the answer, as JSON, for whoever reads the
 * topic; what it was made from is in the headers, and so is every entry that it has in the shared logs, byte
 * for byte: `windows`, `entry`, `placed` and `epoch` are all that is needed to make them again.
 */
import type { LogRecord, RecordKind } from '#ports/decision-log.ts';
import { RECORD_KINDS } from '#ports/decision-log.ts';
import type { TopicRecord } from '#ports/topic.ts';
import { NewerFormat } from './newer-format.ts';
import type { Rescored } from './rescoring.ts';
import { standingHeaders, type Standing } from './standing.ts';

/** Parts by name; the answer is the value. See decisioning/record.ts for what they hold. */
const PARTS = {
  decision: ['versions', 'request', 'facts', undefined, 'marks'],
  event: ['versions', 'request', undefined],
  publication: [undefined],
} as const satisfies Record<RecordKind, readonly (string | undefined)[]>;

const FORMAT = '1';
const NONE = new Uint8Array(0);
const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? NONE).toString();

/**
 * `windows`: the entry that it is in the log of each entity, by path of the field; undefined where it is not
 * in the shared logs yet. `standing`: its other entries.
 */
export function topicRecord(
  record: LogRecord, windows: Readonly<Record<string, number>> | undefined, standing: Standing = {},
): TopicRecord {
  const headers: Record<string, Uint8Array> = {
    format: bytesOf(FORMAT), kind: bytesOf(record.kind), 'received-at': bytesOf(`${record.receivedAtMs}`),
    ...(windows === undefined ? {} : { windows: bytesOf(JSON.stringify(windows)) }),
    ...standingHeaders(standing),
  };
  let value: Uint8Array = NONE;
  for (const [i, name] of PARTS[record.kind].entries()) {
    const part = record.parts[i] ?? NONE;
    if (name === undefined) value = part;
    else if (part.length > 0) headers[name] = part;
  }
  return { key: record.key, value, headers };
}

/** With what it would have been if windows could have been asked: header `rescored`, JSON. */
export const rescoredRecord = (written: TopicRecord, rescored: Rescored | undefined): TopicRecord =>
  (rescored === undefined ? written
    : { ...written, headers: { ...written.headers, rescored: bytesOf(JSON.stringify(rescored)) } });

export interface ReadRecord {
  readonly record: LogRecord;
  /** Empty too where it was not in the shared logs. */
  readonly windows: Readonly<Record<string, number>>;
}

/** Throws NewerFormat where it is of a format that this program does not know. */
export function logRecordOf({ key, value, headers }: TopicRecord): ReadRecord {
  const format = textOf(headers['format']);
  const kind = RECORD_KINDS.find((one) => one === textOf(headers['kind']));
  if (format !== FORMAT || kind === undefined) {
    const said = textOf(headers['kind']);
    throw new NewerFormat(`a record of format ${format} and kind ${said}: of a newer version?`);
  }
  const parts = PARTS[kind].map((name) => (name === undefined ? value : headers[name] ?? NONE));
  const record = { kind, position: 0, receivedAtMs: Number(textOf(headers['received-at'])), key, parts };
  const { windows } = headers;
  const read = windows === undefined ? {} : JSON.parse(textOf(windows)) as Record<string, number>;
  return { record, windows: read };
}
