/** Changes of managed lists: proposed with every mistake named, approved where the list's use asks for it. */
import type { Publication } from '#decisioning/publication.ts';
import { formatInstant, parseInstant } from '#domain/instant.ts';
import { nearestName } from '#domain/nearest-name.ts';
import { isRefusal } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { ListChangeBy, ListEntry, ListSource } from '#policy/lists.ts';
import type { ApprovalRecord, ListChangeRecord, ListChangeSummary, ListEntryRecord } from '#ports/records.ts';
import { listChangeSummary } from '#records/list-change-summary.ts';
import { addApproval, approversOf, countingApprovals, mayNotApprove, notOpen } from './approvals.ts';
import { endOf, listChangeDamage, listChangeHash, listChangeRowDamage, refuseDamaged } from './authorship.ts';
import { amendedNow, enactPublication, loggedApproval, type GoingLive, type WentLive } from './going-live.ts';
import { filteredInTurns, inTurns, mappedInTurns } from './in-turns.ts';
import { listFaults } from './list-faults.ts';
import { listUse, type ListUse } from './list-use.ts';
import type { Actor, InForceView, LifecycleParts } from './parts.ts';
import { contentOf, type PublishOrder } from './publish.ts';
import { audited, gateClosed, refuse, refuseAll } from './refuse.ts';
import { listWentLive } from './rows-found.ts';

/** So many entries a single person may add to a list that can only stop payments. */
const SINGLE_PERSON_ENTRIES_MAX = 100;
/** And so many of what is live may have come so: a policy that declines everyone takes two. */
const SINGLE_PERSON_LIVE_MAX = 1_000;

export interface ListChangeOrder {
  readonly list: string;
  readonly kind: 'replace' | 'amend';
  readonly add: readonly ListEntry[];
  readonly remove: readonly (string | number)[];
  readonly reason: string;
}

export interface ListChangeStatus {
  readonly change: ListChangeSummary;
  /** Roles that must approve; empty with `secondPerson`: any one other person. */
  readonly roles: readonly string[];
  readonly secondPerson: boolean;
  readonly approvals: readonly ApprovalRecord[];
  readonly lacking: readonly string[];
}

export async function proposeListChange(
  parts: LifecycleParts, actor: Actor, order: ListChangeOrder,
): Promise<ListChangeStatus | Refusal> {
  const live = parts.engine.inForce();
  const { declarations } = listUse(order.list, live);
  const [declaration] = declarations;
  if (declaration === undefined) return noList(order.list, parts);
  const numbered = declaration.of.kind === 'int' ? await withNumbers(order) : order;
  const faults = await listFaults(numbered, entriesOf(live.publication, order.list), declarations);
  if (faults.length > 0) return refuseAll('invalid', faults);
  const change = await sealedChange(parts, {
    list: order.list, kind: order.kind, add: await mappedInTurns(numbered.add, recorded),
    remove: numbered.remove, author: actor.person, reason: order.reason, atMs: parts.now(), state: 'proposed',
  });
  const done = await audited(parts, actor, {
    action: 'list.propose', subject: `list/${order.list}`,
    detail: { id: change.id, kind: order.kind, added: order.add.length, removed: order.remove.length,
      reason: order.reason },
  }, async (writes) => {
    await writes.addListChange(change);
    return {};
  });
  return isRefusal(done) ? done : listChangeStatus(parts, change.id);
}

/** With its hash, an id that only we give to it, and the seal of its author. */
export async function sealedChange(
  { seals }: Pick<LifecycleParts, 'seals'>, content: Omit<ListChangeRecord, 'id' | 'hash' | 'authorSeal'>,
): Promise<ListChangeRecord> {
  const hash = await listChangeHash(content);
  const authorSeal = seals.author('list_change', { ...content, hash });
  return { ...content, id: seals.idOf('lch', hash), hash, authorSeal };
}

export function noList(list: string, { engine }: LifecycleParts): Refusal {
  const known = new Set(engine.inForce().policies.flatMap(({ lists }) =>
    lists.flatMap(({ name, values }) => (values === undefined ? [name] : []))));
  const near = nearestName(list, known);
  return refuse('not_found', `no live policy reads a managed list ${list}; ${near === undefined
    ? `they read ${[...known].join(', ') || 'none'}` : `did you mean ${near}?`}`);
}

/** In a list of whole numbers a text of digits is one. */
const withNumbers = async (order: ListChangeOrder): Promise<ListChangeOrder> => ({
  ...order, add: await mappedInTurns(order.add, (entry) => ({ ...entry, value: numberOf(entry.value) })),
  remove: await mappedInTurns(order.remove, numberOf),
});
const numberOf = (value: string | number): string | number =>
  (/^-?\d{1,15}$/.test(String(value)) ? Number(value) : value);

export const recorded = ({ value, from, until, note }: ListEntry): ListEntryRecord => ({
  value, fromMs: from === undefined ? undefined : parseInstant(from),
  untilMs: until === undefined ? undefined : parseInstant(until), note: note ?? '',
});

const published = ({ value, fromMs, untilMs, note }: ListEntryRecord): ListEntry => ({
  value, ...(fromMs === undefined ? {} : { from: formatInstant(fromMs) }),
  ...(untilMs === undefined ? {} : { until: formatInstant(untilMs) }), ...(note === '' ? {} : { note }),
});

export const entriesOf = ({ lists }: Publication, list: string): readonly ListEntry[] =>
  lists.find(({ name }) => name === list)?.entries ?? [];

/**
 * For whoever looks: the entries of a long change are read and hashed once, and that they were sound is
 * remembered; whoever acts has them looked at again.
 */
export async function listChangeStatus(
  parts: LifecycleParts, id: string,
): Promise<ListChangeStatus | Refusal> {
  const { records, seals, soundChanges } = parts;
  const summary = await records.listChangeSummary(id);
  if (summary === undefined) return noChange(id);
  const looked = `${id} ${summary.hash}`;
  if (soundChanges.has(looked)) {
    const damage = listChangeRowDamage(summary, seals);
    return damage === undefined ? statusOf(parts, summary) : refuse('gate_closed', damage);
  }
  const change = await records.listChange(id);
  if (change === undefined) return noChange(id);
  const damage = await listChangeDamage(change, seals);
  if (damage !== undefined) return refuse('gate_closed', damage);
  soundChanges.add(looked);
  return statusOf(parts, listChangeSummary(change));
}

const noChange = (id: string): Refusal => refuse('not_found', `no change of a list has the id ${id}`);

/** One that was changed by hand is refused on the record. */
async function soundChange(
  parts: LifecycleParts, actor: Actor, id: string,
): Promise<{ readonly content: ListChangeRecord; readonly status: ListChangeStatus } | Refusal> {
  const content = await parts.records.listChange(id);
  if (content === undefined) return noChange(id);
  const damage = await listChangeDamage(content, parts.seals);
  if (damage !== undefined) return refuseDamaged(parts, actor, `list/${content.list}`, damage);
  return { content, status: await statusOf(parts, listChangeSummary(content)) };
}

async function statusOf(parts: LifecycleParts, change: ListChangeSummary): Promise<ListChangeStatus> {
  const { id } = change;
  const live = parts.engine.inForce();
  const champions = listUse(change.list, live);
  const beside = await usedBeside(parts, live, change.list);
  const use = { ...champions, onlyRaises: champions.onlyRaises && !beside.exempts,
    isOfPayers: champions.isOfPayers && !beside.isOfOthers };
  const { policies, declarations } = use;
  const declared = [...new Set(declarations.flatMap(({ reviewers }) => reviewers ?? []))];
  const whyTwo = await whySecond(change, use, () => aloneCount(live, change.list, parts.now()));
  const secondPerson = declared.length > 0 || whyTwo !== undefined;
  const roles = declared.length > 0 ? declared : [...new Set(policies.flatMap(({ reviewers }) => reviewers))];
  const all = await parts.records.approvals('list_change', change.hash);
  const approvals = countingApprovals(all, change.author, roles, parts.seals);
  const held = new Set(approvals.map(({ role }) => role));
  const way = `somebody other than ${change.author} runs \`assay list approve ${id} --role`;
  const lacking = declared.filter((role) => !held.has(role)).map((role) =>
    `nobody has approved it as ${role}, which the list asks for; ${way} ${role}\``);
  if (declared.length === 0 && secondPerson && approvals.length === 0) {
    const role = roles[0] ?? 'ROLE';
    lacking.push(`${whyTwo ?? ''}, so a second person approves it; ${way} ${role}\``);
  }
  return { change, roles, secondPerson, approvals, lacking };
}

/** Undefined where one person is enough: what it stops is little, and it lets nothing through. */
async function whySecond(
  { kind, added, removed }: ListChangeSummary, { policies, onlyRaises, isOfPayers }: ListUse,
  alone: () => Promise<number>,
): Promise<string | undefined> {
  if (!onlyRaises) return 'the list can let a payment through';
  if (policies.length === 0) return 'no live policy says what the list does';
  if (kind === 'replace') return 'it replaces the whole list';
  if (removed > 0) return 'it takes entries away';
  if (!isOfPayers) return 'its values stand for the payments of many';
  if (added > SINGLE_PERSON_ENTRIES_MAX) return `it adds more than ${SINGLE_PERSON_ENTRIES_MAX} entries`;
  return await alone() + added <= SINGLE_PERSON_LIVE_MAX ? undefined
    : `more than ${SINGLE_PERSON_LIVE_MAX} of its entries would be there by one person's word`;
}

/** What a challenger that decides a share may do by the list. */
async function usedBeside(
  { check }: LifecycleParts, live: InForceView, list: string,
): Promise<{ readonly exempts: boolean; readonly isOfOthers: boolean }> {
  const deciding = amendedNow(live).challengers.filter(({ share }) => share > 0);
  const checked = await Promise.all(deciding.map(({ file, source }) => check(file, source)));
  return {
    exempts: checked.some((one) => 'mistakes' in one || one.exempting.includes(list)),
    isOfOthers: checked.some((one) => 'mistakes' in one || one.ofOthers.includes(list)),
  };
}

/** Entries that have not ended and that came in by a change that nobody approved. */
async function aloneCount({ publication }: InForceView, list: string, nowMs: number): Promise<number> {
  const { entries = [], changes = [] } = publication.lists.find(({ name }) => name === list) ?? {};
  const alone = new Set(changes.flatMap(({ id, approvers }) => (approvers.length === 0 ? [id] : [])));
  const counted = await filteredInTurns(entries, ({ change, until }) => change !== undefined
    && alone.has(change) && (until === undefined || Date.parse(until) > nowMs));
  return counted.length;
}

export async function approveListChange(
  parts: LifecycleParts, actor: Actor, id: string, role: string,
): Promise<ListChangeStatus | Refusal> {
  const sound = await soundChange(parts, actor, id);
  if (isRefusal(sound)) return sound;
  const { status, content: change } = sound;
  const refused = mayNotApprove(actor, change, role, status.roles) ?? notOpen(change);
  if (refused !== undefined) return refused;
  const done = await audited(parts, actor, {
    action: 'list.approve', subject: `list/${change.list}`, detail: { id, role, author: change.author },
  }, async (writes, atMs) => {
    await addApproval(writes, parts.seals,
      { subject: 'list_change', hash: change.hash, role, person: actor.person, atMs }, change.author);
    return {};
  });
  return isRefusal(done) ? done : listChangeStatus(parts, id);
}

export const publishListChange = (
  parts: LifecycleParts, going: GoingLive, actor: Actor, id: string, { because, expected }: PublishOrder,
): Promise<WentLive | Refusal> => going.serially(expected, async (live) => {
  const sound = await soundChange(parts, actor, id);
  if (isRefusal(sound)) return sound;
  const { content: change, status: { lacking, approvals } } = sound;
  const closed = notOpen(change);
  if (closed !== undefined) return closed;
  const again = await endOf(parts, `list/${change.list}`, id, ['list.publish', 'list.withdraw']);
  if (again !== undefined) return refuseDamaged(parts, actor, `list/${change.list}`, again);
  if (lacking.length > 0) return gateClosed(lacking);
  const before = entriesOf(live.publication, change.list);
  const mark = change.kind === 'replace' ? {} : { change: id };
  const order = { ...change,
    add: await mappedInTurns(change.add, (entry) => ({ ...published(entry), ...mark })) };
  const { declarations } = listUse(change.list, live);
  const faults = await listFaults(order, before, declarations);
  // The list may have changed since it was proposed.
  if (faults.length > 0) return refuseAll('conflict', faults);
  const { kind, author } = change;
  const by = { id, kind, author, approvers: approvals.map(({ person }) => person) };
  const after = await entriesAfter(order, before);
  const lists = await changed(live.publication.lists, change.list, after, by);
  const publication: Publication = {
    ...contentOf(live.publication), lists, author: change.author, person: actor.person, because,
    approvals: approvals.map(loggedApproval),
  };
  return going.goLive(actor, {
    kind: 'list', because,
    act: {
      action: 'list.publish', subject: `list/${change.list}`,
      detail: { id, author: change.author, approvers: approversOf(approvals) },
    },
    enact: (madeOn) => enactPublication(parts, publication, madeOn),
    also: async (writes) => {
      await listWentLive(writes, id);
      await writes.applyListChange(id);
    },
  });
});

async function entriesAfter(
  { kind, add, remove }: Pick<ListChangeOrder, 'kind' | 'add' | 'remove'>, before: readonly ListEntry[],
): Promise<readonly ListEntry[]> {
  if (kind === 'replace') return add;
  const gone = new Set(remove.map(String));
  return [...await filteredInTurns(before, ({ value }) => !gone.has(String(value))), ...add];
}

async function changed(
  lists: readonly ListSource[], name: string, entries: readonly ListEntry[], by: ListChangeBy,
): Promise<readonly ListSource[]> {
  const named = new Set<string | undefined>();
  await inTurns(entries, ({ change }) => { named.add(change); });
  const before = by.kind === 'replace' ? [] : lists.find((list) => list.name === name)?.changes ?? [];
  const changes = [...before.filter(({ id, kind }) => kind === 'replace' || named.has(id)), by];
  return [...lists.filter((list) => list.name !== name), { name, entries, changes }]
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

export const withdrawListChange = (
  parts: LifecycleParts, going: GoingLive, actor: Actor, id: string, because: string,
): Promise<ListChangeStatus | Refusal> => going.inTurn(async () => {
  const status = await listChangeStatus(parts, id);
  if (isRefusal(status)) return status;
  const closed = notOpen(status.change);
  if (closed !== undefined) return closed;
  const done = await audited(parts, actor, {
    action: 'list.withdraw', subject: `list/${status.change.list}`, detail: { id, because },
  }, async (writes) => {
    await writes.setListChangeState(id, 'withdrawn');
    return {};
  });
  return isRefusal(done) ? done : listChangeStatus(parts, id);
});

