import { randomBytes } from 'node:crypto';
import type { Disk } from '#ports/disk.ts';
import { LogDamaged } from './decision-log-damage.ts';
import { readCleanMark } from './decision-log-clean-mark.ts';
import { recordAt } from './decision-log-reading.ts';
import { recordKeyText, recordPosition } from './frame.ts';
import { FrameIndex } from './frame-index.ts';
import { KeyIndex } from './key-index.ts';
import type { FrameAt } from './segment-reader.ts';
import { segmentName } from './segment.ts';
import { eachRecord, scanLog, START, type ChainPoint } from './segment-scan.ts';

export interface LogVerdict {
  /** Good records, up to the damage where there is one. */
  readonly recordCount: number;
  readonly segmentCount: number;
  readonly byteCount: number;
  /**
   * Hash of the log up to the last good frame, hex: keep it elsewhere, and a log written anew is found too.
   */
  readonly hash: string;
  readonly damage: LogDamaged | undefined;
}

export interface VerifyOptions {
  readonly onProgress?: (recordCount: number, byteCount: number) => void;
  /** A position and hash noted earlier, which the log must still have. */
  readonly anchor?: { readonly position: number; readonly hash: string };
}

/** Reads all of the log and changes nothing; the first damage is in the verdict. Throws DiskError. */
export async function verifyLog(
  disk: Disk, folder: string, options: VerifyOptions = {},
): Promise<LogVerdict> {
  const keys = new KeyIndex(randomBytes(4).readUInt32LE());
  const frames = new FrameIndex();
  let end = START;
  let byteCount = 0;
  const segments = new Set<number>();
  const verdict = (damage: LogDamaged | undefined): LogVerdict => ({
    recordCount: end.position, segmentCount: segments.size, byteCount,
    hash: end.chain.toString('hex'), damage,
  });
  try {
    const scan = await scanLog(disk, folder, START, async (frame, point) => {
      frames.add({ position: frame.header.firstPosition, segment: point.segment, offset: frame.offset });
      segments.add(point.segment);
      await checkKeys({ disk, folder, frames, end: point }, keys, frame);
      checkAnchor(folder, point, options.anchor);
      end = point;
      byteCount += frame.byteLength;
      options.onProgress?.(end.position, byteCount);
    });
    for (const { first } of scan.segments) segments.add(first);
    if (scan.tear !== undefined) return verdict(scan.tear.why);
    await checkEnd(disk, folder, end, options.anchor);
  } catch (why) {
    if (why instanceof LogDamaged) return verdict(why);
    throw why;
  }
  return verdict(undefined);
}

type Known = Parameters<typeof recordAt>[0];

/** No two records of the log have one key; equal hashes are told apart by reading the earlier record. */
async function checkKeys(log: Known, keys: KeyIndex, frame: FrameAt): Promise<void> {
  const doubtful: { key: string; position: number; offset: number; earlier: readonly number[] }[] = [];
  eachRecord(frame, (bytes, from) => {
    const [key, position] = [recordKeyText(bytes, from), recordPosition(bytes, from)];
    const earlier = keys.candidates(key);
    if (earlier.length > 0) doubtful.push({ key, position, offset: frame.offset + from - frame.at, earlier });
    keys.add(key, position);
  });
  for (const { key, position, offset, earlier } of doubtful) {
    for (const at of earlier) {
      if ((await recordAt(log, at))?.key !== key) continue;
      const found = `the key of record ${at}`;
      throw damaged(log.folder, log.end.segment, offset, position, 'a key of its own', found);
    }
  }
}

const damaged = (
  folder: string, segment: number, offset: number, position: number, expected: string, found: string,
): LogDamaged => new LogDamaged('log_damaged', {
  file: `${folder}/${segmentName(segment)}`, offset, position, expected, found, atTail: false,
});

function checkAnchor(folder: string, point: ChainPoint, anchor: VerifyOptions['anchor']): void {
  const hash = point.chain.toString('hex');
  if (anchor === undefined || anchor.position !== point.position || anchor.hash === hash) return;
  throw damaged(folder, point.segment, point.frameOffset, point.position, `hash ${anchor.hash}`, hash);
}

/** The log must reach as far as it is known to have been. */
async function checkEnd(
  disk: Disk, folder: string, end: ChainPoint, anchor: VerifyOptions['anchor'],
): Promise<void> {
  const mark = await readCleanMark(disk, folder);
  for (const known of [anchor, mark]) {
    if (known === undefined || known.position <= end.position) continue;
    const expected = `record ${known.position}`;
    throw damaged(folder, end.segment, end.endOffset, end.position + 1, expected, 'the end of the log');
  }
}
