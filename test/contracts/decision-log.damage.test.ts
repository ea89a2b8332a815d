// One flipped byte is found and named; a torn tail is cut and kept; damage is refused and nothing is changed.
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { describe, test } from 'node:test';
import { LogDamaged } from '#adapters/log-files/decision-log-damage.ts';
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import { verifyLog } from '#adapters/log-files/decision-log-verify.ts';
import { LOG_SECTION } from '#adapters/log-files/decision-log-checkpoint.ts';
import { writeSnapshot } from '#adapters/log-files/snapshot-file.ts';
import { MemoryDisk } from '#adapters/memory/memory-disk.ts';
import { logRecord, plain, readAll } from './decision-log.ts';
import { seededRandom } from '../../bench/random.ts';

const OPTIONS = { folder: 'log', segmentBytesMax: 700, commitGapMs: 0 };
const FIRST = 'log/00000000000000000001.log';

interface Written { readonly disk: MemoryDisk; readonly files: readonly string[]; readonly hash: string }

/** Seven frames of one or two records in several segments. */
async function written(isClosed = true, segmentBytesMax = OPTIONS.segmentBytesMax): Promise<Written> {
  const disk = new MemoryDisk(seededRandom(1));
  const { log } = await openDecisionLog(disk, { ...OPTIONS, segmentBytesMax });
  for (let frame = 0; frame < 7; frame += 1) {
    const records = frame % 2 === 0 ? 1 : 2;
    await Promise.all(Array.from({ length: records }, () => log.append(logRecord(log.nextPosition))));
  }
  const { hash } = log.durable;
  if (isClosed) await log.close();
  else disk.kill();
  const names = await disk.list('log');
  return { disk, hash, files: names.filter((name) => name.endsWith('.log')).map((name) => `log/${name}`) };
}

interface Spot {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  readonly position: number;
}

/** Where each frame header and each record stands, by the layout and not by the code that reads it. */
async function spotsOf({ disk, files }: Written): Promise<readonly Spot[]> {
  const spots: Spot[] = [];
  for (const file of files) {
    const bytes = await contentOf(disk, file);
    for (let at = 0; at < bytes.length;) {
      const [payload = 0, count = 0, first = 0] = [8, 12, 16].map((field) => bytes.readUInt32LE(at + field));
      spots.push({ file, offset: at, bytes: 64, position: first });
      let from = at + 64;
      for (let index = 0; index < count; index += 1) {
        spots.push({ file, offset: from, bytes: bytes.readUInt32LE(from), position: first + index });
        from += bytes.readUInt32LE(from);
      }
      at += 64 + payload;
    }
  }
  return spots;
}

async function contentOf(disk: MemoryDisk, path: string): Promise<Buffer> {
  const bytes = Buffer.alloc(disk.file(path).size);
  disk.file(path).read(bytes, 0);
  return bytes;
}

async function everything(disk: MemoryDisk): Promise<readonly (readonly [string, string])[]> {
  const names = await disk.list('log');
  const read = async (name: string): Promise<readonly [string, string]> =>
    [name, (await contentOf(disk, `log/${name}`)).toString('hex')];
  return Promise.all(names.map(read));
}

test('a sound log is found sound', async () => {
  const log = await written();
  ok(log.files.length >= 3);
  const { damage, recordCount, segmentCount, hash } = await verifyLog(log.disk, 'log');
  deepEqual([damage, recordCount, segmentCount, hash], [undefined, 10, log.files.length, log.hash]);
});

test('every flipped byte of the log is found, in the frame or record that has it', async () => {
  const log = await written();
  const spots = await spotsOf(log);
  let flipped = 0;
  for (const spot of spots) {
    for (let at = spot.offset; at < spot.offset + spot.bytes; at += 1) {
      const bits = 1 << flipped % 8;
      log.disk.file(spot.file).flip(at, bits);
      const { damage, recordCount } = await verifyLog(log.disk, 'log');
      log.disk.file(spot.file).flip(at, bits);
      const where = `${spot.file} byte ${at}`;
      ok(damage !== undefined, where);
      equal(damage.file, spot.file, where);
      equal(damage.position, spot.position, where);
      const isNear = damage.offset >= spot.offset && damage.offset < spot.offset + spot.bytes;
      ok(isNear, `${where}: ${damage.message}`);
      ok(recordCount < spot.position, where);
      flipped += 1;
    }
  }
  equal((await verifyLog(log.disk, 'log')).damage, undefined);
  equal(flipped, log.files.reduce((sum, file) => sum + log.disk.file(file).size, 0));
});

describe('a log that does not end as it was left', () => {
  test('the last frame cut short: after a kill its bytes are kept and cut', async () => {
    const { disk, files } = await written(false);
    const last = files.at(-1) ?? FIRST;
    const bytes = await contentOf(disk, last);
    disk.file(last).truncate(bytes.length - 1);
    const clock = { now: () => 5, sleep: async () => {} };
    const { log, report } = await openDecisionLog(disk, { ...OPTIONS, clock });
    equal(report.tornTail?.keptAs, 'log/torn-10-5.bin');
    equal(report.tornTail?.offset, disk.file(last).size);
    deepEqual(await contentOf(disk, 'log/torn-10-5.bin'), bytes.subarray(report.tornTail?.offset, -1));
    deepEqual(await readAll(log), Array.from({ length: 9 }, (_, index) => plain(logRecord(index + 1))));
    await log.append(logRecord(10));
    await log.close();
    equal((await verifyLog(disk, 'log')).damage, undefined);
  });

  test('after a clean close a bad last frame is damage', async () => {
    for (const harm of ['flip', 'cut', 'drop'] as const) {
      const log = await written();
      const last = log.files.at(-1) ?? FIRST;
      const { size } = log.disk.file(last);
      const lastFrame = (await spotsOf(log)).findLast(({ bytes }) => bytes === 64)?.offset ?? 0;
      if (harm === 'flip') log.disk.file(last).flip(size - 1, 1);
      else log.disk.file(last).truncate(harm === 'cut' ? size - 1 : lastFrame);
      ok((await verifyLog(log.disk, 'log')).damage !== undefined, harm);
      await refusesUnchanged(log.disk, /closed after record 10/);
    }
  });

  test('verify misses a log that ends early unless it is told what to expect', async () => {
    const log = await written(false);
    log.disk.file(log.files.at(-1) ?? FIRST).truncate(0);
    equal((await verifyLog(log.disk, 'log')).damage, undefined);
    const { damage } = await verifyLog(log.disk, 'log', { anchor: { position: 10, hash: log.hash } });
    match(damage?.message ?? '', /expected record 10, found the end of the log/);
  });

  test('a log written anew is not the one that an anchor knows', async () => {
    const anchor = { position: 10, hash: 'ab'.repeat(32) };
    const { damage } = await verifyLog((await written()).disk, 'log', { anchor });
    match(damage?.message ?? '', /record 10: expected hash abab/);
  });
});

async function refusesUnchanged(disk: MemoryDisk, message: RegExp, snapshots?: string): Promise<void> {
  const before = await everything(disk);
  const options = snapshots === undefined ? OPTIONS : { ...OPTIONS, snapshots };
  await rejects(openDecisionLog(disk, options), (why) => {
    ok(why instanceof LogDamaged, String(why));
    match(why.message, message);
    return true;
  });
  deepEqual(await everything(disk), before);
}

describe('damage is refused and nothing is changed', () => {
  test('a flipped byte before a good frame, in the first and in the last segment', async () => {
    for (const segmentBytesMax of [700, 100_000]) {
      const { disk, files } = await written(false, segmentBytesMax);
      equal(files.length > 1, segmentBytesMax === 700);
      disk.file(FIRST).flip(70, 4);
      await refusesUnchanged(disk, /byte 64, record 1: expected a record with crc32/);
    }
  });

  test('a bad end of a segment that another follows', async () => {
    const { disk } = await written(false);
    disk.file(FIRST).truncate(disk.file(FIRST).size - 3);
    await refusesUnchanged(disk, /expected a frame of \d+ bytes, found \d+ bytes/);
  });

  test('a segment that is gone', async () => {
    const log = await written(false);
    await log.disk.remove(log.files[1] ?? FIRST);
    await refusesUnchanged(log.disk, /expected the segment 0+\d+\.log, found/);
  });

  test('a frame from another place', async () => {
    const { disk } = await written(false);
    const bytes = await contentOf(disk, FIRST);
    const frame = bytes.subarray(0, 64 + bytes.readUInt32LE(8));
    disk.file(FIRST).write(frame, frame.length);
    disk.file(FIRST).flush();
    await refusesUnchanged(disk, /record 2: expected first position 2, found 1/);
  });

  test('a format that this program does not know', async () => {
    const { disk } = await written(false);
    const head = (await contentOf(disk, FIRST)).subarray(0, 32);
    head.writeUInt16LE(2, 4);
    head.writeUInt32LE(crc32(head.subarray(0, 28)), 28);
    disk.file(FIRST).write(head, 0);
    disk.file(FIRST).flush();
    await refusesUnchanged(disk, /expected log format 1, found log format 2/);
    equal((await verifyLog(disk, 'log')).damage?.code, 'log_format_unknown');
  });

  test('one key twice is found by verify', async () => {
    const disk = new MemoryDisk(seededRandom(1));
    const { log } = await openDecisionLog(disk, OPTIONS);
    for (const key of ['a', 'b', 'a']) await log.append(logRecord(log.nextPosition, key));
    await log.close();
    const { damage } = await verifyLog(disk, 'log');
    match(damage?.message ?? '', /record 3: expected a key of its own, found the key of record 1/);
  });
});

describe('starting from a snapshot', () => {
  const withSnapshots = { ...OPTIONS, snapshots: 'snapshots' };
  async function snapshotAt(disk: MemoryDisk, upTo: number): Promise<void> {
    const { log } = await openDecisionLog(disk, withSnapshots);
    while (log.nextPosition <= upTo) await log.append(logRecord(log.nextPosition));
    const point = await log.mark();
    const sections = [{ name: LOG_SECTION, chunks: log.checkpoint(point) }];
    const chainHash = point.chain.toString('hex');
    await writeSnapshot(disk, 'snapshots', { position: upTo, chainHash, sections });
    disk.kill();
  }

  test('only the tail is read; a damaged snapshot is skipped and said', async () => {
    const disk = new MemoryDisk(seededRandom(1));
    for (const upTo of [10, 20]) await snapshotAt(disk, upTo);
    const { log } = await openDecisionLog(disk, withSnapshots);
    for (let count = 0; count < 3; count += 1) await log.append(logRecord(log.nextPosition));
    disk.kill();
    let readBytes = 0;
    for (const [damagedUpTo, from] of [[0, 20], [20, 10], [10, 0]] as const) {
      const damaged = `snapshots/snapshot-${String(damagedUpTo).padStart(20, '0')}.bin`;
      if (damagedUpTo > 0) disk.file(damaged).flip(200, 1);
      const opened = await openDecisionLog(disk, withSnapshots);
      equal(opened.snapshot?.position ?? 0, from);
      equal(opened.report.skippedSnapshots.length, (20 - from) / 10);
      ok(opened.report.readBytes > readBytes);
      readBytes = opened.report.readBytes;
      equal((await readAll(opened.log)).length, 23);
      for (const position of [1, 11, 23]) {
        deepEqual(plain(await opened.log.find(logRecord(position).key)), plain(logRecord(position)));
      }
      disk.kill();
    }
  });

  test('a snapshot of another log is skipped; one that knows more than the log has is not', async () => {
    const disk = new MemoryDisk(seededRandom(1));
    await snapshotAt(disk, 10);
    for (const name of await disk.list('log')) await disk.remove(`log/${name}`);
    await refusesUnchanged(disk, /expected record 10, which snapshots\/snapshot-\d+\.bin knows/, 'snapshots');
    const { log } = await openDecisionLog(disk, OPTIONS);
    for (let count = 0; count < 12; count += 1) {
      await log.append(logRecord(log.nextPosition, `other ${count}`));
    }
    await log.close();
    const opened = await openDecisionLog(disk, withSnapshots);
    equal(opened.snapshot, undefined);
    match(opened.report.skippedSnapshots[0]?.why ?? '', /another log/);
    await opened.log.close();
  });
});
