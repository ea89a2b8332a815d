/**
 * What a row says of itself, held against its content and our seal. A row that was written or changed by hand
 * counts for nothing, and whoever acts on it is told so, on the record.
 */
import { createHash } from 'node:crypto';
import type { Refusal } from '#domain/refusal.ts';
import type { Json, ListChangeRecord, SnoozeRecord, VersionRecord } from '#ports/records.ts';
import { canonicalText } from '#records/canonical-text.ts';
import { actsOn } from './acts.ts';
import { inTurns } from './in-turns.ts';
import type { Actor, CheckedPolicy, LifecycleParts } from './parts.ts';
import { audited, refuse } from './refuse.ts';
import { contentHash, isMap, type Seals } from './seals.ts';

/** Undefined where the row is as it was submitted, by whom it says. */
export function versionDamage(
  version: VersionRecord, checked: Pick<CheckedPolicy, 'hash' | 'name' | 'version'>, seals: Seals,
): string | undefined {
  const { hash, policy, author } = version;
  const way = 'submit it again, with another version number';
  if (checked.hash !== hash) {
    return `the stored document has the hash ${checked.hash}, not ${hash}: it was changed behind our back; `
      + way;
  }
  if (checked.name !== policy || checked.version !== version.version) {
    return `the row says ${policy} ${version.version}, and its document ${checked.name} ${checked.version}: `
      + `it was changed behind our back; ${way}`;
  }
  return seals.holdsAuthor('version', version) ? undefined
    : `nothing under our seal says that ${author} wrote it: the row was written or changed by hand; ${way}`;
}

export const snoozeHash = ({ policy, rule, field, value, fromMs, untilMs, reason, author, atMs }:
Omit<SnoozeRecord, 'id' | 'hash' | 'state' | 'authorSeal'>): string =>
  contentHash({ policy, rule, field, value, fromMs, untilMs, reason, author, atMs });

export function snoozeDamage(snooze: SnoozeRecord, seals: Seals): string | undefined {
  return snoozeHash(snooze) === snooze.hash ? rowDamage('snooze', snooze, seals)
    : `${snooze.id} is not what was proposed: its row was changed by hand. Propose it again`;
}

type ListChangeContent = Omit<ListChangeRecord, 'id' | 'hash' | 'state' | 'authorSeal'>;

/** Of a change with its entries, a line for each, so that a long one is hashed in turns. */
export async function listChangeHash(
  { list, kind, add, remove, author, reason, atMs }: ListChangeContent,
): Promise<string> {
  const hash = createHash('sha256');
  const line = (content: Json): void => { hash.update(`${canonicalText(content)}\n`); };
  line({ list, kind, author, reason, atMs, added: add.length, removed: remove.length });
  await inTurns(add, ({ value, fromMs, untilMs, note }) => {
    line([value, fromMs ?? null, untilMs ?? null, note]);
  });
  await inTurns(remove, (value) => { line(value); });
  return `sha256:${hash.digest('hex')}`;
}

export async function listChangeDamage(
  change: ListChangeRecord, seals: Seals,
): Promise<string | undefined> {
  return await listChangeHash(change) === change.hash ? listChangeRowDamage(change, seals)
    : `${change.id} is not what was proposed: its row or its entries were changed by hand. Propose it again`;
}

/** Of what is known without the entries: who wrote it when, with which hash. */
export const listChangeRowDamage = (row: Sealed, seals: Seals): string | undefined =>
  rowDamage('list_change', row, seals);

type Sealed = Pick<SnoozeRecord, 'id' | 'hash' | 'author' | 'authorSeal' | 'atMs'>;

function rowDamage(
  subject: 'list_change' | 'snooze', row: Sealed, seals: Seals,
): string | undefined {
  const { id, hash, author } = row;
  const isOurs = seals.holdsAuthor(subject, row)
    && seals.idOf(subject === 'snooze' ? 'snz' : 'lch', hash) === id;
  return isOurs ? undefined : `${id} does not carry our seal of ${author}: it was written or changed by `
    + 'hand. Propose it again';
}

/**
 * What the audit says has become of it, where it is not open any more: a state in a row can be put back by
 * hand, and what two have agreed on once would go live again.
 */
export async function endOf(
  { records }: Pick<LifecycleParts, 'records'>, subject: string, id: string, ends: readonly string[],
): Promise<string | undefined> {
  for await (const { action, detail } of actsOn(records, subject)) {
    if (!isMap(detail) || detail['id'] !== id) continue;
    if (ends.includes(action)) return `${id} is open again, and the audit has its ${action}: its row was `
      + 'changed by hand. Propose it again';
    if (action.endsWith('.propose')) return undefined;
  }
  return undefined;
}

/** Refused, and in the audit: somebody has been at the database. */
export async function refuseDamaged(
  parts: LifecycleParts, { person }: Pick<Actor, 'person'>, subject: string, damage: string,
): Promise<Refusal> {
  await audited(parts, { person }, { action: 'seal.broken', subject, detail: { found: damage } },
    () => Promise.resolve({}));
  return refuse('gate_closed', damage);
}
