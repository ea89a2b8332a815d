/** What the commands of the shell need of the world. */
import process from 'node:process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { renderDecision } from '#api/render-decision.ts';
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import { verifyLog } from '#adapters/log-files/decision-log-verify.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { SEAL_KEY_FILE } from '#adapters/key-file/seal-key.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import type { DecideParts } from '#cli/decide.ts';
import type { ReplayParts } from '#cli/replay.ts';
import { UsageError } from '#cli/shell.ts';
import type { VerifyParts } from '#cli/verify.ts';
import { replay } from '#decisioning/replay.ts';
import { eventSchema } from '#domain/field.ts';
import type { DecisionLog } from '#ports/decision-log.ts';
import { logFolder, openEmbedded } from './open-embedded.ts';
import { readCustom, readPublication } from './read-publication.ts';
import { policyFolder, recordsPlace } from './settings.ts';
import { systemClock } from './system-clock.ts';
import { verifyRecords } from './verify-records.ts';

export const decideParts: DecideParts = {
  async open(folder, policyFiles) {
    const isServed = await stat(join(folder, SEAL_KEY_FILE)).then(() => true, () => false);
    if (isServed && policyFiles !== undefined) {
      throw new UsageError(`${folder} is the data folder of a server: what is live in it is published by `
        + `two people `
        + '(`assay policy submit`). Leave out --policy, or name another folder');
    }
    const publication = await readPublication(policyFolder(process.env), policyFiles);
    const publish = isServed ? 'first' : 'changed';
    return openEmbedded({ disk: nodeDisk, folder, clock: systemClock, publication, publish });
  },
  render: ({ decision, replayed }, explain) => renderDecision(decision, { aml: true, explain, replayed }),
};

export async function refuseWithoutLog(folder: string): Promise<void> {
  if ((await stat(logFolder(folder)).catch(() => undefined)) !== undefined) return;
  throw new UsageError(`${folder} has no log; name the data folder with --data or ASSAY_DATA`);
}

async function openLog(folder: string): Promise<DecisionLog> {
  await refuseWithoutLog(folder);
  const { log } = await openDecisionLog(nodeDisk, { folder: logFolder(folder) });
  return log;
}

async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((total, size) => total + size, 0);
}

export const replayParts: ReplayParts = {
  async replay(folder, progress) {
    const log = await openLog(folder);
    try {
      const schema = eventSchema(await readCustom(policyFolder(process.env)));
      return await replay(log.read(1), schema, () => new LocalWindowStore(schema),
        (position) => { progress(position, log.durable.position); });
    } finally {
      await log.close();
    }
  },
};

export const verifyParts: VerifyParts = {
  async verify(folder, anchor, progress) {
    await refuseWithoutLog(folder);
    const totalBytes = await bytesIn(logFolder(folder));
    const onProgress = (_: number, byteCount: number): void => { progress(byteCount, totalBytes); };
    const options = anchor === undefined ? { onProgress } : { onProgress, anchor };
    const { damage, ...counts } = await verifyLog(nodeDisk, logFolder(folder), options);
    return { ...counts, damage: damage?.message };
  },
  verifyRecords: (folder, anchor) => verifyRecords(recordsPlace(process.env, folder), anchor),
};
