import { rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryDisk } from '#adapters/memory/memory-disk.ts';
import { seededRandom } from '../../bench/random.ts';

test('a process that has ended takes no lock from the one that came after it', async () => {
  const memory = new MemoryDisk(seededRandom(1));
  const ended = memory.boot();
  memory.crash();
  await rejects(ended.lock('log'), /from before the crash/);
  await (await memory.boot().lock('log'))();
});
