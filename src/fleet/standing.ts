/**
 * Where a record stands in the shared logs beside those of its entities, as headers of its topic record. With
 * them the logs can be made again from the topic, to the byte.
 */
import type { LogAnswer, LogCall } from '#ports/window-log.ts';
import type { Told } from './own-log.ts';

/** A log by field and value, and a place in it; 0: not there yet. */
export type StandingPlace = readonly [field: string, value: string, seq: number];

/** One entry, and the logs in which it stands. */
export interface StandingEntry {
  /** 32 hex digits. */
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly at: readonly StandingPlace[];
}

export interface Standing {
  /** What its entries in its own log and in those of its entities say. */
  readonly entry?: Uint8Array;
  /** Place in its own log. */
  readonly own?: number;
  /** Its second name, marks, and changes that its entities heard of. */
  readonly others?: readonly StandingEntry[];
  /** Of the shared logs, when they gave it these places: the earliest; 0 where it has not all of them yet. */
  readonly epoch?: number;
  /** Where its entries stood before, by what was written of it earlier, and do not any more. */
  readonly left?: readonly StandingPlace[];
}

/**
 * With the entries of these calls, those of each id together. `waited`: of them, those that stand in its own
 * log too. Without answers they stand nowhere yet.
 */
export function standingWith(
  standing: Standing, waited: readonly Told[], calls: readonly LogCall[],
  answers: readonly LogAnswer[] | undefined,
): Standing {
  const byId = new Map<string, { id: string; bytes: Uint8Array; at: StandingPlace[] }>();
  let epoch = standing.epoch ?? 0;
  for (const [i, { id, bytes = NONE, name: { field, value } }] of calls.entries()) {
    const answer = answers?.[i];
    const isRead = answer?.kind === 'read';
    epoch = Math.min(epoch, isRead ? answer.epoch : 0);
    const entry = byId.get(id) ?? { id, bytes, at: [] };
    entry.at.push([field, value, isRead ? answer.seq : 0]);
    byId.set(id, entry);
  }
  for (const { id, change: { transactionId }, seq } of waited) {
    byId.get(id)?.at.push(['tx', transactionId, seq]);
  }
  return { ...standing, others: [...standing.others ?? [], ...byId.values()], epoch };
}

const NONE = new Uint8Array(0);
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

export function standingHeaders(
  { entry, own, others = [], epoch, left = [] }: Standing,
): Record<string, Uint8Array> {
  const headers: Record<string, Uint8Array> = {};
  if (entry !== undefined) headers['entry'] = entry;
  if (own !== undefined || others.length > 0) {
    const written = others.map(({ id, bytes, at }) =>
      ({ id, bytes: Buffer.from(bytes).toString('base64'), at }));
    headers['placed'] = json({
      ...(own === undefined ? {} : { own }), ...(written.length === 0 ? {} : { others: written }),
      ...(left.length === 0 ? {} : { left }),
    });
  }
  if (epoch !== undefined) headers['epoch'] = json(epoch);
  return headers;
}

/** As it was written. Throws RangeError or SyntaxError where it is not. */
export function readStanding(headers: Readonly<Record<string, Uint8Array>>): Standing {
  const { entry, placed, epoch } = headers;
  const { own, others = [], left = [] } = placed === undefined ? {} : parsePlaced(placed);
  return {
    others: others.map(({ id, bytes, at }) => ({ id, bytes: Buffer.from(bytes, 'base64'), at })), left,
    ...(entry === undefined ? {} : { entry }), ...(own === undefined ? {} : { own }),
    ...(epoch === undefined ? {} : { epoch: Number(textOf(epoch)) }),
  };
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** As `standingHeaders` writes it. */
const parsePlaced = (bytes: Uint8Array) => JSON.parse(textOf(bytes)) as {
  readonly own?: number;
  readonly others?: readonly (Pick<StandingEntry, 'id' | 'at'> & { readonly bytes: string })[];
  readonly left?: readonly StandingPlace[];
};
