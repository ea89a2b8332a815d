/**
 * After a start the log wins: whatever went live and has no row in the records gets one, and a policy that
 * came from the folder becomes a version that somebody can follow.
 */
import { isRefusal } from '#domain/parse-event.ts';
import { SYSTEM_PERSON } from '#ports/key-store.ts';
import { checkFound, testFound } from './evidence.ts';
import type { GoingLive } from './going-live.ts';
import { listsFound } from './lists-found.ts';
import type { LifecycleParts } from './parts.ts';
import { audited } from './refuse.ts';
import { LIVE_ACTS } from './stage.ts';

const PAGE = { limit: 200, after: undefined };
const BOOTSTRAPPED = 'live before anybody submitted it: from the folder of a first start';

/** Throws RecordsUnavailable; then it is called again later. */
export async function catchUp(parts: LifecycleParts, going: GoingLive): Promise<void> {
  await going.serially(undefined, () => Promise.resolve({}));
  await versionsFound(parts);
  await listsFound(parts, going);
}

async function versionsFound(parts: LifecycleParts): Promise<void> {
  const { engine, records, check, seals } = parts;
  for (const { hash, name, version, title, fileName, source } of engine.inForce().policies) {
    const acts = await records.auditOf(`version/${hash}`, PAGE);
    if (acts.some(({ action }) => LIVE_ACTS.includes(action))) continue;
    const known = await records.version(hash);
    const checked = known === undefined ? await check(fileName, source) : undefined;
    const done = await audited(parts, { person: SYSTEM_PERSON }, {
      action: 'version.bootstrap', subject: `version/${hash}`, detail: { policy: name, version },
    }, async (writes, atMs) => {
      if (checked === undefined || 'mistakes' in checked) return {};
      const author = SYSTEM_PERSON;
      await writes.addVersion({
        hash, policy: name, version, title, file: fileName, source, author, atMs, note: BOOTSTRAPPED,
        withdrawnAtMs: undefined, authorSeal: seals.author('version', { hash, author, atMs }),
      });
      for (const [kind, passed, found] of [
        ['check', true, checkFound(checked)],
          ['test', checked.tests.failed === 0, testFound(checked.tests)],
      ] as const) {
        const evidence = { hash, kind, passed, atMs, person: author };
        await writes.addEvidence({ ...evidence, summary: seals.evidence(evidence, found) });
      }
      return {};
    });
    if (isRefusal(done)) throw new Error(done.detail);
  }
}
