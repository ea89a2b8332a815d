/**
 * Gives its places to a record that was kept while the shared logs could not be asked: at the end of each
 * log, as what arrives late does. What a node would have appended when it came is appended, and what stands
 * there already (the logs took it, and did not answer) is found.
 */
import type { EventSchema } from '#domain/field.ts';
import { inheritFields } from '#domain/inherit-fields.ts';
import { isRefusal, parseEventCall, type ParsedFact } from '#domain/parse-event.ts';
import { readMarks, recordKey, requestBytes } from '#decisioning/record.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import { NOTHING_KNOWN, type LogName } from '#ports/window-log.ts';
import type { RepairableLog, RestoreEntry, Restored } from '#ports/window-repair.ts';
import { entryId } from './identity.ts';
import { ownLog, ownName, type OwnLog } from './own-log.ts';
import type { Standings } from './record-entries.ts';
import { logNames } from './shared-windows.ts';
import type { StandingEntry } from './standing.ts';
import type { Entry, EntryCodec } from './window-entry.ts';

export interface LatePlacingParts {
  readonly log: RepairableLog;
  readonly codec: EntryCodec;
  readonly schema: EventSchema;
}

type EventEntry = Extract<Entry, { kind: 'event' }>;
type Placed = Pick<Standings, 'windows' | 'standing'>;

/** Where it stands now, and whether anything of it was not there. */
export interface LatePlaced extends Placed { readonly isNew: boolean }

export class LatePlacing {
  readonly #parts: LatePlacingParts;

  constructor(parts: LatePlacingParts) {
    this.#parts = parts;
  }

  /** The logs must be whole. Rejects with WindowLogUnavailable, and then may be done again. */
  async place(standings: Standings, record: LogRecord, epoch: number): Promise<LatePlaced> {
    const placing = new Placing(this.#parts, standings, epoch);
    const { entry } = standings.standing;
    const event = entry === undefined ? undefined : this.#parts.codec.read(entry);
    if (entry === undefined || event?.kind !== 'event') throw new RangeError('what a record is, is no event');
    const bytes = await this.#bytes(standings, record, event, entry);
    const isBeside = event.type === 'status' || event.type === 'label' || event.type === 'fact';
    await placing.own(bytes, isBeside ? [] : this.#names(standings, bytes));
    if (event.type === 'status' || event.type === 'label') await this.#change(placing, standings, record);
    else if (event.type === 'fact') await this.#fact(placing, standings, record, event);
    else if (event.type === 'transaction') await this.#beside(placing, standings, record, event);
    return placing.placed;
  }

  #names({ tenant }: Standings, bytes: Uint8Array): readonly LogName[] {
    const { codec, schema } = this.#parts;
    const read = codec.read(bytes);
    return read.kind === 'event' ? logNames(schema, tenant, read.texts) : [];
  }

  /** Its marks, and what had waited for it. */
  async #beside(
    placing: Placing, { tenant, name, id }: Standings, record: LogRecord, { texts }: EventEntry,
  ): Promise<void> {
    const { codec, schema } = this.#parts;
    for (const [i, { field, value, mark }] of readMarks(record).entries()) {
      const its = entryId(`${record.key}\0mark\0${i}`);
      await placing.beside(its, codec.writeMark(mark), [{ tenant, field, value }]);
    }
    const { waited } = await this.#ownLog(ownName(tenant, 'tx', name), id);
    const names = logNames(schema, tenant, texts);
    for (const { id: told, change, seq } of waited) {
      await placing.beside(told, codec.writeChange(change), names, [['tx', name, seq]]);
    }
  }

  async #change(placing: Placing, { tenant, id }: Standings, record: LogRecord): Promise<void> {
    const { codec, schema } = this.#parts;
    const { event, request, transactionId = '', knownAtMs } = this.#parsed(record, tenant);
    const what = event.type === 'status' ? 'status' : 'label';
    const value = (what === 'status' ? request.status : request.label) ?? '';
    const bytes = codec.writeChange({ what, knownAtMs, transactionId, value });
    const about = ownName(tenant, 'tx', transactionId);
    const [at] = await placing.restore([{ name: about, seq: 0, id, bytes }]);
    const own = await this.#ownLog(about, entryId(recordKey(tenant, 'tx', transactionId)));
    const isWaiting = own.event === undefined || own.waited.some((told) => told.id === id);
    const names = isWaiting ? [] : logNames(schema, tenant, own.event.texts);
    await placing.beside(id, bytes, names, [['tx', transactionId, at?.seq ?? 0]]);
  }

  async #fact(
    placing: Placing, { tenant, id }: Standings, record: LogRecord, { numbers }: EventEntry,
  ): Promise<void> {
    const { fact } = this.#parsed(record, tenant);
    if (fact === undefined) return;
    const { name, value, untilMs, field, entity } = fact;
    const bytes = this.#parts.codec.writeMark({ name, value, fromMs: numbers[0] ?? 0, untilMs });
    await placing.beside(id, bytes, [{ tenant, field: field.path, value: entity }]);
  }

  /** As its own entry says, where that is there already. Else a refund gets the fields of its payment. */
  async #bytes(
    { tenant, family, name, id }: Standings, record: LogRecord, event: EventEntry, entry: Uint8Array,
  ): Promise<Uint8Array> {
    const { codec, schema } = this.#parts;
    const there = await this.#ownLog(ownName(tenant, family, name), id);
    if (there.event !== undefined) return codec.writeEvent(eventOf(there.event, tenant), there.event.pin);
    if (event.type !== 'refund') return entry;
    const { transactionId = '' } = this.#parsed(record, tenant);
    const about = ownName(tenant, 'tx', transactionId);
    const { event: payment } = await this.#ownLog(about, entryId(recordKey(tenant, 'tx', transactionId)));
    if (payment === undefined) return entry;
    const refund = eventOf(event, tenant);
    inheritFields(schema, refund, {
      number: (slot) => payment.numbers[slot] ?? Number.NaN, text: (slot) => payment.texts[slot],
    });
    return codec.writeEvent(refund, event.pin);
  }

  async #ownLog(name: LogName, id: string): Promise<OwnLog> {
    const { log, codec } = this.#parts;
    return ownLog({ own: await log.call([{ name, known: NOTHING_KNOWN, id, bytes: undefined }]) }, codec, id);
  }

  #parsed(record: LogRecord, tenant: string): ParsedFact {
    const parsed = parseEventCall(requestBytes(record), this.#parts.schema, record.receivedAtMs, tenant);
    if (isRefusal(parsed)) throw new RangeError(`what was taken in cannot be parsed: ${parsed.detail}`);
    return parsed;
  }
}

const eventOf = ({ type, id, numbers, texts, pin: { receivedAtMs } }: EventEntry, tenant: string) =>
  ({ type, id, tenant, position: 0, receivedAtMs, numbers: [...numbers], texts: [...texts] });

/** Restores, and gathers where things stand. */
class Placing {
  readonly #parts: LatePlacingParts;
  readonly #standings: Standings;
  readonly #others: StandingEntry[] = [];
  readonly #epoch: number;
  #windows: Record<string, number> = {};
  #entry = new Uint8Array(0);
  #own = 0;
  #isNew = false;

  constructor(parts: LatePlacingParts, standings: Standings, epoch: number) {
    this.#parts = parts;
    this.#standings = standings;
    this.#epoch = epoch;
  }

  get placed(): LatePlaced {
    return {
      windows: this.#windows, isNew: this.#isNew,
      standing: { entry: this.#entry, own: this.#own, others: this.#others, epoch: this.#epoch },
    };
  }

  async restore(entries: readonly RestoreEntry[]): Promise<readonly Restored[]> {
    const restored = await this.#parts.log.restore(entries, 'whole');
    this.#isNew ||= restored.some(({ kind }) => kind !== 'there');
    return restored;
  }

  /**
   * Its own entry and those of its entities, in one step: what is told of it meanwhile finds all of them, or
   * waits for it. Then its second name.
   */
  async own(bytes: Uint8Array, names: readonly LogName[]): Promise<void> {
    const { tenant, family, name, id, standing: { others = [] } } = this.#standings;
    this.#entry = bytes.slice();
    const all = [ownName(tenant, family, name), ...names];
    const [own, ...windows] = await this.restore(all.map((one) => ({ name: one, seq: 0, id, bytes })));
    this.#own = own?.seq ?? 0;
    this.#windows = Object.fromEntries(names.map(({ field }, i) => [field, windows[i]?.seq ?? 0]));
    for (const other of others) {
      const itsNames = other.at.map(([field, value]) => ({ tenant, field, value }));
      await this.beside(other.id, other.bytes, itsNames);
    }
  }

  async beside(
    id: string, bytes: Uint8Array, names: readonly LogName[], at: StandingEntry['at'] = [],
  ): Promise<void> {
    const restored = await this.restore(names.map((name) => ({ name, seq: 0, id, bytes })));
    const now = names.map(({ field, value }, i) => [field, value, restored[i]?.seq ?? 0] as const);
    this.#others.push({ id, bytes, at: [...now, ...at] });
  }
}
