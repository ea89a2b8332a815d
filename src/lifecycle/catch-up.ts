/**
 * After a start the log wins: whatever went live and has no row in the records gets one, and a policy that
 * came from the folder becomes a version that somebody can follow.
 */
import { isRefusal } from '#domain/parse-event.ts';
import { SYSTEM_PERSON } from '#ports/key-store.ts';
import type { GoingLive } from './going-live.ts';
import { listsFound } from './lists-found.ts';
import type { LifecycleParts } from './parts.ts';
import { audited } from './refuse.ts';
import { FROM_A_FOLDER } from './rows-found.ts';
import { wasLive } from './stage.ts';
import { versionActs } from './version-facts.ts';
import { addChecked } from './versions.ts';

/** Throws RecordsUnavailable; then it is called again later. */
export async function catchUp(parts: LifecycleParts, going: GoingLive): Promise<void> {
  await going.serially(undefined, () => Promise.resolve({}));
  await versionsFound(parts);
  await listsFound(parts, going);
}

async function versionsFound(parts: LifecycleParts): Promise<void> {
  const { engine, records, check, seals } = parts;
  for (const { hash, name, version, fileName, source } of engine.inForce().policies) {
    if (wasLive(await versionActs(records, hash))) continue;
    const known = await records.version(hash);
    const checked = known === undefined ? await check(fileName, source) : undefined;
    const done = await audited(parts, { person: SYSTEM_PERSON }, {
      action: 'version.bootstrap', subject: `version/${hash}`, detail: { policy: name, version },
    }, async (writes, atMs) => {
      if (checked === undefined || 'mistakes' in checked) return {};
      await addChecked(writes, seals, checked,
        { file: fileName, source, author: SYSTEM_PERSON, atMs, note: FROM_A_FOLDER });
      return {};
    });
    if (isRefusal(done)) throw new Error(done.detail);
  }
}
