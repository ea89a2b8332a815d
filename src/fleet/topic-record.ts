/**
 * A record of the log as a record of the topic: the value is the answer, as JSON, for whoever reads the
 * topic; what it was made from is in the headers.
 */
import type { LogRecord, RecordKind } from '#ports/decision-log.ts';
import { RECORD_KINDS } from '#ports/decision-log.ts';
import type { TopicRecord } from '#ports/topic.ts';

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

/** `windows`: the entry that it is in the log of each entity, by path of the field. */
export function topicRecord(record: LogRecord, windows: Readonly<Record<string, number>>): TopicRecord {
  const headers: Record<string, Uint8Array> = {
    format: bytesOf(FORMAT), kind: bytesOf(record.kind), 'received-at': bytesOf(`${record.receivedAtMs}`),
    windows: bytesOf(JSON.stringify(windows)),
  };
  let value: Uint8Array = NONE;
  for (const [i, name] of PARTS[record.kind].entries()) {
    const part = record.parts[i] ?? NONE;
    if (name === undefined) value = part;
    else if (part.length > 0) headers[name] = part;
  }
  return { key: record.key, value, headers };
}

/** Throws RangeError where it is of a format that this program does not know. */
export function logRecordOf({ key, value, headers }: TopicRecord): {
  record: LogRecord; windows: Readonly<Record<string, number>>;
} {
  const format = textOf(headers['format']);
  const kind = RECORD_KINDS.find((one) => one === textOf(headers['kind']));
  if (format !== FORMAT || kind === undefined) {
    const said = textOf(headers['kind']);
    throw new RangeError(`a record of format ${format} and kind ${said}: of a newer version?`);
  }
  const parts = PARTS[kind].map((name) => (name === undefined ? value : headers[name] ?? NONE));
  const record = { kind, position: 0, receivedAtMs: Number(textOf(headers['received-at'])), key, parts };
  return { record, windows: JSON.parse(textOf(headers['windows'])) as Record<string, number> };
}
