/**
 * A log read while another thread or process writes it: no lock, no repair, nothing past a durable position.
 */
import { randomBytes } from 'node:crypto';
import type { Disk } from '#ports/disk.ts';
import type { LogReader, LogRecord } from '#ports/decision-log.ts';
import { checkpointChunks } from './decision-log-checkpoint.ts';
import { newestCheckpoint, type LogOptions } from './decision-log-open.ts';
import { recordAt, recordsFrom, type DurableLog } from './decision-log-reading.ts';
import { recordKeyText, recordPosition } from './frame.ts';
import { FrameIndex } from './frame-index.ts';
import { KeyIndex } from './key-index.ts';
import type { SnapshotSource } from './local-snapshots.ts';
import { eachRecord, scanLog, START, type ChainPoint } from './segment-scan.ts';
import type { Snapshot } from './snapshot-file.ts';

export class LocalLogReader implements LogReader, SnapshotSource {
  readonly snapshot: Snapshot | undefined;
  #log: DurableLog;
  readonly #keys: KeyIndex;

  private constructor(log: DurableLog, keys: KeyIndex, snapshot: Snapshot | undefined) {
    this.#log = log;
    this.#keys = keys;
    this.snapshot = snapshot;
  }

  /** `until` is the last position known to be durable; only frames that end there or before are looked at. */
  static async open(
    disk: Disk, options: Pick<LogOptions, 'folder' | 'snapshots'>, until: number,
  ): Promise<LocalLogReader> {
    const { checkpoint, snapshot } = await newestCheckpoint(disk, options);
    const keys = checkpoint?.keys ?? new KeyIndex(randomBytes(4).readUInt32LE());
    const frames = checkpoint?.frames ?? new FrameIndex();
    const end = checkpoint?.point ?? START;
    const reader = new LocalLogReader({ disk, folder: options.folder, frames, end }, keys, snapshot);
    await reader.advance(until);
    return reader;
  }

  /** Looks at what was written since, up to a later position that is known to be durable. */
  async advance(until: number): Promise<void> {
    const { disk, folder, frames } = this.#log;
    let { end } = this.#log;
    await scanLog(disk, folder, end, (frame, point) => {
      if (point.position > until) return;
      frames.add({ position: frame.header.firstPosition, segment: point.segment, offset: frame.offset });
      eachRecord(frame, (bytes, from) =>
        this.#keys.add(recordKeyText(bytes, from), recordPosition(bytes, from)));
      end = point;
    });
    this.#log = { disk, folder, frames, end };
  }

  get durable(): { readonly position: number; readonly hash: string } {
    const { position, chain } = this.#log.end;
    return { position, hash: chain.toString('hex') };
  }

  read(fromPosition: number): AsyncIterable<LogRecord> {
    return recordsFrom(this.#log, fromPosition);
  }

  get(position: number): Promise<LogRecord | undefined> {
    return recordAt(this.#log, position);
  }

  mark(): Promise<ChainPoint> {
    return Promise.resolve(this.#log.end);
  }

  checkpoint(point: ChainPoint): Iterable<Uint8Array> {
    return checkpointChunks(point, this.#keys, this.#log.frames);
  }
}
