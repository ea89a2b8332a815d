/**
 * Lists of a first publication, and those of what the records heard of late: their entries are written down
 * as a change of the system, so that what the records hold of a list is what is live.
 */
import { isRefusal } from '#domain/parse-event.ts';
import { SYSTEM_PERSON } from '#ports/key-store.ts';
import type { ListSource } from '#policy/lists.ts';
import type { ListEntryRecord } from '#ports/records.ts';
import { actsOn } from './acts.ts';
import type { GoingLive } from './going-live.ts';
import { inTurns, mappedInTurns } from './in-turns.ts';
import { recorded, sealedChange } from './list-changes.ts';
import type { LifecycleParts } from './parts.ts';
import { audited } from './refuse.ts';

const FOUND = 'live already: from the folder of a first start, or written down after a crash';
/** Acts after which the records hold what is live of a list. */
const WRITTEN: readonly string[] = ['list.found', 'list.publish'];

/** Throws RecordsUnavailable. */
export async function listsFound(parts: LifecycleParts, going: GoingLive): Promise<void> {
  const step = async (): Promise<object> => {
    for (const list of parts.engine.inForce().publication.lists) {
      const isKnown = !going.hasFound && await isWritten(parts, list);
      if (!isKnown) await writeDown(parts, list);
    }
    return {};
  };
  // Where something goes live first, it is looked at again.
  while (isRefusal(await going.serially(undefined, step)));
}

async function isWritten(
  { records }: Pick<LifecycleParts, 'records'>, { name }: ListSource,
): Promise<boolean> {
  for await (const { action } of actsOn(records, `list/${name}`)) if (WRITTEN.includes(action)) return true;
  return false;
}

async function writeDown(parts: LifecycleParts, { name: list, entries }: ListSource): Promise<void> {
  const live = await mappedInTurns(entries, recorded);
  if (await areSame(live, await parts.records.listEntries(list))) return;
  const change = await sealedChange(parts, {
    list, kind: 'replace', add: live, remove: [], author: SYSTEM_PERSON, reason: FOUND, atMs: parts.now(),
    state: 'published',
  });
  const done = await audited(parts, { person: SYSTEM_PERSON }, {
    action: 'list.found', subject: `list/${list}`, detail: { id: change.id, entries: live.length },
  }, async (writes) => {
    await writes.addListChange(change);
    await writes.applyListChange(change.id);
    return {};
  });
  if (isRefusal(done)) throw new Error(done.detail);
}

async function areSame(
  left: readonly ListEntryRecord[], right: readonly ListEntryRecord[],
): Promise<boolean> {
  if (left.length !== right.length) return false;
  const open = new Map<string, number>();
  const textOf = ({ value, fromMs, untilMs, note }: ListEntryRecord): string =>
    JSON.stringify([value, fromMs, untilMs, note]);
  await inTurns(left, (entry) => {
    const text = textOf(entry);
    open.set(text, (open.get(text) ?? 0) + 1);
  });
  let isSame = true;
  await inTurns(right, (entry) => {
    const text = textOf(entry);
    const count = open.get(text) ?? 0;
    open.set(text, count - 1);
    if (count === 0) isSame = false;
  });
  return isSame;
}
