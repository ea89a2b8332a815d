/**
 * A log on a disk that crashes, fills up and fails, and a ledger of what the log has promised. The ledger
 * never looks into the log: it knows what was appended, and what was acknowledged.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { openDecisionLog, type OpenedLog } from '#adapters/log-files/decision-log-open.ts';
import { verifyLog } from '#adapters/log-files/decision-log-verify.ts';
import { writeSnapshot } from '#adapters/log-files/snapshot-file.ts';
import { LOG_SECTION } from '#adapters/log-files/decision-log-checkpoint.ts';
import type { DiskCall, MemoryDisk } from '#adapters/memory/memory-disk.ts';
import type { Disk } from '#ports/disk.ts';
import { LogUnavailable, type LogRecord } from '#ports/decision-log.ts';
import { logRecord } from './decision-log.ts';
import { seededRandom } from '../../bench/random.ts';
import { nextTurn, turningDisk } from './turning-disk.ts';

const FAILING: readonly DiskCall[] = ['write', 'fdatasync', 'syncDirectory', 'open', 'truncate'];

const isSame = (left: LogRecord, right: LogRecord): boolean =>
  left.key === right.key && left.kind === right.kind && left.position === right.position
  && left.receivedAtMs === right.receivedAtMs && left.parts.length === right.parts.length
  && left.parts.every((part, index) => Buffer.compare(part, right.parts[index] ?? new Uint8Array(1)) === 0);

export class LogWorld {
  readonly #random: () => number;
  readonly disk: MemoryDisk;
  #session: Disk;
  #opened: OpenedLog | undefined;
  /** Acknowledged, or found after a start: here for ever. */
  readonly #kept: LogRecord[] = [];
  /** By position, what may or may not be there after a crash. */
  #maybe = new Map<number, LogRecord[]>();
  #keyCount = 0;
  readonly seen = { crashes: 0, failures: 0, heals: 0, torn: 0, snapshots: 0, fastStarts: 0 };

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.disk = turningDisk(this.#random);
    this.#session = this.disk.boot();
  }

  get #log() {
    if (this.#opened === undefined) throw new Error('the log is not open');
    return this.#opened.log;
  }

  async run(steps: number): Promise<void> {
    await this.#start();
    for (let step = 0; step < steps; step += 1) await this.#step();
    await this.#log.recover();
    await this.#log.close();
    await this.#start();
  }

  async #step(): Promise<void> {
    const dice = this.#random();
    if (dice < 0.55) return this.#append(1 + Math.floor(this.#random() * 12), this.#random() < 0.6);
    if (dice < 0.65) return this.#crash(this.#random() < 0.7);
    if (dice < 0.72) return this.#fillUp();
    if (dice < 0.82) return this.#fail();
    if (dice < 0.92) return this.#snapshot();
    await this.#heal();
    await this.#log.close();
    await this.#start();
  }

  /** Appends a burst; waits for it, or leaves it in the air. */
  async #append(count: number, isAwaited: boolean): Promise<void> {
    const settled: Promise<unknown>[] = [];
    for (let index = 0; index < count; index += 1) {
      const position = this.#log.nextPosition;
      const record = logRecord(position, `t\0tx\0${(this.#keyCount += 1)}`, Math.floor(this.#random() * 700));
      const life = this.#session;
      const promise = this.#log.append(record);
      this.#note(position, record);
      settled.push(promise.then(
        () => this.#acknowledged(record, life),
        (why: unknown) => ok(why instanceof LogUnavailable, String(why)),
      ));
    }
    if (isAwaited) await Promise.all(settled);
    else await this.#pause();
  }

  #note(position: number, record: LogRecord): void {
    this.#maybe.set(position, [...(this.#maybe.get(position) ?? []), record]);
  }

  #acknowledged(record: LogRecord, life: Disk): void {
    // An answer that arrives after the power has gone was never given.
    if (life !== this.#session) return;
    equal(record.position, this.#kept.length + 1, 'acknowledged in order');
    this.#kept.push(record);
    this.#maybe.delete(record.position);
  }

  /** Lets a random part of what is under way happen. */
  async #pause(): Promise<void> {
    const turns = Math.floor(this.#random() * 6);
    for (let turn = 0; turn < turns; turn += 1) {
      await (this.#random() < 0.3 ? nextTurn() : Promise.resolve());
    }
  }

  async #crash(isPower: boolean): Promise<void> {
    await this.#append(1 + Math.floor(this.#random() * 5), false);
    // Between written and durable is where most can go wrong.
    for (let turn = 0; turn < 4 && !this.disk.isDirty; turn += 1) await nextTurn();
    this.seen.crashes += 1;
    if (isPower) this.disk.crash();
    else this.disk.kill();
    await this.#start();
    // What a start has found and answered from must survive too.
    if (this.#random() < 0.3) {
      this.disk.crash();
      await this.#start();
    }
  }

  async #fillUp(): Promise<void> {
    this.disk.capacityBytes = this.disk.usedBytes + Math.floor(this.#random() * 3_000);
    for (let burst = 0; burst < 3; burst += 1) await this.#append(6, true);
    if (this.#random() < 0.3) await this.#log.recover();
    if (this.#random() < 0.3) return this.#crash(true);
    this.seen.failures += 1;
    await this.#heal();
  }

  async #fail(): Promise<void> {
    const call = FAILING[Math.floor(this.#random() * FAILING.length)] ?? 'write';
    const isFull = (call === 'open' || call === 'syncDirectory') && this.#random() < 0.5;
    this.disk.failNext(call, isFull ? 'full' : 'io', 1 + Math.floor(this.#random() * 3));
    if (this.#random() < 0.3) this.disk.failNext('truncate');
    await this.#append(8, this.#random() < 0.7);
    this.seen.failures += 1;
    if (this.#random() < 0.5) await this.#log.recover();
    if (this.#random() < 0.3) return this.#crash(true);
    await this.#heal();
  }

  async #heal(): Promise<void> {
    await this.#log.mark().catch(() => {});
    this.disk.heal();
    equal(await this.#log.recover(), true);
    this.seen.heals += 1;
    // What was refused is gone, for good.
    for (const { key } of [...this.#maybe.values()].flat()) {
      deepEqual([this.#log.mayHave(key), await this.#log.find(key)], [false, undefined]);
    }
    this.#maybe.clear();
    equal(this.#log.nextPosition, this.#kept.length + 1);
  }

  async #snapshot(): Promise<void> {
    const point = await this.#log.mark().catch(() => undefined);
    if (point === undefined) return;
    const chunks = this.#log.checkpoint(point);
    const sections = [{ name: 'state', chunks: [new Uint8Array([1, 2, 3])] }, { name: LOG_SECTION, chunks }];
    const chainHash = point.chain.toString('hex');
    const { position } = point;
    const written = writeSnapshot(this.#session, 'snapshots', { position, chainHash, sections });
    await Promise.all([written, this.#append(3, true)]);
    this.seen.snapshots += 1;
  }

  async #start(): Promise<void> {
    this.disk.heal();
    this.#session = this.disk.boot();
    this.#opened = await openDecisionLog(this.#session, {
      folder: 'log', snapshots: 'snapshots', segmentBytesMax: 6_000, commitGapMs: 0,
    });
    const { report, log, snapshot } = this.#opened;
    deepEqual(report.skippedSnapshots, []);
    if (report.tornTail !== undefined) this.seen.torn += 1;
    if ((snapshot?.position ?? 0) > 0) this.seen.fastStarts += 1;
    let position = 0;
    for await (const record of log.read(1)) {
      position += 1;
      const allowed = position <= this.#kept.length
        ? this.#kept.slice(position - 1, position)
        : this.#maybe.get(position) ?? [];
      const found = allowed.find(({ key }) => key === record.key);
      ok(found !== undefined && isSame(record, found), `record ${position}`);
      if (position > this.#kept.length) this.#kept.push(record);
    }
    equal(position, this.#kept.length, 'every acknowledged record is here');
    equal(log.nextPosition, position + 1);
    this.#maybe.clear();
    await this.#checkKeys();
    const verdict = await verifyLog(this.#session, 'log');
    deepEqual([verdict.damage, verdict.recordCount, verdict.hash], [undefined, position, log.durable.hash]);
  }

  async #checkKeys(): Promise<void> {
    for (const record of this.#kept.slice(-20)) {
      const found = await this.#log.find(record.key);
      ok(found !== undefined && isSame(record, found), `the key of record ${record.position}`);
    }
    equal(await this.#log.find('t\0tx\0never'), undefined);
    const here = new Set(this.#kept.map(({ key }) => key));
    for (let key = 1; key <= this.#keyCount; key += 1) {
      equal(this.#log.mayHave(`t\0tx\0${key}`), here.has(`t\0tx\0${key}`));
    }
  }
}
