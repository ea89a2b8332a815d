import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#ports/clock.ts';
import type { Disk } from '#ports/disk.ts';
import { fitsLog, loadCheckpoint, LOG_SECTION, type Checkpoint } from './decision-log-checkpoint.ts';
import { readCleanMark, takeCleanMark } from './decision-log-clean-mark.ts';
import { LogDamaged } from './decision-log-damage.ts';
import { COMMIT_GAP_MS, LocalDecisionLog, SEGMENT_BYTES_MAX } from './decision-log.ts';
import { recordKeyText, recordPosition } from './frame.ts';
import { FrameIndex } from './frame-index.ts';
import { KeyIndex } from './key-index.ts';
import { segmentName } from './segment.ts';
import { eachRecord, scanLog, START, type Scan, type Tear } from './segment-scan.ts';
import { SegmentTail } from './segment-tail.ts';
import { latestSnapshot, type SkippedSnapshot, type Snapshot } from './snapshot-file.ts';

export interface LogOptions {
  readonly folder: string;
  /** Where snapshots are; without it the whole log is read. */
  readonly snapshots?: string;
  readonly segmentBytesMax?: number;
  /** Commits start at least this far apart: what they save in CPU costs this much latency under load. */
  readonly commitGapMs?: number;
  readonly clock?: Clock;
}

const WORLD_CLOCK: Clock = { now: () => Date.now(), sleep: (ms) => sleep(ms) };

export interface LogReport {
  readonly position: number;
  readonly hash: string;
  readonly segmentCount: number;
  /** Bytes of the log that this start has read. */
  readonly readBytes: number;
  /** What a write that did not end left behind: cut from the log, and kept in a file of its own. */
  readonly tornTail: TornTail | undefined;
  readonly skippedSnapshots: readonly SkippedSnapshot[];
}

export interface TornTail {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  readonly keptAs: string;
  readonly why: string;
}

export interface OpenedLog {
  readonly log: LocalDecisionLog;
  readonly report: LogReport;
  /** The snapshot whose log index was used: the state in its other sections fits too. */
  readonly snapshot: Snapshot | undefined;
}

/**
 * Takes the folder for this process, checks the log from the newest fitting snapshot on, and cuts a torn
 * tail. Throws LogDamaged, and DiskError (`locked` where another process has the folder); then nothing has
 * been changed.
 */
export async function openDecisionLog(disk: Disk, options: LogOptions): Promise<OpenedLog> {
  await disk.makeFolder(options.folder);
  const release = await disk.lock(options.folder);
  try {
    return await openLocked(disk, options, release);
  } catch (why) {
    await release();
    throw why;
  }
}

async function openLocked(disk: Disk, options: LogOptions, release: () => Promise<void>): Promise<OpenedLog> {
  const { folder } = options;
  const { checkpoint, snapshot, skipped } = await newestCheckpoint(disk, options);
  const keys = checkpoint?.keys ?? new KeyIndex(randomBytes(4).readUInt32LE());
  const frames = checkpoint?.frames ?? new FrameIndex();
  const scan = await scanLog(disk, folder, checkpoint?.point ?? START, (frame, end) => {
    frames.add({ position: frame.header.firstPosition, segment: end.segment, offset: frame.offset });
    eachRecord(frame, (bytes, from) => keys.add(recordKeyText(bytes, from), recordPosition(bytes, from)));
  });
  await refuseLoss(disk, folder, scan, frames, skipped);
  const clock = options.clock ?? WORLD_CLOCK;
  const tornTail = scan.tear === undefined ? undefined : await cut(disk, folder, scan.tear, clock);
  const last = scan.segments.at(-1) ?? { first: 1, bytes: 0 };
  const tail = new SegmentTail(disk, folder, options.segmentBytesMax ?? SEGMENT_BYTES_MAX, {
    point: scan.end, segment: last.first, offset: scan.tear?.offset ?? last.bytes,
  });
  await tail.open();
  await takeCleanMark(disk, folder);
  const commitGapMs = options.commitGapMs ?? COMMIT_GAP_MS;
  const log = new LocalDecisionLog({ disk, folder, tail, keys, frames, release, clock, commitGapMs });
  const report: LogReport = {
    ...log.durable, segmentCount: Math.max(1, scan.segments.length), readBytes: scan.readBytes,
    tornTail, skippedSnapshots: skipped,
  };
  return { log, report, snapshot };
}

/** The newest snapshot that fits the log, with the log's own index in it. */
export async function newestCheckpoint(
  disk: Disk, options: Pick<LogOptions, 'folder' | 'snapshots'>,
): Promise<{
  checkpoint: Checkpoint | undefined; snapshot: Snapshot | undefined; skipped: readonly SkippedSnapshot[];
}> {
  let checkpoint: Checkpoint | undefined;
  if (options.snapshots === undefined) return { checkpoint, snapshot: undefined, skipped: [] };
  const found = await latestSnapshot(disk, options.snapshots, async (candidate) => {
    const loaded = await loadCheckpoint(candidate.section(LOG_SECTION));
    if (loaded === undefined) return 'has no index of the log, or one of another format';
    const { position, chain } = loaded.point;
    if (position !== candidate.position || chain.toString('hex') !== candidate.chainHash) {
      return `is of position ${candidate.position}, and its index of the log of ${position}`;
    }
    if (!(await fitsLog(disk, options.folder, loaded))) return NOT_THIS_LOG;
    checkpoint = loaded;
    return undefined;
  });
  return { checkpoint, ...found };
}

const NOT_THIS_LOG = 'is of another log: the frame it ends with is not here';

/** The log may not end before what is known to have been acknowledged, nor lack a segment that it had. */
async function refuseLoss(
  disk: Disk, folder: string, scan: Scan, frames: FrameIndex, skipped: readonly SkippedSnapshot[],
): Promise<void> {
  const here = new Set(scan.segments.map(({ first }) => first));
  const lost = frames.segments().find((first) => !here.has(first));
  if (lost !== undefined) {
    throw loss(folder, lost, 0, lost, `the segment ${segmentName(lost)}`, 'no such file');
  }
  const { position, chain, segment, endOffset } = scan.end;
  const mark = await readCleanMark(disk, folder);
  const isOther = mark?.position === position && mark.hash !== chain.toString('hex');
  if (mark !== undefined && (mark.position > position || isOther)) {
    const found = scan.tear?.why.message ?? `its end after record ${position}`;
    const closed = `a log that was closed after record ${mark.position}`;
    throw loss(folder, segment, endOffset, position + 1, closed, found);
  }
  const ahead = skipped.find((snapshot) => snapshot.why === NOT_THIS_LOG && snapshot.position > position);
  if (ahead !== undefined) {
    const known = `record ${ahead.position}, which ${ahead.file} knows`;
    throw loss(folder, segment, endOffset, position + 1, known,
      `the end of the log after record ${position} (remove the snapshot to accept the loss)`);
  }
}

const loss = (
  folder: string, segment: number, offset: number, position: number, expected: string, found: string,
): LogDamaged => new LogDamaged('log_damaged', {
  file: `${folder}/${segmentName(segment)}`, offset, position, expected, found, atTail: true,
});

/** Keeps the bytes, durably, before they are cut. */
async function cut(disk: Disk, folder: string, tear: Tear, clock: Clock): Promise<TornTail> {
  const path = `${folder}/${segmentName(tear.segment)}`;
  const keptAs = `${folder}/torn-${tear.why.position}-${clock.now()}.bin`;
  const bytes = Buffer.allocUnsafeSlow(tear.bytes);
  const from = await disk.open(path, 'read');
  try {
    await from.read(bytes, tear.offset);
  } finally {
    await from.close();
  }
  const to = await disk.open(keptAs, 'create');
  try {
    let written = 0;
    while (written < bytes.length) written += await to.write(bytes.subarray(written), written);
    await to.fdatasync();
  } finally {
    await to.close();
  }
  await disk.syncDirectory(folder);
  // The segment itself is cut, durably, when its tail is opened.
  return { file: path, offset: tear.offset, bytes: tear.bytes, keptAs, why: tear.why.message };
}
