import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { LocalJournal } from '#adapters/journal/local-journal.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { MemoryDisk } from '#adapters/memory/memory-disk.ts';
import type { Disk } from '#ports/disk.ts';
import { seededRandom } from '../../bench/random.ts';
import { journalContract, type JournalWorld } from './journal.ts';

const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

function worldOn(disk: Disk, folder: string): JournalWorld {
  const world: JournalWorld = {
    nowMs: 1_700_000_000_000,
    open: (bytesMax) => LocalJournal.open(disk, {
      folder, clock: { now: () => world.nowMs, sleep: () => new Promise((done) => setImmediate(done)) },
      ...(bytesMax === undefined ? {} : { bytesMax }),
    }),
  };
  return world;
}

journalContract('files in memory', async () => worldOn(new MemoryDisk(seededRandom(1)), 'journal'));
journalContract('files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-journal-'));
  folders.push(folder);
  return worldOn(nodeDisk, join(folder, 'journal'));
});
