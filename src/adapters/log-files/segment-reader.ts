import type { DiskFile } from '#ports/disk.ts';
import { FRAME_HEADER_BYTES, readHeader, type FrameFault, type FrameHeader } from './frame.ts';

const CHUNK_BYTES = 1_048_576;

/** A whole frame, at `at` in `bytes` and at `offset` in its file. Its records are not checked yet. */
export interface FrameAt {
  readonly bytes: Buffer;
  readonly at: number;
  readonly header: FrameHeader;
  readonly offset: number;
  readonly byteLength: number;
}

/** Reads frame after frame, a chunk at a time. Chunks are not used again, so views of them stay true. */
export class SegmentReader {
  readonly #file: DiskFile;
  readonly #chunkBytes: number;
  readonly #end: number;
  #chunk: Buffer = Buffer.alloc(0);
  #chunkOffset: number;
  #offset: number;

  /** Reads from `offset`, where a frame starts, to `end`. */
  constructor(file: DiskFile, offset: number, end: number, chunkBytes: number = CHUNK_BYTES) {
    this.#file = file;
    this.#chunkBytes = chunkBytes;
    this.#offset = offset;
    this.#chunkOffset = offset;
    this.#end = end;
  }

  /** Where the next frame starts. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * The frame whose first record should be at `position`; undefined at the end; or what stands there
   * instead.
   */
  async next(position: number): Promise<FrameAt | FrameFault | undefined> {
    if (this.#offset >= this.#end) return undefined;
    await this.#have(FRAME_HEADER_BYTES);
    const header = readHeader(this.#chunk, this.#offset - this.#chunkOffset, position);
    if ('fault' in header) return header;
    const byteLength = FRAME_HEADER_BYTES + header.payloadBytes;
    if (this.#offset + byteLength > this.#end) return this.#short(position, byteLength);
    await this.#have(byteLength);
    const at = this.#offset - this.#chunkOffset;
    if (at + byteLength > this.#chunk.length) return this.#short(position, byteLength);
    const frame = { bytes: this.#chunk, at, header, offset: this.#offset, byteLength };
    this.#offset += byteLength;
    return frame;
  }

  #short(position: number, byteLength: number): FrameFault {
    const left = this.#end - this.#offset;
    const expected = `a frame of ${byteLength} bytes`;
    return { fault: 'short', at: 0, position, expected, found: `${left} bytes` };
  }

  /** Makes the chunk hold as many bytes from the offset on, if the file has them. */
  async #have(bytes: number): Promise<void> {
    const rest = this.#chunk.subarray(this.#offset - this.#chunkOffset);
    if (rest.length >= bytes) return;
    const left = this.#end - this.#offset;
    const size = Math.min(left, Math.max(bytes, this.#chunkBytes));
    if (size <= rest.length) return;
    const chunk = Buffer.allocUnsafeSlow(size);
    rest.copy(chunk);
    const read = await this.#file.read(chunk.subarray(rest.length), this.#offset + rest.length);
    this.#chunk = chunk.subarray(0, rest.length + read);
    this.#chunkOffset = this.#offset;
  }
}
