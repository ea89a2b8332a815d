/** Where what was decided is kept: the topic of decisions; before it, what the decision says of entities. */
import type { Durable, Landing } from '#decisioning/flights.ts';
import { LogUnavailable, type LogRecord } from '#ports/decision-log.ts';
import type { TopicPlace, TopicRecord } from '#ports/topic.ts';
import {
  NOTHING_KNOWN, type LogAnswer, type LogCall, type LogName, type WindowLog,
} from '#ports/window-log.ts';
import { answerBytes, type MarkEffect } from '#decisioning/record.ts';
import { messageOf } from '#domain/message-of.ts';
import { stageMs } from './budget.ts';
import { entryId } from './identity.ts';
import type { Told } from './own-log.ts';
import type { RecentRecords } from './recent-records.ts';
import type { RecordFinder } from './record-finder.ts';
import { standingWith, type Standing } from './standing.ts';
import { topicRecord } from './topic-record.ts';
import type { EntryCodec } from './window-entry.ts';
import { windowsAway } from './windows-away.ts';

/** The topic of decisions, and what there is behind it. */
export interface KeepingTopic {
  /** Settles when the record is durable: in the topic, or in a journal from which it comes there. */
  keep(record: TopicRecord, options: { readonly withinMs: number }): Promise<TopicPlace | 'journal'>;
}

export interface KeeperParts {
  readonly log: WindowLog;
  readonly decisions: KeepingTopic;
  readonly codec: EntryCodec;
  readonly recent: RecentRecords;
  readonly finder: Pick<RecordFinder, 'firstOf'>;
}

/** What is kept beside the record. */
export interface Kept {
  /** Of its entries: that of its key. */
  readonly id: string;
  readonly tenant: string;
  readonly marks: readonly MarkEffect[];
  /** What was told of the payment before it came: its entities hear of it now. */
  readonly waited: readonly Told[];
  readonly names: readonly LogName[];
  readonly seqs: Readonly<Record<string, number>>;
  /** Beside that: its own entry, and its second name. */
  readonly standing: Standing;
  /** By `performance.now()`. */
  readonly answerBy: number;
  /** It was judged again, and another node may have kept its own. */
  readonly isReplay: boolean;
}

const LANDED_MAX = 1_000;
/** Told together they cost the logs less; the last few are looked at as if their node had died. */
const LANDED_AT_ONCE = 16;
const JOURNALED: Landing = { degraded: [{ part: 'log', cause: 'late', fallback: 'local_journal' }] };

export class Keeper {
  readonly #parts: KeeperParts;
  readonly #landed: string[] = [];

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** Settles when the record is durable; rejects with LogUnavailable where it is not known to be. */
  async keep(record: LogRecord, kept: Kept): Durable {
    const calls = [...this.#markCalls(record.key, kept), ...this.changeCalls(kept.names, kept.waited)];
    const { seqs, standing, answerBy } = kept;
    if (calls.length === 0) return this.#toTopic(topicRecord(record, seqs, standing), record, kept);
    let answers: readonly LogAnswer[] | undefined;
    try {
      answers = await this.#parts.log.call(calls, { withinMs: stageMs('windows', answerBy) });
    } catch (error) {
      // They have no place then: whoever restores finds those that are there, and adds the rest.
      windowsAway(error);
    }
    const whole = standingWith(standing, kept.waited, calls, answers);
    return this.#toTopic(topicRecord(record, seqs, whole), record, kept);
  }

  /** What is in none of the shared logs yet. */
  keepUnplaced(record: LogRecord, id: string, standing: Standing, answerBy: number): Durable {
    return this.#toTopic(topicRecord(record, undefined, standing), record, { id, answerBy, isReplay: true });
  }

  /** Ids of the entries of what was kept, once there are some. */
  takeLanded(): readonly string[] {
    return this.#landed.length < LANDED_AT_ONCE ? [] : this.#landed.splice(0);
  }

  async #toTopic(
    written: TopicRecord, record: LogRecord,
    { id, answerBy, isReplay }: Pick<Kept, 'id' | 'answerBy' | 'isReplay'>,
  ): Durable {
    const { decisions, recent, finder } = this.#parts;
    const keeping = decisions.keep(written, { withinMs: stageMs('keep', answerBy) });
    const place = await keeping.catch((error: unknown) => {
      throw new LogUnavailable('io_error', messageOf(error));
    });
    // Whom the shared logs have said to be the first need not look: what comes behind it does.
    const first = isReplay && place !== 'journal'
      ? await finder.firstOf(record.key, place, stageMs('find', answerBy)) : undefined;
    recent.add(first ?? record);
    // Beyond that they are looked at too, which changes nothing.
    if (this.#landed.length < LANDED_MAX) this.#landed.push(id);
    if (place === 'journal') return JOURNALED;
    return first === undefined || sameAnswer(first, record) ? undefined : { degraded: [], instead: first };
  }

  /** Each change to the log of each entity. Known is nothing: so that none is appended twice, ever. */
  changeCalls(
    names: readonly LogName[], told: readonly Pick<Told, 'id' | 'change'>[],
  ): readonly LogCall[] {
    return told.flatMap(({ id, change }) => {
      const bytes = this.#parts.codec.writeChange(change);
      return names.map((name) => ({ name, known: NOTHING_KNOWN, id, bytes }));
    });
  }

  #markCalls(key: string, { tenant, marks }: Kept): readonly LogCall[] {
    return marks.map(({ field, value, mark }, i) => ({
      name: { tenant, field, value }, known: NOTHING_KNOWN, id: entryId(`${key}\0mark\0${i}`),
      bytes: this.#parts.codec.writeMark(mark),
    }));
  }
}

const sameAnswer = (one: LogRecord, other: LogRecord): boolean =>
  Buffer.compare(answerBytes(one), answerBytes(other)) === 0;
