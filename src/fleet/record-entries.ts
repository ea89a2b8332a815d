/**
 * The entries that a record has in the shared logs, and where: from the record of the topic alone, to the
 * byte.
 */
import type { EventSchema, EventType } from '#domain/field.ts';
import { splitKey } from '#decisioning/record.ts';
import type { TopicRecord } from '#ports/topic.ts';
import type { RestoreEntry } from '#ports/window-repair.ts';
import { entryId } from './identity.ts';
import { ownName } from './own-log.ts';
import { readStanding, type Standing, type StandingPlace } from './standing.ts';
import { SEEN_BYTES, type EntryCodec } from './window-entry.ts';

export interface Standings {
  readonly tenant: string;
  readonly family: 'tx' | 'event';
  /** Of the payment or event. */
  readonly name: string;
  /** Of its entries. */
  readonly id: string;
  /** Undefined: it is not in the shared logs yet. */
  readonly windows: Readonly<Record<string, number>> | undefined;
  readonly standing: Standing;
}

/** These say something of entities, and stand in their logs as that. */
const BESIDE: ReadonlySet<EventType> = new Set(['status', 'label', 'fact']);

/**
 * Undefined where the record has no entries: a publication, or a record of before they were written down.
 * Throws RangeError or SyntaxError where the headers cannot be read.
 */
export function standingsOf({ key, headers }: TopicRecord): Standings | undefined {
  const { tenant, family, id: name } = splitKey(key);
  if ((family !== 'tx' && family !== 'event') || headers['entry'] === undefined) return undefined;
  const { windows } = headers;
  return {
    tenant, family, name, id: entryId(key), standing: readStanding(headers),
    windows: windows === undefined ? undefined : parseWindows(windows),
  };
}

const parseWindows = (bytes: Uint8Array): Readonly<Record<string, number>> =>
  JSON.parse(Buffer.from(bytes).toString()) as Record<string, number>;

/** Each entry once: its own, those of its entities, and what it says beside. */
export function entriesOf(
  { tenant, family, name, id, windows = {}, standing }: Standings, codec: EntryCodec, schema: EventSchema,
): readonly RestoreEntry[] {
  const { entry, own = 0, others = [], left = [] } = standing;
  if (entry === undefined) return [];
  const read = codec.read(entry);
  if (read.kind !== 'event') throw new RangeError('what a record is, is no event');
  const entryAt = ([field, value, seq]: StandingPlace, of: string, bytes: Uint8Array): RestoreEntry => {
    const [, , leftSeq = 0] = left.find(([one, its]) => one === field && its === value) ?? [];
    return { name: { tenant, field, value }, seq, id: of, bytes, leftSeq };
  };
  const { field, value } = ownName(tenant, family, name);
  const entries = [entryAt([field, value, own], id, entry)];
  for (const [label, seq] of BESIDE.has(read.type) ? [] : Object.entries(windows)) {
    // `creditor.account_id==debtor.account_id`: it looked at the log of the creditor who is the debtor here.
    const [past = label, said = past] = label.split('==');
    const its = read.texts[schema.byPath.get(said)?.textSlot ?? -1];
    if (its === undefined) throw new RangeError(`${label} has an entry, and the payment says nothing of it`);
    entries.push(entryAt([past, its, seq], id, said === past ? entry : SEEN_BYTES));
  }
  for (const other of others) {
    for (const place of other.at) entries.push(entryAt(place, other.id, other.bytes));
  }
  return entries;
}

/**
 * The same record, with its entries where they stand now: `seqs` are those of `entries`, which are as
 * `entriesOf` gave them. What stands elsewhere than was written has left its place.
 */
export function movedStandings(
  { standing, windows = {} }: Standings, entries: readonly RestoreEntry[], seqs: readonly number[],
  epoch: number, codec: EntryCodec,
): Pick<Standings, 'windows' | 'standing'> {
  const { entry, own = 0, others = [] } = standing;
  const left = entries.flatMap(({ name: { field, value }, seq }, i): StandingPlace[] =>
    (seq > 0 && seqs[i] !== seq ? [[field, value, seq]] : []));
  const read = entry === undefined ? undefined : codec.read(entry);
  const isBeside = read?.kind === 'event' && BESIDE.has(read.type);
  const next = seqs.values();
  const seqNow = (seq: number): number => {
    const { value = seq } = next.next();
    return value;
  };
  const ownNow = seqNow(own);
  const labels = isBeside ? [] : Object.entries(windows);
  const now = labels.map(([label, seq]) => [label, seqNow(seq)] as const);
  const othersNow = others.map((one) =>
    ({ ...one, at: one.at.map(([field, value, seq]) => [field, value, seqNow(seq)] as const) }));
  return {
    windows: isBeside ? windows : Object.fromEntries(now),
    standing: { ...standing, own: ownNow, others: othersNow, epoch, left },
  };
}
