import type { LogRecord } from '#ports/decision-log.ts';
import type { Disk } from '#ports/disk.ts';
import { checkRecords, readRecord, recordPosition } from './frame.ts';
import type { FrameIndex, FramePlace } from './frame-index.ts';
import { segmentName } from './segment.ts';
import { SegmentReader, type FrameAt } from './segment-reader.ts';
import { damage, eachRecord, type ChainPoint } from './segment-scan.ts';

/** One record is found within a mark's distance, so a smaller chunk than for reading on is enough. */
const LOOK_UP_BYTES = 131_072;

/** What is durable: nothing beyond `end` is read. */
export interface DurableLog {
  readonly disk: Disk;
  readonly folder: string;
  readonly frames: FrameIndex;
  readonly end: ChainPoint;
}

/** The frames of one segment from a place on. Throws LogDamaged. */
async function* framesOf(log: DurableLog, from: FramePlace, chunkBytes?: number): AsyncGenerator<FrameAt> {
  const path = `${log.folder}/${segmentName(from.segment)}`;
  const file = await log.disk.open(path, 'read');
  try {
    const end = from.segment === log.end.segment ? log.end.endOffset : await file.size();
    const reader = new SegmentReader(file, from.offset, end, chunkBytes);
    for (let { position } = from; position <= log.end.position;) {
      const offset = reader.offset;
      const frame = await reader.next(position);
      if (frame === undefined) return;
      if ('fault' in frame) throw damage(path, offset, frame, false);
      yield frame;
      position += frame.header.recordCount;
    }
  } finally {
    await file.close();
  }
}

function checked(log: DurableLog, segment: number, frame: FrameAt): FrameAt {
  const fault = checkRecords(frame.bytes, frame.at, frame.header);
  if (fault !== undefined) throw damage(`${log.folder}/${segmentName(segment)}`, frame.offset, fault, false);
  return frame;
}

/** The record at the position, in bytes of its own; undefined where there is none. */
export async function recordAt(log: DurableLog, position: number): Promise<LogRecord | undefined> {
  const from = position > log.end.position ? undefined : log.frames.before(position);
  if (from === undefined) return undefined;
  for await (const frame of framesOf(log, from, LOOK_UP_BYTES)) {
    if (frame.header.firstPosition + frame.header.recordCount <= position) continue;
    let found: LogRecord | undefined;
    eachRecord(checked(log, from.segment, frame), (bytes, at) => {
      if (recordPosition(bytes, at) !== position) return;
      found = readRecord(Buffer.from(bytes.subarray(at, at + bytes.readUInt32LE(at))), 0);
    });
    return found;
  }
  return undefined;
}

/** Every record from the position to the end, in order. */
export async function* recordsFrom(log: DurableLog, fromPosition: number): AsyncGenerator<LogRecord> {
  let place = log.frames.before(Math.max(1, fromPosition));
  while (place !== undefined && place.position <= log.end.position) {
    let next = place.position;
    for await (const frame of framesOf(log, place)) {
      next = frame.header.firstPosition + frame.header.recordCount;
      if (next <= fromPosition) continue;
      const records: LogRecord[] = [];
      eachRecord(checked(log, place.segment, frame), (bytes, at) => records.push(readRecord(bytes, at)));
      for (const record of records) if (record.position >= fromPosition) yield record;
    }
    if (next === place.position) return;
    place = { position: next, segment: next, offset: 0 };
  }
}
