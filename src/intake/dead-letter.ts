/**
 * What can never be decided, with all that is needed to see why and to send it again: its key and value as
 * they came, its headers under `original.`, and what was wrong under `dead.`.
 */
import { LIMITS } from '#domain/limits.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { TopicPlace, TopicRecord, WrittenRecord } from '#ports/topic.ts';

export interface DeadLetter {
  /** In the topic of dead letters. */
  readonly place: TopicPlace;
  /** In `transactions`, and when that took it, ms. */
  readonly from: TopicPlace;
  readonly writtenAtMs: number;
  readonly deadAtMs: number;
  readonly refusal: { readonly code: string; readonly detail: string; readonly errors: unknown };
  /** As it came; without a value where it was too large to be kept twice. */
  readonly original: TopicRecord;
  /** Bytes that are only in `transactions`, as long as that keeps them. */
  readonly leftOutBytes: number;
}

const FORMAT = '1';
const ORIGINAL = 'original.';
const DETAIL_CHARS_MAX = 2_000;
const ERRORS_CHARS_MAX = 8_000;
/** For what is said of it. */
const SAID_BYTES_MAX = 65_536;
/** Around each header and the record itself. */
const FRAME_BYTES = 16;
const NONE = new Uint8Array(0);

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? NONE).toString();

export function deadLetter(
  { key, value, headers, place, writtenAtMs }: WrittenRecord, { code, detail, errors }: Refusal,
  nowMs: number,
): TopicRecord {
  const fits = sizeOf({ key, value, headers }) + SAID_BYTES_MAX <= LIMITS.topicRecordBytesMax;
  const kept = fits ? Object.entries(headers) : [];
  const originals = kept.map(([name, bytes]) => [`${ORIGINAL}${name}`, bytes] as const);
  const told = JSON.stringify(errors);
  return {
    key, value: fits ? value : NONE,
    headers: {
      ...Object.fromEntries(originals),
      'dead.format': bytesOf(FORMAT), 'dead.code': bytesOf(code),
      'dead.detail': bytesOf(detail.slice(0, DETAIL_CHARS_MAX)),
      'dead.errors': bytesOf(told.length > ERRORS_CHARS_MAX ? '[]' : told),
      'dead.partition': bytesOf(`${place.partition}`), 'dead.offset': bytesOf(`${place.offset}`),
      'dead.written-at': bytesOf(`${writtenAtMs}`), 'dead.at': bytesOf(`${nowMs}`),
      ...(fits ? {} : { 'dead.left-out-bytes': bytesOf(`${sizeOf({ key: '', value, headers })}`) }),
    },
  };
}

/** Throws RangeError where it is of a format that this program does not know. */
export function readDeadLetter({ key, value, headers, place }: WrittenRecord): DeadLetter {
  const format = textOf(headers['dead.format']);
  if (format !== FORMAT) throw new RangeError(`a dead letter of format ${format}: of a newer version?`);
  const said = (name: string): string => textOf(headers[`dead.${name}`]);
  const originals = Object.entries(headers).filter(([name]) => name.startsWith(ORIGINAL))
    .map(([name, bytes]) => [name.slice(ORIGINAL.length), bytes] as const);
  return {
    place, from: { partition: Number(said('partition')), offset: Number(said('offset')) },
    writtenAtMs: Number(said('written-at')), deadAtMs: Number(said('at')),
    refusal: { code: said('code'), detail: said('detail'), errors: JSON.parse(said('errors')) },
    original: { key, value, headers: Object.fromEntries(originals) },
    leftOutBytes: Number(said('left-out-bytes')),
  };
}

function sizeOf({ key, value, headers }: TopicRecord): number {
  const sizes = Object.entries(headers).map(([name, bytes]) =>
    Buffer.byteLength(name) + ORIGINAL.length + bytes.length + FRAME_BYTES);
  return sizes.reduce((sum, one) => sum + one, Buffer.byteLength(key) + value.length + FRAME_BYTES);
}
