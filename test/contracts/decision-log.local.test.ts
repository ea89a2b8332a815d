import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDecisionLog } from '#adapters/local/decision-log-open.ts';
import { nodeDisk } from '#adapters/local/node-disk.ts';
import { MemoryDisk } from '#adapters/memory/memory-disk.ts';
import { decisionLogContract } from './decision-log.ts';

/** Small, so that the story crosses many. */
const SEGMENT_BYTES_MAX = 20_000;

decisionLogContract('files on this machine', async () => {
  const root = await mkdtemp(join(tmpdir(), 'assay-log-'));
  const options = { folder: `${root}/log`, segmentBytesMax: SEGMENT_BYTES_MAX };
  return {
    open: async () => (await openDecisionLog(nodeDisk, options)).log,
    dispose: () => rm(root, { recursive: true, force: true }),
  };
});

decisionLogContract('a disk in memory that writes short', async () => {
  let state = 7;
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 4_294_967_296;
  };
  const disk = new MemoryDisk(random);
  disk.writeShort();
  return {
    open: async () => (await openDecisionLog(disk, { folder: 'log', segmentBytesMax: SEGMENT_BYTES_MAX })).log,
    dispose: async () => {},
  };
});
