/**
 * Records as Kafka keeps them (record batch, magic 2) and the request that brings them there (Produce,
 * version 9). Written into one buffer of the known size, because this is done for every payment.
 */
import { crc32c } from '@platformatic/kafka';
import type { TopicRecord } from '#ports/topic.ts';

/** Who writes, and which number the first record of a batch has among all that it wrote to the partition. */
export interface BatchAuthor {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly sequence: number;
}

/** A record with its texts made bytes, and its size in a batch. */
export interface EncodedRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly headers: readonly (readonly [name: Uint8Array, value: Uint8Array])[];
  /** Without its length and its place in the batch; no more than 10 bytes short of what it takes. */
  readonly byteCount: number;
}

export interface PartitionBatch {
  readonly partition: number;
  readonly bytes: Buffer;
}

const HEAD_BYTES = 61;
const PLACE_BYTES_MAX = 10;
const NAMES_KEPT_MAX = 64;
const names = new Map<string, Uint8Array>();
const utf8 = new TextEncoder();

export function encodeRecord({ key, value, headers }: TopicRecord): EncodedRecord {
  const keyBytes = utf8.encode(key);
  const pairs = Object.entries(headers).map(([name, bytes]) => [nameBytes(name), bytes] as const);
  let byteCount = 2 + sized(keyBytes) + sized(value) + varintBytes(pairs.length);
  for (const [name, bytes] of pairs) byteCount += sized(name) + sized(bytes);
  return { key: keyBytes, value, headers: pairs, byteCount };
}

/** Of a header; records of one topic have the same few, so they are kept. */
function nameBytes(name: string): Uint8Array {
  const kept = names.get(name);
  if (kept !== undefined) return kept;
  const bytes = utf8.encode(name);
  if (names.size < NAMES_KEPT_MAX) names.set(name, bytes);
  return bytes;
}

/** What a batch of these takes, at most. */
export const batchBytes = (records: readonly EncodedRecord[]): number =>
  records.reduce((sum, { byteCount }) => sum + byteCount + PLACE_BYTES_MAX, HEAD_BYTES);

/** All with one timestamp, ms. */
export function encodeBatch(
  records: readonly EncodedRecord[], { producerId, epoch, sequence }: BatchAuthor, writtenAtMs: number,
): Buffer {
  const buffer = Buffer.allocUnsafe(batchBytes(records));
  let at = HEAD_BYTES;
  for (const [index, record] of records.entries()) at = putRecord(buffer, at, record, index);
  const atMs = BigInt(writtenAtMs);
  buffer.writeBigInt64BE(0n, 0);
  buffer.writeInt32BE(at - 12, 8);
  buffer.writeInt32BE(-1, 12);
  buffer.writeInt8(2, 16);
  buffer.writeInt16BE(0, 21);
  buffer.writeInt32BE(records.length - 1, 23);
  buffer.writeBigInt64BE(atMs, 27);
  buffer.writeBigInt64BE(atMs, 35);
  buffer.writeBigInt64BE(producerId, 43);
  buffer.writeInt16BE(epoch, 51);
  buffer.writeInt32BE(sequence, 53);
  buffer.writeInt32BE(records.length, 57);
  buffer.writeUInt32BE(crc32c(buffer.subarray(21, at)) >>> 0, 17);
  return buffer.subarray(0, at);
}

/** The body of a Produce request for one topic, to be acknowledged by every replica that is in sync. */
export function encodeProduce(
  topic: string, batches: readonly PartitionBatch[], timeoutMs: number,
): Buffer {
  const name = utf8.encode(topic);
  const size = batches.reduce((sum, { bytes }) => sum + bytes.length + 12, name.length + 32);
  const buffer = Buffer.allocUnsafe(size);
  let at = buffer.writeUInt8(0, 0);
  at = buffer.writeInt16BE(-1, at);
  at = buffer.writeInt32BE(timeoutMs, at);
  at = putUnsigned(buffer, at, 2);
  at = putUnsigned(buffer, at, name.length + 1);
  at = putBytes(buffer, at, name);
  at = putUnsigned(buffer, at, batches.length + 1);
  for (const { partition, bytes } of batches) {
    at = buffer.writeInt32BE(partition, at);
    at = putUnsigned(buffer, at, bytes.length + 1);
    at = putBytes(buffer, at, bytes);
    at = buffer.writeUInt8(0, at);
  }
  // The tagged fields of the topic, and of the request: none.
  at = buffer.writeUInt16BE(0, at);
  return buffer.subarray(0, at);
}

function putRecord(buffer: Buffer, start: number, record: EncodedRecord, index: number): number {
  let at = putSigned(buffer, start, record.byteCount + varintBytes(index));
  // No attributes, and no time of its own.
  buffer[at++] = 0;
  buffer[at++] = 0;
  at = putSigned(buffer, at, index);
  at = putSized(buffer, at, record.key);
  at = putSized(buffer, at, record.value);
  at = putSigned(buffer, at, record.headers.length);
  for (const [name, value] of record.headers) {
    at = putSized(buffer, putSized(buffer, at, name), value);
  }
  return at;
}

const sized = (bytes: Uint8Array): number => varintBytes(bytes.length) + bytes.length;

const putSized = (buffer: Buffer, at: number, bytes: Uint8Array): number =>
  putBytes(buffer, putSigned(buffer, at, bytes.length), bytes);

function putBytes(buffer: Buffer, at: number, bytes: Uint8Array): number {
  buffer.set(bytes, at);
  return at + bytes.length;
}

/** Numbers that are never negative: the zigzag form doubles them. */
const putSigned = (buffer: Buffer, at: number, number: number): number =>
  putUnsigned(buffer, at, number * 2);

function putUnsigned(buffer: Buffer, start: number, number: number): number {
  let rest = number;
  let at = start;
  while (rest > 0x7f) {
    buffer[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[at++] = rest;
  return at;
}

function varintBytes(number: number): number {
  let count = 1;
  for (let rest = number * 2; rest > 0x7f; rest >>>= 7) count += 1;
  return count;
}
