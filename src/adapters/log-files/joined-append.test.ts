import { deepEqual, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryDisk } from '#adapters/memory/memory-disk.ts';
import { seededRandom } from '../../../bench/random.ts';
import { logRecord } from '../../../test/contracts/decision-log.ts';
import { openDecisionLog } from './decision-log-open.ts';

const LONG_BYTES = 1_500_000;

test('of a record longer than a batch and one joined to it, a crash leaves both or neither', async () => {
  const left = new Set<number>();
  for (let turns = 0; turns < 40; turns++) {
    const disk = new MemoryDisk(seededRandom(turns));
    disk.writeShort();
    const { log } = await openDecisionLog(disk.boot(), { folder: 'log', commitGapMs: 0 });
    log.append(logRecord(1, undefined, LONG_BYTES)).catch(() => undefined);
    log.append(logRecord(2), 'joined').catch(() => undefined);
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => { setImmediate(resolve); });
    if (turns % 2 === 0) disk.crash();
    else disk.kill();
    const again = await openDecisionLog(disk.boot(), { folder: 'log', commitGapMs: 0 });
    left.add(again.log.durable.position);
    await again.log.close();
  }
  deepEqual(left, new Set([0, 2]));
});

test('nothing can be joined to what was appended before, or to nothing', async () => {
  const { log } = await openDecisionLog(new MemoryDisk(seededRandom(1)).boot(), { folder: 'log' });
  throws(() => log.append(logRecord(1), 'joined'), /could be joined/);
  const first = log.append(logRecord(1));
  ok(log.append(logRecord(2), 'joined') === first, 'one promise for both');
  await first;
  throws(() => log.append(logRecord(3), 'joined'), /could be joined/);
  await log.close();
});
