/**
 * Whether what a record says of its place in the logs of its entities is so: it names the entry by field, and
 * its request says whose log that is.
 */
import type { EventSchema } from '#domain/field.ts';
import { isRefusal, parseEventCall, parseTransactionCall } from '#domain/parse-event.ts';
import { requestBytes, splitKey } from '#decisioning/record.ts';
import { logRecordOf } from '#fleet/topic-record.ts';
import type { DecisionIndex, IndexedRecord } from '#ports/decision-index.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import { NOTHING_KNOWN, type LogAnswer, type LogName, type WindowLog } from '#ports/window-log.ts';
import { DecisionFinder } from './decision-finder.ts';

export interface WindowCheckParts {
  readonly log: WindowLog;
  readonly index: Pick<DecisionIndex, 'find'>;
  readonly schema: EventSchema;
  /** Of the records, chosen by their ids; 1: all. Each brings the whole logs of its entities. */
  readonly share: number;
  /** A log to which nothing was appended since then may be gone as a whole. */
  readonly keptFromMs: number;
}

interface WindowDifference {
  readonly kind: 'window_missing' | 'window_place' | 'unreadable';
  readonly what: string;
}

export interface CheckedWindows {
  readonly entries: number;
  /** Not kept one by one any more, as is right for their age. */
  readonly gone: number;
  readonly differences: readonly WindowDifference[];
}

/** Where an entry should be; `seq` 0: anywhere in the log. */
interface Named {
  readonly name: LogName;
  /** As the record calls it. */
  readonly label: string;
  readonly seq: number;
}

const SHARE_DIGITS = 8;
const UNCHECKED: CheckedWindows = { entries: 0, gone: 0, differences: [] };

export class WindowCheck {
  readonly #parts: WindowCheckParts;
  readonly #finder: DecisionFinder;

  constructor(parts: WindowCheckParts) {
    this.#parts = parts;
    this.#finder = new DecisionFinder(parts.index);
  }

  /** Appends nothing. Rejects with WindowLogUnavailable. */
  async check(written: IndexedRecord): Promise<CheckedWindows> {
    const { log, share, keptFromMs } = this.#parts;
    const { id } = written;
    if (Number.parseInt(id.slice(0, SHARE_DIGITS), 16) >= share * 16 ** SHARE_DIGITS) return UNCHECKED;
    const named = await this.#named(written);
    if (typeof named === 'string') {
      return { ...UNCHECKED, differences: [{ kind: 'unreadable', what: named }] };
    }
    const { names, receivedAtMs } = named;
    if (names.length === 0) return UNCHECKED;
    const answers = await log.call(names.map(({ name }) =>
      ({ name, known: NOTHING_KNOWN, id, bytes: undefined })));
    const mayBeGone = receivedAtMs < keptFromMs;
    const differences: WindowDifference[] = [];
    let gone = 0;
    for (const [i, { label, seq }] of names.entries()) {
      const found = foundOf(answers[i], seq, mayBeGone);
      if (found === 'gone') gone += 1;
      else if (found !== 'there') differences.push({ ...found, what: `${label}: ${found.what}` });
    }
    return { entries: names.length, gone, differences };
  }

  /** A sentence where it cannot be told. */
  async #named(written: IndexedRecord): Promise<string | {
    readonly names: readonly Named[]; readonly receivedAtMs: number;
  }> {
    let read: ReturnType<typeof logRecordOf>;
    try {
      read = logRecordOf(written);
    } catch (why) {
      if (why instanceof RangeError || why instanceof SyntaxError) return why.message;
      throw why;
    }
    const { record, windows } = read;
    const { tenant, family, id } = splitKey(record.key);
    if (family !== 'tx' && family !== 'event') return { names: [], receivedAtMs: record.receivedAtMs };
    const valueOf = family === 'tx' ? this.#valuesOfPayment(record)
      : await this.#valuesOfEvent(record, tenant);
    if (typeof valueOf === 'string') return valueOf;
    const names: Named[] = [{ name: { tenant, field: family, value: id }, label: family, seq: 0 }];
    for (const [label, seq] of Object.entries(windows)) {
      // `creditor.account_id==debtor.account_id`: the log of the creditor who is the debtor here.
      const [field = label, said = field] = label.split('==');
      const value = valueOf(said);
      if (value === undefined) return `${label} has an entry, and the request says nothing of it`;
      names.push({ name: { tenant, field, value }, label, seq });
    }
    return { names, receivedAtMs: record.receivedAtMs };
  }

  #valuesOfPayment(record: LogRecord): string | ((field: string) => string | undefined) {
    const { schema } = this.#parts;
    const { tenant } = splitKey(record.key);
    const parsed = parseTransactionCall(requestBytes(record), schema, record.receivedAtMs, tenant);
    if (isRefusal(parsed)) return `its request cannot be parsed: ${parsed.detail}`;
    return (field) => parsed.event.texts[schema.byPath.get(field)?.textSlot ?? -1];
  }

  /** What an event does not say itself, its payment does. */
  async #valuesOfEvent(
    record: LogRecord, tenant: string,
  ): Promise<string | ((field: string) => string | undefined)> {
    const { schema } = this.#parts;
    const parsed = parseEventCall(requestBytes(record), schema, record.receivedAtMs, tenant);
    if (isRefusal(parsed)) return `its request cannot be parsed: ${parsed.detail}`;
    const { event, fact, transactionId } = parsed;
    const payment = transactionId === undefined ? undefined
      : await this.#finder.findTransaction(tenant, transactionId);
    const ofPayment = payment === undefined ? () => undefined : this.#valuesOfPayment(payment.record);
    if (typeof ofPayment === 'string') return ofPayment;
    return (field) => (fact?.field.path === field ? fact.entity
      : event.texts[schema.byPath.get(field)?.textSlot ?? -1] ?? ofPayment(field));
  }
}

function foundOf(
  answer: LogAnswer | undefined, seq: number, mayBeGone: boolean,
): 'there' | 'gone' | WindowDifference {
  if (answer?.kind !== 'read') throw new Error('who knows nothing cannot miss anything');
  const { behind, seq: found } = answer;
  if (found > 0) {
    if (seq === 0 || found === seq) return 'there';
    return { kind: 'window_place', what: `entry ${found}, and not ${seq}` };
  }
  const [oldest] = behind;
  const isCutOff = oldest === undefined ? mayBeGone : seq === 0 ? oldest.seq > 1 : oldest.seq > seq;
  if (isCutOff) return 'gone';
  return { kind: 'window_missing', what: seq === 0 ? 'no entry' : `no entry ${seq}` };
}
