/**
 * Reads the log in order and checks all of it: frames, records, positions, chain, segments. A bad place
 * with nothing valid after it is the tail of a write that did not end; anywhere else it is damage.
 */
import type { Disk, DiskFile } from '#ports/disk.ts';
import { LogDamaged } from './decision-log-damage.ts';
import {
  CHAIN_AT, chainOf, checkRecords, FRAME_HEADER_BYTES, GENESIS, MAGIC, readHeader, readU64, storedChain,
  type FrameFault,
} from './frame.ts';
import { segmentFirsts, segmentName, type Segment } from './segment.ts';
import { SegmentReader, type FrameAt } from './segment-reader.ts';

/** The end of a frame, which is where the log can be continued. */
export interface ChainPoint {
  /** Of the last record of the frame; 0 before the first. */
  readonly position: number;
  readonly chain: Buffer;
  readonly previousChain: Buffer;
  /** First position of the segment that holds the frame. */
  readonly segment: number;
  readonly frameOffset: number;
  readonly endOffset: number;
}

export const START: ChainPoint =
  { position: 0, chain: GENESIS, previousChain: GENESIS, segment: 1, frameOffset: 0, endOffset: 0 };

/** What stands after the last good frame of the last segment. */
export interface Tear {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
  readonly why: LogDamaged;
}

export interface Scan {
  readonly end: ChainPoint;
  readonly segments: readonly Segment[];
  readonly tear: Tear | undefined;
  readonly readBytes: number;
}

/** Called with each good frame, in order, and the point it ends at. */
export type FrameVisitor = (frame: FrameAt, end: ChainPoint) => void | Promise<void>;

/** Throws LogDamaged. `from` is where to start: START, or a point that a checkpoint remembers. */
export async function scanLog(
  disk: Disk, folder: string, from: ChainPoint, visit: FrameVisitor,
): Promise<Scan> {
  const firsts = segmentFirsts(await disk.list(folder));
  const segments: Segment[] = [];
  let end = from;
  let tear: Tear | undefined;
  let readBytes = 0;
  for (const [index, first] of firsts.entries()) {
    const isLast = index === firsts.length - 1;
    const path = `${folder}/${segmentName(first)}`;
    const file = await disk.open(path, 'read');
    try {
      const bytes = await file.size();
      segments.push({ first, bytes });
      if (first < from.segment) continue;
      const offset = first === from.segment ? from.endOffset : 0;
      if (first !== from.segment && first !== end.position + 1) throw gap(path, first, end.position + 1);
      const part = await scanSegment({ file, first, offset, bytes, isLast }, end, visit);
      [end, tear] = [part.end, part.tear];
      readBytes += bytes - offset;
    } finally {
      await file.close();
    }
  }
  if (from.position > 0 && !segments.some(({ first }) => first === from.segment)) {
    throw gap(`${folder}/${segmentName(from.segment)}`, from.position, from.segment);
  }
  return { end, segments, tear, readBytes };
}

const gap = (file: string, found: number, position: number): LogDamaged =>
  new LogDamaged('log_damaged', {
    file, offset: 0, position, atTail: false,
    expected: `the segment ${segmentName(position)}`, found: `the segment ${segmentName(found)} or none`,
  });

interface Stretch {
  readonly file: DiskFile;
  readonly first: number;
  readonly offset: number;
  readonly bytes: number;
  readonly isLast: boolean;
}

async function scanSegment(
  stretch: Stretch, from: ChainPoint, visit: FrameVisitor,
): Promise<{ end: ChainPoint; tear: Tear | undefined }> {
  const { file, first, bytes, isLast } = stretch;
  const reader = new SegmentReader(file, stretch.offset, bytes);
  let end = from;
  for (;;) {
    const offset = reader.offset;
    const frame = await reader.next(end.position + 1);
    if (frame === undefined) return { end, tear: undefined };
    const fault = 'fault' in frame ? frame : frameFault(frame, end.chain);
    if (fault !== undefined) {
      const valid = !isLast || (await validFrameFrom(file, offset, bytes));
      const why = damage(file.path, offset, fault, !valid);
      if (valid || fault.fault === 'format') throw why;
      return { end, tear: { segment: first, offset, bytes: bytes - offset, why } };
    }
    if ('fault' in frame) throw new RangeError('a fault was seen above');
    end = {
      position: frame.header.firstPosition + frame.header.recordCount - 1,
      chain: storedChain(frame.bytes, frame.at), previousChain: end.chain,
      segment: first, frameOffset: frame.offset, endOffset: frame.offset + frame.byteLength,
    };
    const visited = visit(frame, end);
    if (visited !== undefined) await visited;
  }
}

/** Records first, because a record's checksum names the place more closely than the chain does. */
function frameFault(frame: FrameAt, previousChain: Buffer): FrameFault | undefined {
  const { bytes, at, header } = frame;
  const fault = checkRecords(bytes, at, header);
  if (fault !== undefined) return fault;
  const chain = chainOf(bytes, at, header, previousChain);
  const stored = storedChain(bytes, at);
  if (!chain.equals(stored)) {
    const position = header.firstPosition;
    const expected = `chain ${chain.toString('hex')}`;
    return { fault: 'damaged', at: CHAIN_AT, position, expected, found: stored.toString('hex') };
  }
  return undefined;
}

/** Calls with where each record of a good frame starts. */
export function eachRecord(frame: FrameAt, visit: (bytes: Buffer, from: number) => void): void {
  let from = frame.at + FRAME_HEADER_BYTES;
  for (let index = 0; index < frame.header.recordCount; index += 1) {
    visit(frame.bytes, from);
    from += frame.bytes.readUInt32LE(from);
  }
}

/** Is this the whole frame that ends at the point? */
export function endsWith(frame: Buffer, point: ChainPoint): boolean {
  if (frame.length < FRAME_HEADER_BYTES) return false;
  const header = readHeader(frame, 0, readU64(frame, 16));
  if ('fault' in header || FRAME_HEADER_BYTES + header.payloadBytes !== frame.length) return false;
  return header.firstPosition + header.recordCount - 1 === point.position
    && chainOf(frame, 0, header, point.previousChain).equals(point.chain)
    && storedChain(frame, 0).equals(point.chain);
}

export function damage(file: string, offset: number, fault: FrameFault, atTail: boolean): LogDamaged {
  const code = fault.fault === 'format' ? 'log_format_unknown' : 'log_damaged';
  const { position, expected, found } = fault;
  return new LogDamaged(code, { file, offset: offset + fault.at, position, expected, found, atTail });
}

/**
 * Is there a frame, whole by its own checksums, at or after the offset? Only one write is ever unfinished,
 * so where a frame follows a bad place, the bad place was once good. A frame at the offset itself has the
 * wrong position or chain.
 */
async function validFrameFrom(file: DiskFile, offset: number, end: number): Promise<boolean> {
  const bytes = Buffer.allocUnsafeSlow(end - offset);
  const read = await file.read(bytes, offset);
  const rest = bytes.subarray(0, read);
  for (let at = rest.indexOf(MAGIC); at >= 0; at = rest.indexOf(MAGIC, at + 1)) {
    if (rest.length - at < FRAME_HEADER_BYTES) return false;
    const header = readHeader(rest, at, readU64(rest, at + 16));
    if ('fault' in header || at + FRAME_HEADER_BYTES + header.payloadBytes > rest.length) continue;
    if (checkRecords(rest, at, header) === undefined) return true;
  }
  return false;
}
