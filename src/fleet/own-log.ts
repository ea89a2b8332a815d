/**
 * The log of a payment or event itself, by its id: what its first copy pinned, and what was told of it,
 * before it came or after. Beside it, the log of an Idempotency-Key that is not the id: who has it.
 */
import type { Arriving } from '#decisioning/arrivals.ts';
import { NOTHING_KNOWN, type LogAnswer, type LogCall, type LogName } from '#ports/window-log.ts';
import type { Standing } from './standing.ts';
import type { ChangeEntry, Entry, EntryCodec, Pin } from './window-entry.ts';

/** Answers to `ownCalls`, and to those about the logs of the entities. */
export interface Asked {
  readonly own: readonly LogAnswer[];
  readonly shared: readonly LogAnswer[];
}

/** A change, the id of its entry, and where that waited. */
export interface Told { readonly id: string; readonly change: ChangeEntry; readonly seq: number }

export interface OwnLog {
  readonly isNew: boolean;
  readonly pin: Pin | undefined;
  readonly event: Extract<Entry, { kind: 'event' }> | undefined;
  /** Changes that were told before it came. */
  readonly waited: readonly Told[];
  /** Whose its Idempotency-Key is, where it is another's. */
  readonly holder: string | undefined;
  /** Its place here, and of its second name; 0: none. */
  readonly seq: number;
  readonly nameSeq: number;
  readonly epoch: number;
}

export const ownName = (tenant: string, family: 'tx' | 'event', id: string): LogName =>
  ({ tenant, field: family, value: id });

const NAME_FIELD = 'idempotency_key';
const nameName = (tenant: string, key: string): LogName => ({ tenant, field: NAME_FIELD, value: key });

/** What was not placed. */
export const NOWHERE = { seq: 0, nameSeq: 0, epoch: 0 } as const;

/** Where it stands beside the logs of its entities. */
export function ownStanding(
  { call: { idempotencyKey }, name }: Pick<Arriving<unknown>, 'call' | 'name'>,
  own: LogName, id: string, entry: Uint8Array,
  { seq, nameSeq, epoch }: Pick<OwnLog, 'seq' | 'nameSeq' | 'epoch'>,
): Standing {
  const others = name === undefined || idempotencyKey === undefined ? []
    : [{ id, bytes: Buffer.from(own.value), at: [[NAME_FIELD, idempotencyKey, nameSeq] as const] }];
  return { entry, own: seq, others, epoch };
}

/**
 * Without bytes both logs are only read. Where the name is another's, or a copy came before, nothing behind
 * these calls is appended.
 */
export function ownCalls(
  { call: { tenant, idempotencyKey }, name }: Pick<Arriving<unknown>, 'call' | 'name'>,
  own: LogName, id: string, bytes: Uint8Array | undefined,
): readonly LogCall[] {
  const calls: LogCall[] = [];
  if (name !== undefined && idempotencyKey !== undefined) {
    const said = bytes === undefined ? undefined : Buffer.from(own.value);
    const named = nameName(tenant, idempotencyKey);
    calls.push({ name: named, known: NOTHING_KNOWN, id, bytes: said, gate: 'other' });
  }
  calls.push({ name: own, known: NOTHING_KNOWN, id, bytes, gate: 'same' });
  return calls;
}

export function ownLog({ own }: Pick<Asked, 'own'>, codec: EntryCodec, id: string): OwnLog {
  const [answer, named] = own.toReversed();
  const [holder] = named?.kind === 'read' ? named.behind : [];
  const found: { event?: OwnLog['event'] } = {};
  const waited: Told[] = [];
  for (const { id: told, bytes, seq } of answer?.kind === 'read' ? answer.behind : []) {
    const entry = codec.read(bytes);
    if (told === id && entry.kind === 'event') found.event = entry;
    else if (entry.kind === 'change' && found.event === undefined) {
      waited.push({ id: told, change: entry, seq });
    }
  }
  return {
    isNew: answer?.kind === 'read' && answer.isNew, pin: found.event?.pin, event: found.event, waited,
    holder: holder === undefined || holder.id === id ? undefined : Buffer.from(holder.bytes).toString(),
    seq: answer?.kind === 'read' ? answer.seq : 0, nameSeq: named?.kind === 'read' ? named.seq : 0,
    epoch: answer?.kind === 'read' ? answer.epoch : 0,
  };
}

/** The answer to what comes under another's name. */
export const namedAs = (holder: string) =>
  ({ kind: 'named', flight: { answered: holder, durable: Promise.resolve() } }) as const;
