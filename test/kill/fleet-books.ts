/**
 * The auditor of a fleet: what clients were answered against what the topic holds. It reads the records as
 * text, and knows nothing of how a node makes them.
 */
import type { WrittenRecord } from '#ports/topic.ts';

export interface Answer {
  readonly id: string;
  readonly card: string;
  /** As it came, without what a call may say of itself: whether it is a replay, and how it was kept. */
  readonly stored: string;
}

/** The parts that are the same in an answer and in its record. */
const PARTS = [
  'id', 'transaction_id', 'outcome', 'log_position', 'policy', 'features', 'created_at',
] as const;
const CARD = 'card.id';
const PROBLEM_COUNT_MAX = 20;

interface Decided {
  readonly log_position: { readonly windows?: Readonly<Record<string, number>> };
  readonly features: Readonly<Record<string, unknown>>;
  readonly degraded: readonly { readonly part: string }[];
}

/** Where a payment stands in the log of its card, and the count of its answer; none without windows. */
interface Place { readonly id: string; readonly seq: number; readonly count: number | undefined }

export interface Audit {
  readonly records: number;
  /** Later records of a key: copies, and records that say where a degraded payment came to stand. */
  readonly copies: number;
  /** Of those, the ones that decide otherwise than the first: the first holds, and they are told of. */
  readonly differing: number;
  readonly withoutWindows: number;
  readonly unplaced: number;
  readonly problems: readonly string[];
}

export class FleetBooks {
  readonly #answers = new Map<string, Answer>();
  readonly #problems: string[] = [];
  readonly #firsts = new Map<string, string>();
  /** Place of a payment that was decided without windows, from the last record that says it. */
  readonly #placed = new Map<string, number>();
  #copies = 0;
  #differing = 0;

  get answered(): number {
    return this.#answers.size;
  }

  has(id: string): boolean {
    return this.#answers.has(id);
  }

  /** Every answer that a client hears, also the second of a payment. */
  hear(answer: Answer): void {
    const before = this.#answers.get(answer.id);
    if (before === undefined) this.#answers.set(answer.id, answer);
    else if (before.stored !== answer.stored) {
      this.problem(`${answer.id} has two answers:\n${before.stored}\n${answer.stored}`);
    }
  }

  problem(what: string): void {
    if (this.#problems.length < PROBLEM_COUNT_MAX) this.#problems.push(what);
  }

  /** Records of the topic, each partition in its order. */
  read({ key, value, headers }: WrittenRecord): void {
    const [, family, id] = key.split('\0');
    if (family !== 'tx' || id === undefined) return;
    const text = Buffer.from(value).toString();
    const { windows } = headers;
    const seq = windows === undefined ? undefined : seqOf(Buffer.from(windows).toString());
    if (seq !== undefined) this.#placed.set(id, seq);
    const first = this.#firsts.get(id);
    if (first === undefined) this.#firsts.set(id, text);
    else {
      this.#copies++;
      if (first !== text) this.#differing++;
    }
  }

  audit(): Audit {
    const byCard = new Map<string, Place[]>();
    let withoutWindows = 0;
    let unplaced = 0;
    for (const { id, card, stored } of this.#answers.values()) {
      const first = this.#firsts.get(id);
      if (first === undefined) {
        this.problem(`${id} was answered, and the topic does not have it`);
        continue;
      }
      this.#compare(id, stored, first);
      const { log_position: { windows = {} }, features } = parseDecided(first);
      const count = windows[CARD] === undefined ? undefined : Number(features['card_count_1h']);
      const seq = windows[CARD] ?? this.#placed.get(id);
      if (count === undefined) withoutWindows++;
      if (seq === undefined) unplaced++;
      else byCard.set(card, [...byCard.get(card) ?? [], { id, seq, count }]);
    }
    for (const [card, places] of byCard) this.#checkCounts(card, places);
    const { size: records } = this.#firsts;
    return {
      records, copies: this.#copies, differing: this.#differing, withoutWindows, unplaced,
      problems: this.#problems,
    };
  }

  #compare(id: string, stored: string, record: string): void {
    const [answer, kept] = [parseParts(stored), parseParts(record)];
    for (const part of PARTS) {
      const [said, is] = [JSON.stringify(answer[part]), JSON.stringify(kept[part])];
      if (said !== is) this.problem(`${id}: the answer says ${part} ${said}, its record ${is}`);
    }
  }

  /** A count is how many stand up to its own place: no gap, no tie, nobody twice. */
  #checkCounts(card: string, places: readonly Place[]): void {
    const sorted = places.toSorted((a, b) => a.seq - b.seq);
    for (const [at, { id, seq, count }] of sorted.entries()) {
      if (sorted[at - 1]?.seq === seq) this.problem(`${card}: two payments stand at ${seq}, one is ${id}`);
      if (count === undefined || count === at + 1) continue;
      this.problem(`${card}: ${id} at ${seq} is payment ${at + 1} and was answered the count ${count}`);
    }
  }
}

/** What all copies of one answer have in common. */
export function storedPart(body: string): string {
  const { replayed: _, ...rest } = parseParts(body);
  const degraded = parseDecided(body).degraded.filter(({ part }) => part !== 'log');
  return JSON.stringify({ ...rest, degraded });
}

const parseParts = (text: string): Readonly<Record<string, unknown>> =>
  JSON.parse(text) as Readonly<Record<string, unknown>>;
const parseDecided = (text: string): Decided => JSON.parse(text) as Decided;
const seqOf = (windows: string): number | undefined =>
  (JSON.parse(windows) as Readonly<Record<string, number>>)[CARD];
