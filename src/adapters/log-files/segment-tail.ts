import { DiskError, type Disk, type DiskFile } from '#ports/disk.ts';
import { LogDamaged } from './decision-log-damage.ts';
import { segmentName } from './segment.ts';
import { endsWith, type ChainPoint } from './segment-scan.ts';

/** What a healed disk must take before the log trusts it again. */
const PROBE_BYTES_MIN = 65_536;

/**
 * The end of the log on the disk. INVARIANT: `point` and `offset` are the last that the disk has
 * acknowledged; what lies beyond `offset` is no part of the log, and is cut before anything is written
 * again.
 */
export class SegmentTail {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #segmentBytesMax: number;
  #point: ChainPoint;
  #segment: number;
  #offset: number;
  #file: DiskFile | undefined;
  /**
   * A next segment that could not be begun: its name may be on the disk, so the log never goes on before
   * it.
   */
  #mustBegin = false;

  constructor(
    disk: Disk, folder: string, segmentBytesMax: number,
    at: { point: ChainPoint; segment: number; offset: number },
  ) {
    this.#disk = disk;
    this.#folder = folder;
    this.#segmentBytesMax = segmentBytesMax;
    this.#point = at.point;
    this.#segment = at.segment;
    this.#offset = at.offset;
  }

  get point(): ChainPoint {
    return this.#point;
  }

  get segment(): number {
    return this.#segment;
  }

  get offset(): number {
    return this.#offset;
  }

  get path(): string {
    return this.#pathOf(this.#segment);
  }

  #pathOf(first: number): string {
    return `${this.#folder}/${segmentName(first)}`;
  }

  /** What was read at the start may not have reached the disk before a kill; now it has, names too. */
  async open(): Promise<void> {
    if (this.#point.position === 0 && this.#offset === 0) return this.#begin(1);
    this.#file = await this.#disk.open(this.path, 'write');
    await this.#file.truncate(this.#offset);
    await this.#file.fdatasync();
    await this.#disk.syncDirectory(this.#folder);
  }

  /** Writes a sealed frame, which starts with record `first`, and resolves when it is durable. */
  async write(frame: Buffer, chain: Buffer, first: number, last: number): Promise<void> {
    const isFull = this.#offset > 0 && this.#offset + frame.length > this.#segmentBytesMax;
    if (isFull || this.#mustBegin) await this.#begin(first);
    const file = this.#file;
    if (file === undefined) throw new DiskError('io', this.path, 'the segment is not open');
    let written = 0;
    while (written < frame.length) {
      written += await file.writeThrough(frame.subarray(written), this.#offset + written);
    }
    const [frameOffset, endOffset] = [this.#offset, this.#offset + frame.length];
    const previousChain = this.#point.chain;
    this.#point = { position: last, chain, previousChain, segment: this.#segment, frameOffset, endOffset };
    this.#offset = endOffset;
  }

  /**
   * A new file, and not only a shorter one: after a failed write the disk may lie about what it kept of the
   * old.
   */
  async #begin(first: number): Promise<void> {
    this.#mustBegin = true;
    const path = this.#pathOf(first);
    await this.#disk.remove(path).catch((why: unknown) => {
      if (!(why instanceof DiskError && why.code === 'missing')) throw why;
    });
    const file = await this.#disk.open(path, 'create');
    try {
      await this.#disk.syncDirectory(this.#folder);
    } catch (why) {
      await file.close().catch(() => {});
      throw why;
    }
    await this.close();
    this.#file = file;
    this.#segment = first;
    this.#offset = 0;
    this.#mustBegin = false;
  }

  /** Takes away what a failed write has left. */
  async cutBack(): Promise<void> {
    await this.#file?.truncate(this.#offset);
  }

  /**
   * After a failure: cuts again, durably, through a new handle, reads the last frame back, and sees the
   * disk take as many bytes as failed. After an I/O error the log goes on in a new file. Throws DiskError
   * where it still fails.
   */
  async heal(after: 'full' | 'io', neededBytes: number): Promise<void> {
    const file = await this.#disk.open(this.path, 'write');
    const former = this.#file;
    this.#file = file;
    await former?.close().catch(() => {});
    const size = await file.size();
    if (size < this.#offset) {
      throw this.#damaged(size, `${this.#offset} durable bytes`, `${size}`);
    }
    await file.truncate(this.#offset);
    await file.fdatasync();
    await this.#readBack();
    if (after === 'io') await this.#begin(this.#point.position + 1);
    await this.#probe(Math.max(neededBytes, PROBE_BYTES_MIN));
  }

  async #readBack(): Promise<void> {
    const { point } = this;
    if (point.position === 0) return;
    const file = await this.#disk.open(this.#pathOf(point.segment), 'read');
    try {
      const bytes = Buffer.alloc(point.endOffset - point.frameOffset);
      await file.read(bytes, point.frameOffset);
      if (!endsWith(bytes, point)) {
        const expected = `the frame with chain ${point.chain.toString('hex')}`;
        throw this.#damaged(point.frameOffset, expected, 'another');
      }
    } finally {
      await file.close();
    }
  }

  #damaged(offset: number, expected: string, found: string): LogDamaged {
    const { position } = this.#point;
    const what = { file: this.path, offset, position, expected, found, atTail: true };
    return new LogDamaged('log_damaged', what);
  }

  /** Zeros are no frame, so a crash in the middle of this leaves a tail that is cut at the next start. */
  async #probe(bytes: number): Promise<void> {
    const file = this.#file;
    if (file === undefined) throw new DiskError('io', this.path, 'the segment is not open');
    const zeros = Buffer.alloc(bytes);
    try {
      let written = 0;
      while (written < bytes) written += await file.write(zeros.subarray(written), this.#offset + written);
      await file.fdatasync();
    } finally {
      await file.truncate(this.#offset);
    }
    await file.fdatasync();
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
