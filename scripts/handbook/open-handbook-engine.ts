import { dirname } from 'node:path';
import type { Engine } from '#decisioning/engine.ts';
import { openEmbedded } from '#main/open-embedded.ts';
import { readPublication } from '#main/read-publication.ts';
import { systemClock } from '#main/system-clock.ts';
import type { Disk } from '#ports/disk.ts';

/** The engine as it is, with one policy and nothing else live. Its log is kept in the folder. */
export const openHandbookEngine = async (disk: Disk, folder: string, policyFile: string): Promise<Engine> =>
  openEmbedded({
    disk, folder, clock: systemClock, publication: await readPublication(dirname(policyFile), [policyFile]),
  });
