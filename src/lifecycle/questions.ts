/** What there is: pages of versions, runs, changes of lists, entries and snoozes, for whoever looks. */
import { nearestName } from '#domain/nearest-name.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { ListChangeBy, ListEntry } from '#policy/lists.ts';
import type {
  BacktestRunSummary, ListChangeSummary, SnoozeRecord, VersionRecord,
} from '#ports/records.ts';
import { amendedNow } from './going-live.ts';
import { filteredInTurns } from './in-turns.ts';
import { entriesOf, noList } from './list-changes.ts';
import { listUse } from './list-use.ts';
import type { LifecycleParts } from './parts.ts';
import { refuse } from './refuse.ts';
import { noVersion } from './version-facts.ts';

/** Rows, or entries, on a page. */
const PAGE_ROWS = 100;
const PAGE_ENTRIES = 1_000;

export interface PageOf<Row> {
  readonly rows: readonly Row[];
  /** Of the next page; undefined: there is none. */
  readonly after: number | undefined;
}

/** Of what was read by its time, newest first. */
const byTime = <Row extends { readonly atMs: number }>(rows: readonly Row[]): PageOf<Row> =>
  ({ rows, after: rows.length < PAGE_ROWS ? undefined : rows.at(-1)?.atMs });

/** Of what is there as a whole, by its place. */
const byPlace = <Row>(all: readonly Row[], after: number, count: number): PageOf<Row> =>
  ({ rows: all.slice(after, after + count), after: after + count < all.length ? after + count : undefined });

export async function versionsOf(
  parts: LifecycleParts, policy: string, after: number | undefined,
): Promise<PageOf<VersionRecord> | Refusal> {
  const rows = await parts.records.versions(policy, { limit: PAGE_ROWS, after });
  return rows.length > 0 || after !== undefined ? byTime(rows)
    : await noPolicy(parts, policy) ?? byTime(rows);
}

/** Refused where nobody ever submitted a version of that name, and none is live. */
async function noPolicy({ records, engine }: LifecycleParts, name: string): Promise<Refusal | undefined> {
  const live = engine.inForce().policies.map((policy) => policy.name);
  const known = new Set([...await records.policyNames(), ...live]);
  if (known.has(name)) return undefined;
  const near = nearestName(name, known);
  return refuse('not_found', `there is no policy ${name}; ${near === undefined
    ? `there are ${[...known].toSorted().join(', ')}` : `did you mean ${near}?`}`);
}

/** Newest first. */
export async function backtestsOf(
  { records }: LifecycleParts, hash: string, after: number | undefined,
): Promise<PageOf<BacktestRunSummary> | Refusal> {
  if (await records.version(hash) === undefined) return noVersion(hash);
  return byTime(await records.backtestRuns(hash, { limit: PAGE_ROWS, after }));
}

/** Newest first. */
export async function listChangesOf(
  parts: LifecycleParts, list: string, after: number | undefined,
): Promise<PageOf<ListChangeSummary> | Refusal> {
  const rows = await parts.records.listChanges(list, { limit: PAGE_ROWS, after });
  const isKnown = rows.length > 0 || after !== undefined || isLive(parts, list);
  return isKnown ? byTime(rows) : noList(list, parts);
}

const isLive = ({ engine }: LifecycleParts, list: string): boolean => {
  const live = engine.inForce();
  return live.publication.lists.some(({ name }) => name === list)
    || listUse(list, live).declarations.length > 0;
};

/** Entries that are live, in the order of the publication; `after` so many of them. */
export function entriesLive(
  parts: LifecycleParts, list: string, after: number,
): PageOf<ListEntry> | Refusal {
  const live = parts.engine.inForce();
  const all = entriesOf(live.publication, list);
  if (all.length === 0 && listUse(list, live).declarations.length === 0) return noList(list, parts);
  return byPlace(all, after, PAGE_ENTRIES);
}

/** An entry that is live, and who put it there; undefined: it came with the folder of a first start. */
export interface EntryBy { readonly entry: ListEntry; readonly by: ListChangeBy | undefined }

/** In the order of the publication; with a value only its entries. */
export async function entriesBy(
  parts: LifecycleParts, list: string, value: string | undefined, after: number,
): Promise<PageOf<EntryBy> | Refusal> {
  if (!isLive(parts, list)) return noList(list, parts);
  const source = parts.engine.inForce().publication.lists.find(({ name }) => name === list);
  const all = source?.entries ?? [];
  const wanted = value === undefined ? all
    : await filteredInTurns(all, (entry) => String(entry.value) === value);
  const { rows, after: next } = byPlace(wanted, after, PAGE_ENTRIES);
  const changes = new Map(source?.changes?.map((change) => [change.id, change]));
  const whole = source?.changes?.find(({ kind }) => kind === 'replace');
  return { after: next, rows: rows.map((entry) =>
    ({ entry, by: entry.change === undefined ? whole : changes.get(entry.change) })) };
}

/** Of one policy, newest first; of none, those that are in force or will be, oldest first. */
export async function snoozesOf(
  parts: LifecycleParts, policy: string | undefined, after: number | undefined,
): Promise<PageOf<SnoozeRecord> | Refusal> {
  const { records, engine, now } = parts;
  if (policy === undefined) {
    const live = new Set(amendedNow(engine.inForce()).snoozes.map(({ id }) => id));
    const all = (await records.snoozesInForce(now())).filter(({ id }) => live.has(id));
    return byPlace(all, after ?? 0, PAGE_ROWS);
  }
  const rows = await records.snoozes(policy, { limit: PAGE_ROWS, after });
  return rows.length > 0 || after !== undefined ? byTime(rows)
    : await noPolicy(parts, policy) ?? byTime(rows);
}
