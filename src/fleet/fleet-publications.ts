/**
 * What is live, for all nodes: a topic of one partition, which every node reads in its order. INVARIANT: what
 * holds is a function of the topic alone. A record names what was in force when it was made; where that is
 * not in force any more when the record comes, it is void, for every node and whenever it is read.
 *
 * An offset has two positions: one for what stands there, and one for what a publication keeps of the
 * amendment before it, so that both are there or neither.
 */
import { messageOf } from '#domain/message-of.ts';
import { Latest } from '#decisioning/latest.ts';
import {
  amendmentRecord, isAmendment, readAmendment, readPublication, type Amendment, type Publication,
} from '#decisioning/publication.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import { TopicUnavailable, type Topic, type TopicPlace, type TopicRecord, type WrittenRecord }
  from '#ports/topic.ts';
import { logRecordOf, topicRecord } from './topic-record.ts';

/** Of a publication: all that is to be in force with it, and who it is put down to. */
export type Kept = Pick<Amendment, 'modes' | 'snoozes' | 'challengers' | 'person'>;

/** What stands at an offset; `position` is its first. */
export type Heard =
  | { readonly kind: 'holds'; readonly position: number; readonly inForce: number;
      readonly publication: Publication | undefined; readonly amendment: Amendment | undefined }
  | { readonly kind: 'void'; readonly position: number; readonly why: string }
  /** Of a format that this program does not know: what holds from here on is not known here. */
  | { readonly kind: 'unreadable'; readonly position: number; readonly why: string };

/** Of what was read or written last; what is older is read again. */
const RECORDS_KEPT = 8;
/** Position of what was in force when the record was made; 0: nothing. */
const MADE_ON = 'made-on';
const KEPT = 'kept';

export const positionOf = ({ offset }: Pick<TopicPlace, 'offset'>): number => 2 * offset + 1;
const offsetOf = (position: number): number => Math.floor((position - 1) / 2);

/** A record of the topic, made on what is in force at a position. */
export function publishedRecord(record: LogRecord, madeOn: number, kept?: Kept): TopicRecord {
  const { key, value, headers } = topicRecord(record, undefined);
  return { key, value, headers: {
    ...headers, [MADE_ON]: Buffer.from(`${madeOn}`),
    ...(kept === undefined ? {} : { [KEPT]: Buffer.from(JSON.stringify(kept)) }),
  } };
}

export class FleetPublications {
  readonly #topic: Topic;
  readonly #latest = new Latest<readonly LogRecord[]>(RECORDS_KEPT);
  /** Offsets of what holds, in order, as far as it was heard. */
  readonly #holding = new Set<number>();
  readonly #stopping = new AbortController();
  #heardTo = -1;
  #inForce = 0;
  #base = 0;
  /** Why nothing that comes can be judged any more. */
  #lost: string | undefined;
  #following: Promise<void> = Promise.resolve();

  constructor(topic: Topic) {
    if (topic.partitionCount !== 1) {
      throw new RangeError(`topic ${topic.name} has ${topic.partitionCount} partitions; one is needed`);
    }
    this.#topic = topic;
  }

  /**
   * Reads what is there, and tells of each; then of what comes, one after the other, until `close`. `isPast`:
   * more stands behind it. Rejects where what is there cannot be read; where that happens later, it is told
   * to `onFailure`.
   */
  async open(
    tell: (heard: Heard, isPast: boolean) => Promise<void>, onFailure: (error: unknown) => void,
  ): Promise<void> {
    const [end = 0] = await this.#topic.ends();
    const opened = Promise.withResolvers<void>();
    let isOpen = end === 0;
    const reached = (): void => {
      isOpen = true;
      opened.resolve();
    };
    if (isOpen) reached();
    const follow = async (): Promise<void> => {
      for await (const written of this.#topic.follow([0], this.#stopping.signal)) {
        const isPast = written.place.offset + 1 < end;
        await tell(this.#hear(written), isPast);
        if (!isPast) reached();
      }
    };
    this.#following = follow().catch((error: unknown) => {
      if (isOpen) onFailure(error);
      else opened.reject(error);
    });
    await opened.promise;
  }

  /** Whether it was heard and is not void. */
  holds(position: number): boolean {
    return this.#holding.has(offsetOf(position));
  }

  append(record: TopicRecord): Promise<TopicPlace> {
    return this.#topic.append(record);
  }

  /** Also of what was not heard yet: where a payment names it, it holds. */
  async get(position: number): Promise<LogRecord | undefined> {
    const offset = offsetOf(position);
    if (position < 1 || (offset <= this.#heardTo && !this.#holding.has(offset))) return undefined;
    const records = this.#latest.get(`${offset}`) ?? await this.#readAt(offset);
    return records.find((record) => record.position === position);
  }

  /** What holds behind a position, as far as it was heard, oldest first. */
  async *after(position: number): AsyncGenerator<LogRecord> {
    for (const offset of this.#holding) {
      if (positionOf({ offset }) + 1 <= position) continue;
      const records = this.#latest.get(`${offset}`) ?? await this.#readAt(offset);
      yield* records.filter((record) => record.position > position);
    }
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  #hear(written: WrittenRecord): Heard {
    const position = positionOf(written.place);
    this.#heardTo = written.place.offset;
    const heard = this.#judged(written, position);
    if (heard.kind === 'unreadable') this.#lost ??= heard.why;
    if (heard.kind !== 'holds') return heard;
    this.#holding.add(written.place.offset);
    this.#inForce = heard.inForce;
    this.#base = heard.amendment?.base ?? position;
    return heard;
  }

  #judged(written: WrittenRecord, position: number): Heard {
    if (this.#lost !== undefined) return { kind: 'unreadable', position, why: this.#lost };
    const isVoid = (why: string): Heard => ({ kind: 'void', position, why });
    if (written.headers['format'] === undefined) return isVoid('no record of ours');
    let records: readonly LogRecord[];
    let read: { readonly publication: Publication | undefined; readonly amendment: Amendment | undefined };
    try {
      records = recordsAt(written);
      read = contentOf(records);
    } catch (error) {
      if (error instanceof RangeError) return { kind: 'unreadable', position, why: error.message };
      return isVoid(messageOf(error));
    }
    const madeOn = Number(Buffer.from(written.headers[MADE_ON] ?? []).toString() || 'nothing');
    if (madeOn !== this.#inForce) {
      return isVoid(`made on what was in force at ${madeOn}; ${this.#inForce} is`);
    }
    const base = read.publication === undefined ? read.amendment?.base : position;
    if (read.publication === undefined && base !== this.#base) return isVoid(`it is about ${base}`);
    this.#latest.put(`${written.place.offset}`, records);
    return { kind: 'holds', position, inForce: records.at(-1)?.position ?? position, ...read };
  }

  async #readAt(offset: number): Promise<readonly LogRecord[]> {
    try {
      for await (const written of this.#topic.read([offset])) {
        if (written.place.offset !== offset) break;
        const records = recordsAt(written);
        this.#latest.put(`${offset}`, records);
        return records;
      }
    } catch (error) {
      if (!(error instanceof TopicUnavailable && error.code === 'refused')) throw error;
    }
    return [];
  }
}

/** One, or two where a publication keeps something. Throws RangeError for a format that is not known. */
function recordsAt(written: WrittenRecord): readonly LogRecord[] {
  const position = positionOf(written.place);
  const record = { ...logRecordOf(written).record, position };
  if (record.kind !== 'publication') throw new Error(`a record of kind ${record.kind}`);
  const kept = written.headers[KEPT];
  if (kept === undefined || isAmendment(record)) return [record];
  const amendment: Amendment = {
    format: 1, base: position, ...parseKept(kept), approvals: [],
    because: `in force with the publication at ${position}`,
  };
  return [record, amendmentRecord(amendment, position + 1, record.receivedAtMs)];
}

const parseKept = (bytes: Uint8Array): Kept => JSON.parse(Buffer.from(bytes).toString()) as Kept;

function contentOf([record, kept]: readonly LogRecord[]) {
  if (record === undefined) return { publication: undefined, amendment: undefined };
  if (isAmendment(record)) return { publication: undefined, amendment: readAmendment(record) };
  return {
    publication: readPublication(record), amendment: kept === undefined ? undefined : readAmendment(kept),
  };
}
