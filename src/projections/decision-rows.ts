/** Records of the topic to rows and back, byte for byte. */
import type { IndexedRecord } from '#ports/decision-index.ts';
import { placedAtMs } from './month.ts';

export interface RecordRow {
  readonly id: string;
  readonly topic_partition: number;
  readonly topic_offset: number;
  readonly written_at_ms: number;
  readonly key: readonly string[];
  readonly value: string;
  readonly headers: string;
}

export const RECORD_COLUMNS = `id, topic_partition, topic_offset, written_at_ms, to_json(key) as key,
  encode(value, 'base64') as value, encode(headers, 'base64') as headers`;

/** What separates the parts of a key, and what no text of a database holds. */
const SEPARATOR = '\0';
const LENGTH_BYTES = 4;

/** All of them as one parameter. */
export const rowsText = (records: readonly IndexedRecord[]): string =>
  JSON.stringify(records.map((record): RecordRow => ({
    id: record.id, topic_partition: record.place.partition, topic_offset: record.place.offset,
    written_at_ms: placedAtMs(record), key: record.key.split(SEPARATOR),
    value: base64(record.value), headers: base64(packed(record.headers)),
  })));

export const recordOf = (row: RecordRow): IndexedRecord => ({
  id: idOfUuid(row.id), key: row.key.join(SEPARATOR), writtenAtMs: row.written_at_ms,
  place: { partition: row.topic_partition, offset: row.topic_offset },
  value: Buffer.from(row.value, 'base64'), headers: unpacked(Buffer.from(row.headers, 'base64')),
});

export const idOfUuid = (uuid: string): string => uuid.replaceAll('-', '');

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

/** For each header: its name, then what it says, each behind its length in bytes (u32, big-endian). */
function packed(headers: IndexedRecord['headers']): Uint8Array {
  return Buffer.concat(Object.entries(headers).flatMap(([name, bytes]) =>
    [Buffer.from(name), bytes].flatMap((part) => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32BE(part.length);
      return [length, part];
    })));
}

/** What nobody packed is one header without a name, so that it is found to differ and hides nothing else. */
function unpacked(bytes: Buffer): IndexedRecord['headers'] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const from = at + LENGTH_BYTES;
    if (from > bytes.length || from + bytes.readUInt32BE(at) > bytes.length) return { '': bytes };
    at = from + bytes.readUInt32BE(at);
    parts.push(bytes.subarray(from, at));
  }
  return Object.fromEntries(parts.flatMap((name, i) =>
    (i % 2 === 0 ? [[name.toString(), parts[i + 1] ?? Buffer.alloc(0)] as const] : [])));
}
