import type { LogRecord } from '#ports/decision-log.ts';
import { FRAME_HEADER_BYTES, recordBytesMax, sealFrame, writeRecord } from './frame.ts';

const FIRST_BYTES = 65_536;
/** A buffer that one large record made grow is not kept for the next batch. */
const KEPT_BYTES_MAX = 4_194_304;

/**
 * The records of the next frame, written straight into its bytes as they arrive, with the one promise that
 * all of them wait for. Used again after `clear`.
 */
export class FrameBatch {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #end = FRAME_HEADER_BYTES;
  #records: LogRecord[] = [];
  #settled = Promise.withResolvers<void>();

  get records(): readonly LogRecord[] {
    return this.#records;
  }

  /** Of the whole frame. */
  get byteLength(): number {
    return this.#end;
  }

  get durable(): Promise<void> {
    return this.#settled.promise;
  }

  add(record: LogRecord): void {
    const room = this.#end + recordBytesMax(record);
    if (room > this.#bytes.length) this.#grow(room);
    this.#end = writeRecord(this.#bytes, record, this.#end);
    this.#records.push(record);
  }

  #grow(room: number): void {
    const bytes = Buffer.allocUnsafeSlow(Math.max(room, this.#bytes.length * 2));
    this.#bytes.copy(bytes, 0, 0, this.#end);
    this.#bytes = bytes;
  }

  /** The frame as it goes to the disk, after the frame with `previousChain`. Needs at least one record. */
  seal(previousChain: Uint8Array): { frame: Buffer; chain: Buffer } {
    const [first] = this.#records;
    if (first === undefined) throw new RangeError('a frame has at least one record');
    const frame = this.#bytes.subarray(0, this.#end);
    const payloadBytes = this.#end - FRAME_HEADER_BYTES;
    const header = { payloadBytes, recordCount: this.#records.length, firstPosition: first.position };
    return { frame, chain: sealFrame(frame, header, previousChain) };
  }

  resolve(): void {
    this.#settled.resolve();
  }

  reject(why: Error): void {
    this.#settled.promise.catch(() => {});
    this.#settled.reject(why);
  }

  clear(): void {
    this.#end = FRAME_HEADER_BYTES;
    this.#records = [];
    this.#settled = Promise.withResolvers<void>();
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }
}
