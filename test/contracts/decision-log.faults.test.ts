// Crashes, full disks and failing flushes, from seeds: what was acknowledged is there, and nothing else.
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import { MemoryDisk } from '#adapters/memory/memory-disk.ts';
import { LogUnavailable } from '#ports/decision-log.ts';
import { scaled } from '../test-scale.ts';
import { logRecord, plain, readAll } from './decision-log.ts';
import { seededRandom } from '../../bench/random.ts';
import { LogWorld } from './decision-log-world.ts';

const SEED_COUNT = scaled(24);
const STEP_COUNT = 45;

describe('what the log has acknowledged is there after anything', () => {
  const total = { crashes: 0, failures: 0, heals: 0, torn: 0, snapshots: 0, fastStarts: 0 };
  for (let seed = 1; seed <= SEED_COUNT; seed += 1) {
    test(`seed ${seed}`, async () => {
      const world = new LogWorld(seed);
      await world.run(STEP_COUNT);
      for (const what of Object.keys(total) as (keyof typeof total)[]) total[what] += world.seen[what];
    });
  }
  after(() => {
    for (const [what, count] of Object.entries(total)) {
      ok(count > SEED_COUNT / 4, `${count} ${what} in all seeds`);
    }
  });
});

test('a full disk is said with path, bytes and room; appends are refused until there is room', async () => {
  const disk = new MemoryDisk(seededRandom(3));
  const { log } = await openDecisionLog(disk, { folder: 'log', commitGapMs: 0 });
  await log.append(logRecord(1));
  disk.capacityBytes = disk.usedBytes + 100;
  const refusal = async (what: Promise<void>): Promise<LogUnavailable> => {
    const why = await what.then(() => undefined, (error: unknown) => error);
    ok(why instanceof LogUnavailable, String(why));
    return why;
  };
  const [first, second] = [log.append(logRecord(2)), log.append(logRecord(3))];
  const why = await refusal(first);
  equal(await refusal(second), why);
  equal(why.code, 'disk_full');
  match(why.message, /^the disk that holds log\/0+1\.log is full: \d+ bytes are needed, and \d+ are free$/);
  equal(log.nextPosition, 2);
  equal((await refusal(log.append(logRecord(2)))).code, 'disk_full');
  equal(await log.recover(), false);
  disk.capacityBytes = disk.usedBytes + 65_535;
  equal(await log.recover(), false, 'room for the record is not enough to trust the disk');
  disk.heal();
  equal(await log.recover(), true);
  await log.append(logRecord(2));
  deepEqual(await readAll(log), [1, 2].map((position) => plain(logRecord(position))));
  await log.close();
});

test('after a flush that failed the log goes on in a new segment', async () => {
  const disk = new MemoryDisk(seededRandom(3));
  const { log } = await openDecisionLog(disk, { folder: 'log', commitGapMs: 0 });
  await log.append(logRecord(1));
  disk.failNext('fdatasync');
  const why = await log.append(logRecord(2)).then(() => undefined, (error: unknown) => error);
  ok(why instanceof LogUnavailable && why.code === 'io_error', String(why));
  equal(await log.find(logRecord(2).key), undefined);
  equal(await log.recover(), true);
  await log.append(logRecord(2));
  await log.close();
  const names = (await disk.list('log')).filter((name) => name.endsWith('.log'));
  deepEqual(names, ['00000000000000000001.log', '00000000000000000002.log']);
});
