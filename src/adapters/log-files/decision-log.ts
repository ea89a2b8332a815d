/**
 * The decision log in files: group commit with one write in flight. What arrives meanwhile, or within
 * `commitGapMs` of the commit before, goes into the next frame. Readers see what is durable and what is
 * being written.
 */
import { messageOf } from '#domain/message-of.ts';
import { PassingMap } from '#domain/passing-map.ts';
import type { Clock } from '#ports/clock.ts';
import { DiskError, type Disk } from '#ports/disk.ts';
import { LogUnavailable, type DecisionLog, type LogRecord } from '#ports/decision-log.ts';
import { FrameBatch } from './frame-batch.ts';
import type { FrameIndex } from './frame-index.ts';
import { leaveCleanMark } from './decision-log-clean-mark.ts';
import { checkpointChunks } from './decision-log-checkpoint.ts';
import { recordAt, recordsFrom } from './decision-log-reading.ts';
import type { KeyIndex } from './key-index.ts';
import type { ChainPoint } from './segment-scan.ts';
import type { SegmentTail } from './segment-tail.ts';

export const SEGMENT_BYTES_MAX = 268_435_456;
const RECORD_BYTES_MAX = 268_435_456;
/**
 * A frame is hashed in one go on the deciding thread, so a batch is not longer than about a millisecond of
 * that.
 */
const BATCH_BYTES_MAX = 1_048_576;
const KEY_BYTES_MAX = 65_535;
export const COMMIT_GAP_MS = 2;

export interface LocalLogParts {
  readonly disk: Disk;
  readonly folder: string;
  readonly tail: SegmentTail;
  readonly keys: KeyIndex;
  readonly frames: FrameIndex;
  readonly release: () => Promise<void>;
  readonly clock: Clock;
  /** Commits start at least this far apart. */
  readonly commitGapMs: number;
}

type State = 'ready' | 'unavailable' | 'closed';
interface Waiter { readonly position: number; readonly done: PromiseWithResolvers<ChainPoint> }

export class LocalDecisionLog implements DecisionLog {
  readonly #parts: LocalLogParts;
  readonly #pending = new PassingMap<LogRecord>();
  /** In order: the batch being written, full ones, the one being filled. */
  #batches: FrameBatch[] = [];
  #spare: FrameBatch[] = [];
  #waiters: Waiter[] = [];
  #state: State = 'ready';
  #why = new LogUnavailable('closed', 'the log is closed');
  #failed: { kind: 'full' | 'io'; bytes: number } = { kind: 'io', bytes: 0 };
  #nextPosition: number;
  #sealed = 0;
  #writing: Promise<void> | undefined;
  #healing: Promise<boolean> | undefined;
  #isDue = false;
  #isClosing = false;
  #lastStartMs = 0;

  constructor(parts: LocalLogParts) {
    this.#parts = parts;
    this.#nextPosition = parts.tail.point.position + 1;
  }

  get nextPosition(): number {
    return this.#nextPosition;
  }

  get durable(): { readonly position: number; readonly hash: string } {
    const { position, chain } = this.#parts.tail.point;
    return { position, hash: chain.toString('hex') };
  }

  get keyIndexBytes(): number {
    return this.#parts.keys.byteLength;
  }

  append(record: LogRecord, joined?: 'joined'): Promise<void> {
    if (this.#state !== 'ready' || this.#isClosing) return Promise.reject(this.#why);
    this.#check(record);
    const batch = this.#filling(joined !== undefined);
    batch.add(record);
    this.#pending.set(record.key, record);
    this.#nextPosition += 1;
    this.#wake();
    return batch.durable;
  }

  /** What is wrong here is a mistake of the caller. */
  #check(record: LogRecord): void {
    const { position, key, parts } = record;
    if (position !== this.#nextPosition) {
      throw new RangeError(`position ${position} is appended where ${this.#nextPosition} is next`);
    }
    if (this.#pending.has(key)) {
      throw new RangeError(`the key of record ${position} is being written already`);
    }
    if (key.length * 3 > KEY_BYTES_MAX || !key.isWellFormed()) {
      throw new RangeError(`a key is well-formed text of at most ${Math.floor(KEY_BYTES_MAX / 3)} units`);
    }
    if (parts.length > 255) throw new RangeError(`a record has at most 255 parts, not ${parts.length}`);
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    if (bytes > RECORD_BYTES_MAX) {
      throw new RangeError(`a record has at most ${RECORD_BYTES_MAX} bytes, not ${bytes}`);
    }
  }

  #filling(isJoined: boolean): FrameBatch {
    const last = this.#batches.at(-1);
    const isOpen = this.#batches.length > this.#sealed;
    if (last !== undefined && isOpen && (isJoined || last.byteLength < BATCH_BYTES_MAX)) return last;
    if (isJoined) throw new RangeError('nothing was appended in this turn that a record could be joined to');
    this.#sealed = this.#batches.length;
    const batch = this.#spare.pop() ?? new FrameBatch();
    this.#batches.push(batch);
    return batch;
  }

  /**
   * Commits in a moment: after what this turn of the event loop appends, and not before the gap has passed.
   */
  #wake(): void {
    if (this.#isDue || this.#writing !== undefined) return;
    this.#isDue = true;
    const { clock, commitGapMs } = this.#parts;
    // The clock may step; the gap is never longer for it.
    const waitMs = Math.min(commitGapMs, commitGapMs - (clock.now() - this.#lastStartMs));
    const start = (): void => {
      this.#isDue = false;
      this.#startWriting();
    };
    if (waitMs <= 0) setImmediate(start);
    else void clock.sleep(waitMs).then(start);
  }

  #startWriting(): void {
    if (this.#writing !== undefined || this.#state !== 'ready' || this.#batches.length === 0) return;
    this.#lastStartMs = this.#parts.clock.now();
    this.#writing = this.#write(this.#batches.length).finally(() => {
      this.#writing = undefined;
      if (this.#batches.length > 0 && this.#state === 'ready') this.#wake();
    });
  }

  async #write(batchCount: number): Promise<void> {
    this.#sealed = Math.max(this.#sealed, batchCount);
    for (let count = batchCount; count > 0; count -= 1) {
      const [batch] = this.#batches;
      if (batch === undefined) return;
      try {
        await this.#commit(batch);
      } catch (why) {
        return this.#fail(why, batch.byteLength);
      }
    }
  }

  async #commit(batch: FrameBatch): Promise<void> {
    const { tail, frames, keys } = this.#parts;
    const { records } = batch;
    const first = tail.point.position + 1;
    const { frame, chain } = batch.seal(tail.point.chain);
    await tail.write(frame, chain, first, first + records.length - 1);
    frames.add({ position: first, segment: tail.point.segment, offset: tail.point.frameOffset });
    for (const { key, position } of records) {
      keys.add(key, position);
      this.#pending.delete(key);
    }
    this.#batches.shift();
    this.#sealed -= 1;
    batch.resolve();
    this.#settleWaiters();
    batch.clear();
    if (this.#spare.length < 2) this.#spare.push(batch);
  }

  #settleWaiters(): void {
    const { point } = this.#parts.tail;
    this.#waiters = this.#waiters.filter(({ position, done }) => {
      if (position === point.position) done.resolve(point);
      return position !== point.position;
    });
  }

  async #fail(why: unknown, bytes: number): Promise<void> {
    const kind = why instanceof DiskError && why.code === 'full' ? 'full' : 'io';
    this.#state = 'unavailable';
    this.#failed = { kind, bytes };
    const code = kind === 'full' ? 'disk_full' : 'io_error';
    this.#why = new LogUnavailable(code, `${this.#parts.tail.path} could not be written`);
    const batches = this.#batches;
    this.#batches = [];
    this.#sealed = 0;
    this.#pending.clear();
    this.#nextPosition = this.#parts.tail.point.position + 1;
    this.#why = new LogUnavailable(code, await this.#say(why));
    // What cannot be cut now is cut before the log takes appends again.
    await this.#parts.tail.cutBack().catch(() => {});
    for (const batch of batches) batch.reject(this.#why);
    for (const { done } of this.#waiters) done.reject(this.#why);
    this.#waiters = [];
  }

  async #say(why: unknown): Promise<string> {
    const { disk, folder, tail } = this.#parts;
    const { kind, bytes } = this.#failed;
    const cause = messageOf(why);
    if (kind === 'io') return `${tail.path} could not be written: ${cause}`;
    const free = await disk.freeBytes(folder).catch(() => undefined);
    const left = free === undefined ? '' : `, and ${free} are free`;
    return `the disk that holds ${tail.path} is full: ${bytes} bytes are needed${left}`;
  }

  async recover(): Promise<boolean> {
    this.#healing ??= this.#recover().finally(() => {
      this.#healing = undefined;
    });
    return this.#healing;
  }

  async #recover(): Promise<boolean> {
    await this.#writing;
    if (this.#state !== 'unavailable') return this.#state === 'ready';
    try {
      await this.#parts.tail.heal(this.#failed.kind, this.#failed.bytes);
    } catch (why) {
      if (!(why instanceof DiskError)) throw why;
      const kind = why.code === 'full' && this.#failed.kind === 'full' ? 'full' : 'io';
      this.#failed = { kind, bytes: this.#failed.bytes };
      this.#why = new LogUnavailable(kind === 'full' ? 'disk_full' : 'io_error', await this.#say(why));
      return false;
    }
    if (this.#state === 'unavailable') this.#state = 'ready';
    return this.#state === 'ready';
  }

  async find(key: string): Promise<LogRecord | undefined> {
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    for (const position of this.#parts.keys.candidates(key)) {
      const record = await this.#durableRecord(position);
      if (record?.key === key) return record;
    }
    return undefined;
  }

  mayHave(key: string): boolean {
    return this.#pending.has(key) || this.#parts.keys.mayHave(key);
  }

  async get(position: number): Promise<LogRecord | undefined> {
    if (position <= this.#parts.tail.point.position) return this.#durableRecord(position);
    for (const { records } of this.#batches) {
      const first = records[0]?.position ?? 0;
      if (position >= first && position < first + records.length) return records[position - first];
    }
    return undefined;
  }

  async #durableRecord(position: number): Promise<LogRecord | undefined> {
    const { disk, folder, frames, tail } = this.#parts;
    return recordAt({ disk, folder, frames, end: tail.point }, position);
  }

  /** The records that are durable when it starts. */
  read(fromPosition: number): AsyncIterable<LogRecord> {
    const { disk, folder, frames, tail } = this.#parts;
    return recordsFrom({ disk, folder, frames, end: tail.point }, fromPosition);
  }

  /**
   * Ends the frame here, so that the last record appended so far is the last of its frame; resolves, when
   * that is durable, the point that a snapshot of the state taken in the same turn belongs to.
   */
  mark(): Promise<ChainPoint> {
    if (this.#state !== 'ready') return Promise.reject(this.#why);
    const { point } = this.#parts.tail;
    const position = this.#nextPosition - 1;
    if (position === point.position) return Promise.resolve(point);
    this.#sealed = this.#batches.length;
    const done = Promise.withResolvers<ChainPoint>();
    this.#waiters.push({ position, done });
    return done.promise;
  }

  /** The indexes up to a marked point, for a snapshot; taken as they are asked for, while the log goes on. */
  checkpoint(point: ChainPoint): Iterable<Uint8Array> {
    return checkpointChunks(point, this.#parts.keys, this.#parts.frames);
  }

  /** Writes what was appended, then takes nothing more. */
  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    while (this.#state === 'ready' && this.#batches.length > 0) {
      this.#startWriting();
      await this.#writing;
    }
    await this.#healing?.catch(() => false);
    const isClean = this.#state === 'ready';
    this.#state = 'closed';
    this.#why = new LogUnavailable('closed', 'the log is closed');
    const { disk, folder, tail, release } = this.#parts;
    try {
      await tail.close();
      if (isClean) await leaveCleanMark(disk, folder, tail.point);
    } catch (why) {
      // All that was acknowledged is durable; without the mark the next start is one after a kill.
      if (!(why instanceof DiskError)) throw why;
    } finally {
      await release();
    }
  }
}
