/**
 * The bytes of the log. A frame is one group commit: a header, then records. Integers are little-endian.
 *
 *   header   0 magic   4 u16 format   6 u16 header bytes   8 u32 payload bytes   12 u32 records
 *            16 u64 first position   24 u32 zero   28 u32 crc32 of bytes 0 to 27   32 chain (32 bytes)
 *            64 payload
 *   record   0 u32 bytes, all of it   4 u32 crc32 of bytes 8 to the end   8 u64 position
 *            16 f64 receivedAtMs   24 u8 kind   25 u8 parts   26 u16 key bytes   28 u32 bytes of each part
 *            then the key in UTF-8, the parts
 *
 * INVARIANT: chain = sha256(header bytes 0 to 31, chain of the frame before, payload), so every byte of the
 * log is under a hash that every later frame depends on. The chain before the first frame is 32 zeros.
 */
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { RECORD_KINDS, type LogRecord } from '#ports/decision-log.ts';

const FORMAT = 1;
export const FRAME_HEADER_BYTES = 64;
const RECORD_HEADER_BYTES = 28;
export const CHAIN_AT = 32;
const CHAIN_BYTES = 32;
/** 0xff cannot occur in UTF-8, so no text inside a record looks like a frame. */
export const MAGIC = Buffer.from([0xff, 0x41, 0x4c, 0x46]);
export const GENESIS = Buffer.alloc(CHAIN_BYTES);
const META_BYTES = 28;
const U32 = 4_294_967_296;

export interface FrameHeader {
  readonly payloadBytes: number;
  readonly recordCount: number;
  readonly firstPosition: number;
}

/** Why bytes are not a frame; `at` counts from where the frame should start. */
export interface FrameFault {
  readonly fault: 'short' | 'format' | 'damaged';
  readonly at: number;
  readonly position: number;
  readonly expected: string;
  readonly found: string;
}

function writeU64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value % U32, at);
  bytes.writeUInt32LE(Math.floor(value / U32), at + 4);
}

export function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * U32;
}

/** Fills the header of a frame that stands at the start of `frame` and ends with it; returns its chain. */
export function sealFrame(frame: Buffer, header: FrameHeader, previousChain: Uint8Array): Buffer {
  MAGIC.copy(frame, 0);
  frame.writeUInt16LE(FORMAT, 4);
  frame.writeUInt16LE(FRAME_HEADER_BYTES, 6);
  frame.writeUInt32LE(header.payloadBytes, 8);
  frame.writeUInt32LE(header.recordCount, 12);
  writeU64(frame, header.firstPosition, 16);
  frame.writeUInt32LE(0, 24);
  frame.writeUInt32LE(crc32(frame.subarray(0, META_BYTES)), META_BYTES);
  frame.set(previousChain, CHAIN_AT);
  const chain = hash('sha256', frame, 'buffer');
  chain.copy(frame, CHAIN_AT);
  return chain;
}

/** The header at `at`, or why there is none. `position` is the one the frame should start with. */
export function readHeader(bytes: Buffer, at: number, position: number): FrameHeader | FrameFault {
  const left = bytes.length - at;
  if (left < FRAME_HEADER_BYTES) {
    const expected = `${FRAME_HEADER_BYTES} bytes of a frame header`;
    return { fault: 'short', at: 0, position, expected, found: `${left}` };
  }
  const bad = (where: number, expected: string, found: string): FrameFault =>
    ({ fault: 'damaged', at: where, position, expected, found });
  if (bytes.compare(MAGIC, 0, 4, at, at + 4) !== 0) {
    return bad(0, `a frame that starts with ${MAGIC.toString('hex')}`, bytes.toString('hex', at, at + 4));
  }
  const crc = crc32(bytes.subarray(at, at + META_BYTES));
  const stored = bytes.readUInt32LE(at + META_BYTES);
  if (crc !== stored) return bad(0, `a frame header with crc32 ${hex(stored)}`, hex(crc));
  const format = bytes.readUInt16LE(at + 4);
  if (format !== FORMAT) {
    const expected = `log format ${FORMAT}`;
    return { fault: 'format', at: 4, position, expected, found: `log format ${format}` };
  }
  const recordCount = bytes.readUInt32LE(at + 12);
  if (recordCount === 0) return bad(12, 'at least one record', 'none');
  const firstPosition = readU64(bytes, at + 16);
  if (firstPosition !== position) return bad(16, `first position ${position}`, `${firstPosition}`);
  return { payloadBytes: bytes.readUInt32LE(at + 8), recordCount, firstPosition };
}

/** Checks every record of a whole frame at `at`; undefined where all is well. */
export function checkRecords(bytes: Buffer, at: number, header: FrameHeader): FrameFault | undefined {
  const start = at + FRAME_HEADER_BYTES;
  const end = start + header.payloadBytes;
  let from = start;
  for (let index = 0; index < header.recordCount; index += 1) {
    const position = header.firstPosition + index;
    const wrong = recordFault(bytes, from, end, position);
    if (wrong !== undefined) {
      return { fault: 'damaged', at: from - at, position, expected: wrong[0], found: wrong[1] };
    }
    from += bytes.readUInt32LE(from);
  }
  if (from === end) return undefined;
  const position = header.firstPosition + header.recordCount;
  const found = `${end - from} more bytes`;
  return { fault: 'damaged', at: from - at, position, expected: 'the end of the frame', found };
}

/** What was expected and what was found; undefined where all is well. */
function recordFault(
  bytes: Buffer, from: number, end: number, position: number,
): readonly [string, string] | undefined {
  if (end - from < RECORD_HEADER_BYTES) return ['a record header', `${end - from} bytes`];
  const size = bytes.readUInt32LE(from);
  if (size < RECORD_HEADER_BYTES || size > end - from) {
    return [`a record of at most ${end - from} bytes`, `${size}`];
  }
  const crc = crc32(bytes.subarray(from + 8, from + size));
  const stored = bytes.readUInt32LE(from + 4);
  if (crc !== stored) return [`a record with crc32 ${hex(stored)}`, hex(crc)];
  const found = readU64(bytes, from + 8);
  if (found !== position) return [`position ${position}`, `${found}`];
  const kind = bytes.readUInt8(from + 24);
  if (kind < 1 || kind > RECORD_KINDS.length) return [`a kind from 1 to ${RECORD_KINDS.length}`, `${kind}`];
  const sizes = sizesOf(bytes, from);
  if (sizes !== size) return [`a key and parts of ${size} bytes`, `${sizes}`];
  return undefined;
}

/** What the lengths inside a record add up to. */
function sizesOf(bytes: Buffer, from: number): number {
  const partCount = bytes.readUInt8(from + 25);
  let sum = RECORD_HEADER_BYTES + partCount * 4 + bytes.readUInt16LE(from + 26);
  for (let index = 0; index < partCount; index += 1) {
    const at = from + RECORD_HEADER_BYTES + index * 4;
    if (at + 4 > bytes.length) return Number.POSITIVE_INFINITY;
    sum += bytes.readUInt32LE(at);
  }
  return sum;
}

const hex = (crc: number): string => crc.toString(16).padStart(8, '0');

/** The chain that a whole frame at `at` should have after `previousChain`. */
export function chainOf(bytes: Buffer, at: number, header: FrameHeader, previousChain: Uint8Array): Buffer {
  const frame = bytes.subarray(at, at + FRAME_HEADER_BYTES + header.payloadBytes);
  const stored = Buffer.from(frame.subarray(CHAIN_AT, FRAME_HEADER_BYTES));
  frame.set(previousChain, CHAIN_AT);
  const chain = hash('sha256', frame, 'buffer');
  frame.set(stored, CHAIN_AT);
  return chain;
}

export const storedChain = (bytes: Buffer, at: number): Buffer =>
  Buffer.from(bytes.subarray(at + CHAIN_AT, at + FRAME_HEADER_BYTES));

/** Writes the record at `at`, where `recordBytesMax(record)` bytes are free; returns where it ends. */
export function writeRecord(bytes: Buffer, record: LogRecord, at: number): number {
  const { parts } = record;
  let end = at + RECORD_HEADER_BYTES + parts.length * 4;
  const keyBytes = bytes.write(record.key, end);
  end += keyBytes;
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index];
    if (part === undefined) continue;
    bytes.writeUInt32LE(part.length, at + RECORD_HEADER_BYTES + index * 4);
    bytes.set(part, end);
    end += part.length;
  }
  bytes.writeUInt32LE(end - at, at);
  writeU64(bytes, record.position, at + 8);
  bytes.writeDoubleLE(record.receivedAtMs, at + 16);
  bytes.writeUInt8(RECORD_KINDS.indexOf(record.kind) + 1, at + 24);
  bytes.writeUInt8(parts.length, at + 25);
  bytes.writeUInt16LE(keyBytes, at + 26);
  bytes.writeUInt32LE(crc32(bytes.subarray(at + 8, end)), at + 4);
  return end;
}

/** Room for the record, with three bytes for each UTF-16 unit of its key. */
export function recordBytesMax(record: LogRecord): number {
  let sum = RECORD_HEADER_BYTES + record.key.length * 3;
  for (const part of record.parts) sum += 4 + part.length;
  return sum;
}

export const recordPosition = (bytes: Buffer, from: number): number => readU64(bytes, from + 8);

export function recordKeyText(bytes: Buffer, from: number): string {
  const at = from + RECORD_HEADER_BYTES + bytes.readUInt8(from + 25) * 4;
  return bytes.toString('utf8', at, at + bytes.readUInt16LE(from + 26));
}

/** The record at `from`, which has been checked; its parts are views of `bytes`. */
export function readRecord(bytes: Buffer, from: number): LogRecord {
  const partCount = bytes.readUInt8(from + 25);
  const keyAt = from + RECORD_HEADER_BYTES + partCount * 4;
  let at = keyAt + bytes.readUInt16LE(from + 26);
  const key = bytes.toString('utf8', keyAt, at);
  const parts: Uint8Array[] = [];
  for (let index = 0; index < partCount; index += 1) {
    const length = bytes.readUInt32LE(from + RECORD_HEADER_BYTES + index * 4);
    parts.push(bytes.subarray(at, at + length));
    at += length;
  }
  const kind = RECORD_KINDS[bytes.readUInt8(from + 24) - 1] ?? 'event';
  const receivedAtMs = bytes.readDoubleLE(from + 16);
  return { kind, position: recordPosition(bytes, from), receivedAtMs, key, parts };
}
