/** Rows of what the log has and the records do not: what each is follows from what stands in the log. */
import {
  publicationHashSteps, type Amended, type Amendment, type Publication,
} from '#decisioning/publication.ts';
import { SYSTEM_PERSON } from '#ports/key-store.ts';
import type { PublicationRecord, RecordWrites } from '#ports/records.ts';
import { RETIRE, retirementSubject } from './acts.ts';
import type { Pending } from './going-live.ts';
import { stepsInTurns } from './in-turns.ts';
import type { LifecycleParts, Published } from './parts.ts';
import { hashOfJson, isMap } from './seals.ts';
import { hashesOf } from './version-facts.ts';

/** Of what no person has published. */
export const FROM_A_FOLDER = 'live before anybody submitted it: from the folder of a first start';
const NOTHING: Amended = { modes: [], snoozes: [], challengers: [] };

type Kind = PublicationRecord['kind'];

/** In the order that they come in, which is that of the log. */
export async function* rowsFound(
  parts: LifecycleParts, published: AsyncIterable<Published>,
): AsyncGenerator<Pending> {
  const policies = new Map<number, readonly string[]>();
  const liveAt = async (base: number, publication?: Publication): Promise<readonly string[]> => {
    const known = policies.get(base) ?? await policyHashes(parts, base, publication);
    policies.set(base, known);
    return known;
  };
  /** Of the record before; undefined: not known. */
  let before: Amended | undefined;
  for await (const one of published) {
    if ('publication' in one) {
      const row = await publicationRow(one, one.publication, await liveAt(one.position, one.publication));
      yield row.row.kind === 'retire' ? await asRetired(parts, one.publication, row) : row;
      before = NOTHING;
    } else {
      const { amendment } = one;
      yield amendmentRow(one, amendment, kindOf(one.position, amendment, before),
        await liveAt(amendment.base));
      before = amendment;
    }
  }
}

async function policyHashes(
  { engine, check }: LifecycleParts, base: number, known: Publication | undefined,
): Promise<readonly string[]> {
  const live = engine.inForce();
  if (live.base === base) return live.policies.map(({ hash }) => hash);
  const publication = known ?? await engine.publicationAt(base);
  return (await hashesOf({ check }, publication?.policies ?? [])).map((hash) => hash ?? 'unknown');
}

async function publicationRow(
  { position, atMs }: Published, publication: Publication, policies: readonly string[],
): Promise<Pending> {
  const { person = SYSTEM_PERSON, because = FROM_A_FOLDER } = publication;
  const kind = publicationKind(publication);
  const hash = await stepsInTurns(publicationHashSteps(publication));
  const changes = publication.lists.flatMap((list) => list.changes?.at(-1)?.id ?? []);
  return {
    ...found({ position, atMs, kind, person, because, policies, hash }, 'publication.found'),
    also: async (writes) => {
      for (const id of changes) await listWentLive(writes, id);
    },
  };
}

/** What was agreed on is done: the audit says it where the next who asks looks. */
async function asRetired(
  { records }: LifecycleParts, { approvals = [] }: Publication, pending: Pending,
): Promise<Pending> {
  const hash = approvals.find(({ subject }) => subject === 'retirement')?.hash ?? '';
  const name = (await records.version(hash))?.policy;
  if (name === undefined) return pending;
  const { detail } = pending.act;
  return { ...pending, act: { action: RETIRE, subject: retirementSubject(name),
    detail: { ...(isMap(detail) ? detail : {}), hash } } };
}

/** A change whose row said that it was only proposed. */
export async function listWentLive(writes: RecordWrites, id: string): Promise<void> {
  if ((await writes.listChange(id))?.state === 'proposed') await writes.setListChangeState(id, 'published');
}

function amendmentRow(
  { position, atMs }: Published, amendment: Amendment, kind: Kind, policies: readonly string[],
): Pending {
  const { format: _format, base: _base, ...content } = amendment;
  const { person, because, snoozes } = content;
  const hash = hashOfJson(content);
  const action = kind === 'brake' ? 'brake.engage' : 'publication.found';
  return {
    ...found({ position, atMs, kind, person, because, policies, hash }, action),
    also: async (writes) => {
      for (const { id } of snoozes) await wentLive(writes, id);
    },
  };
}

/** A snooze whose row said that it was only proposed. */
async function wentLive(writes: RecordWrites, id: string): Promise<void> {
  if ((await writes.snooze(id))?.state === 'proposed') await writes.setSnoozeState(id, 'published');
}

function found(
  { because, ...row }: Omit<PublicationRecord, 'detail'> & { readonly because: string }, action: string,
): Pending {
  const { position, kind, person } = row;
  const detail = { because, kind };
  return {
    person, act: { action, subject: `publication/${position}`, detail },
    row: { ...row, detail: { because, notes: [] } },
  };
}

/** A roll-back has no author; of what has one, only a list change may do without an approval. */
function publicationKind({ person, author, approvals = [] }: Publication): Kind {
  if (person === undefined || person === SYSTEM_PERSON) return 'bootstrap';
  if (approvals.some(({ subject }) => subject === 'version')) return 'publish';
  if (approvals.some(({ subject }) => subject === 'retirement')) return 'retire';
  return author === undefined ? 'roll_back' : 'list';
}

/** By what it changed, where what was before it is known; else by who made it and on whose leave. */
function kindOf(position: number, amendment: Amendment, before: Amended | undefined): Kind {
  const { person, approvals, modes, snoozes, base } = amendment;
  if (person === SYSTEM_PERSON && position !== base + 1) return 'brake';
  if (before !== undefined && modes.length < before.modes.length) return 'release';
  const isSnooze = before === undefined ? approvals.some(({ subject }) => subject === 'snooze')
    : JSON.stringify(snoozes) !== JSON.stringify(before.snoozes);
  if (isSnooze) return 'snooze';
  return person === SYSTEM_PERSON || modes.length > (before?.modes.length ?? modes.length) ? 'brake'
    : 'challenge';
}
