import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { MemoryDisk } from '#adapters/memory/memory-disk.ts';
import { decisionLogContract } from './decision-log.ts';
import { seededRandom } from '../../bench/random.ts';

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
  const disk = new MemoryDisk(seededRandom(7));
  disk.writeShort();
  const options = { folder: 'log', segmentBytesMax: SEGMENT_BYTES_MAX };
  return {
    open: async () => (await openDecisionLog(disk.boot(), options)).log,
    dispose: async () => {},
  };
});
