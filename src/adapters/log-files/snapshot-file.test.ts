import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryDisk } from '#adapters/memory/memory-disk.ts';
import { latestSnapshot, writeSnapshot, type Snapshot, type SnapshotContent } from './snapshot-file.ts';

const CHAIN = 'ab'.repeat(32);
const content = (position: number): SnapshotContent => ({
  position, chainHash: CHAIN, sections: [
    {
      name: 'windows',
      chunks: [new Uint8Array([position, 1]), new Uint8Array(0), new Uint8Array(3_000).fill(9)],
    },
    { name: 'empty', chunks: [] },
    { name: 'log-index', chunks: [new Uint8Array([7])] },
  ],
});

async function read(snapshot: Snapshot | undefined, name: string): Promise<number[][]> {
  const chunks: number[][] = [];
  for await (const chunk of snapshot?.section(name) ?? []) chunks.push([...chunk]);
  return chunks;
}

const fits = async (): Promise<undefined> => undefined;

test('the newest is read back chunk by chunk, and two are kept', async () => {
  const disk = new MemoryDisk(() => 0.4);
  disk.writeShort();
  equal((await latestSnapshot(disk, 'snapshots', fits)).snapshot, undefined);
  for (const position of [3, 20, 100]) await writeSnapshot(disk, 'snapshots', content(position));
  equal((await disk.list('snapshots')).length, 2);
  const { snapshot, skipped } = await latestSnapshot(disk, 'snapshots', fits);
  deepEqual([snapshot?.position, snapshot?.chainHash, skipped.length], [100, CHAIN, 0]);
  deepEqual(await read(snapshot, 'windows'), [[100, 1], [], Array(3_000).fill(9)]);
  deepEqual(await read(snapshot, 'log-index'), [[7]]);
  deepEqual([await read(snapshot, 'empty'), await read(snapshot, 'other')], [[], []]);
});

test('whichever byte is flipped or missing, the older one is used and the damaged one named', async () => {
  const disk = new MemoryDisk(() => 0);
  await writeSnapshot(disk, 'snapshots', content(1));
  const path = await writeSnapshot(disk, 'snapshots', { position: 2, chainHash: CHAIN, sections: [
    { name: 'a', chunks: [new Uint8Array([1, 2, 3])] },
  ] });
  const { size } = disk.file(path);
  for (let at = 0; at < size; at += 1) {
    disk.file(path).flip(at, 1 << at % 8);
    const { snapshot, skipped } = await latestSnapshot(disk, 'snapshots', fits);
    deepEqual([snapshot?.position, skipped.map(({ file }) => file)], [1, [path]], `byte ${at}`);
    ok((skipped[0]?.why ?? '') !== '');
    disk.file(path).flip(at, 1 << at % 8);
  }
  equal((await latestSnapshot(disk, 'snapshots', fits)).snapshot?.position, 2);
  disk.file(path).truncate(size - 1);
  equal((await latestSnapshot(disk, 'snapshots', fits)).snapshot?.position, 1);
});

test('what does not fit is passed over, with the cause', async () => {
  const disk = new MemoryDisk(() => 0);
  for (const position of [1, 2]) await writeSnapshot(disk, 'snapshots', content(position));
  const { snapshot, skipped } = await latestSnapshot(
    disk, 'snapshots', async ({ position }) => (position === 2 ? 'is of another log' : undefined));
  deepEqual([snapshot?.position, skipped.map(({ why }) => why)], [1, ['is of another log']]);
});

test('a full disk costs the new snapshot only; a crash at any moment leaves whole ones', async () => {
  const disk = new MemoryDisk(() => 0.99);
  await writeSnapshot(disk, 'snapshots', content(1));
  disk.capacityBytes = disk.usedBytes + 500;
  await rejects(writeSnapshot(disk, 'snapshots', content(2)));
  disk.heal();
  deepEqual(await disk.list('snapshots'), ['snapshot-00000000000000000001.bin']);
  for (const call of ['write', 'fdatasync', 'rename', 'syncDirectory'] as const) {
    disk.failNext(call);
    await rejects(writeSnapshot(disk, 'snapshots', content(2)));
    disk.crash();
    const { snapshot, skipped } = await latestSnapshot(disk, 'snapshots', fits);
    deepEqual([snapshot?.position === 1 || call === 'syncDirectory', skipped], [true, []], call);
  }
});
