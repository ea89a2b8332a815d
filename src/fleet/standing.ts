/**
 * Where a record stands in the shared logs beside those of its entities, as headers of its topic record. With
 * them the logs can be made again from the topic, to the byte.
 */
import type { LogAnswer, LogCall } from '#ports/window-log.ts';
import type { Told } from './own-log.ts';

/** One entry, and the logs in which it stands. */
export interface StandingEntry {
  /** 32 hex digits. */
  readonly id: string;
  readonly bytes: Uint8Array;
  /** Each log by field and value, and the place in it; 0: not there yet. */
  readonly at: readonly (readonly [field: string, value: string, seq: number])[];
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
}

/**
 * With the entries of these calls, those of each id together. `waited`: of them, those that stand in its own
 * log too. Without answers they stand nowhere yet.
 */
export function standingWith(
  standing: Standing, waited: readonly Told[], calls: readonly LogCall[],
  answers: readonly LogAnswer[] | undefined,
): Standing {
  const byId = new Map<string, { id: string; bytes: Uint8Array; at: StandingEntry['at'][number][] }>();
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

export function standingHeaders({ entry, own, others = [], epoch }: Standing): Record<string, Uint8Array> {
  const headers: Record<string, Uint8Array> = {};
  if (entry !== undefined) headers['entry'] = entry;
  if (own !== undefined || others.length > 0) {
    const written = others.map(({ id, bytes, at }) =>
      ({ id, bytes: Buffer.from(bytes).toString('base64'), at }));
    headers['placed'] = json({
      ...(own === undefined ? {} : { own }), ...(written.length === 0 ? {} : { others: written }),
    });
  }
  if (epoch !== undefined) headers['epoch'] = json(epoch);
  return headers;
}
