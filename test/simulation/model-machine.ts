/**
 * An engine written straight from the promises, with the naive books inside and a list for a disk. It shows
 * that the auditor can be satisfied, and, with one promise broken at a time, that it cannot be fooled.
 */
import { isDeepStrictEqual } from 'node:util';
import { refused } from '#decisioning/call.ts';
import type { DecideAnswer, DecideCall, RecordAnswer } from '#decisioning/call.ts';
import { effectiveTime } from './check-decision.ts';
import { keyOf } from './auditor.ts';
import type { Message } from './message.ts';
import { naiveFeatures } from './naive-features.ts';
import type { Arrival } from './naive-features.ts';
import { naiveJudgement, NO_MEASURES } from './naive-policy.ts';
import type { Edition, Measures } from './naive-policy.ts';
import { parseMessage } from './parse-message.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Machine, Subject } from './subject.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One way of not keeping a promise. */
export type Sabotage =
  | 'drops a record'
  | 'counts twice'
  | 'answers before it is durable'
  | 'changes the body on a retry'
  | 'sees what is exactly a window old'
  | 'sees what is later than itself'
  | 'mixes tenants'
  | 'takes the second payload'
  | 'forgets label changes at a restart'
  | 'keeps the old policy'
  | 'lets time go by unclamped'
  | 'says one outcome less'
  | 'acts where it is held'
  | 'draws anew each time'
  | 'brakes for no reason';

interface Change {
  readonly edition: Edition;
  readonly measures: Measures;
}

interface Entry {
  readonly key: string;
  readonly arrival: Arrival | undefined;
  /** What is in force from here on. */
  readonly change: Change | undefined;
  readonly body: string;
}

const FLUSH_MS = 2;

export class ModelMachine implements Machine {
  readonly hasFault = false;
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #sabotage: Sabotage | undefined;
  /** The disk; the first `#durableCount` entries survive a crash, of the rest a beginning may. */
  readonly #entries: Entry[] = [];
  #durableCount = 0;
  #life = 0;
  readonly #brakings: number[] = [];
  readonly #missingLabels = new Set<string>();

  constructor(parts: { time: VirtualTime; random: SeededRandom; sabotage?: Sabotage }) {
    this.#time = parts.time;
    this.#random = parts.random;
    this.#sabotage = parts.sabotage;
  }

  async open(edition: Edition): Promise<Subject> {
    this.#life++;
    await this.#time.clock.sleep(3);
    if (this.#change?.edition !== edition) this.#publish(edition);
    this.#durableCount = this.#entries.length;
    if (this.#sabotage === 'forgets label changes at a restart') {
      for (const { arrival, key } of this.#entries)
        if (arrival?.message.family === 'event') this.#missingLabels.add(key);
    }
    return {
      decide: (call) => this.#take(call) as Promise<DecideAnswer>,
      record: (call) => this.#take(call) as Promise<RecordAnswer>,
      publish: (next) => {
        this.#publish(next);
        return this.#flushed();
      },
      amend: (measures) => {
        this.#enact(this.#change?.edition ?? edition, measures);
        return this.#flushed();
      },
      isInForce: (wanted, measures) =>
        this.#change?.edition === wanted && isDeepStrictEqual(this.#change.measures, measures),
      look: () => {
        this.#brake(edition);
        return this.#flushed();
      },
      braked: (measures) => {
        const now = this.#change?.measures ?? NO_MEASURES;
        return isDeepStrictEqual(now, measures) ? measures : now;
      },
      snapshot: () => Promise.resolve(),
      close: () => this.#time.clock.sleep(FLUSH_MS + 1),
    };
  }

  /** It never needs to. */
  #brake(edition: Edition): void {
    if (this.#sabotage !== 'brakes for no reason' || !this.#random.chance(0.02)) return;
    const { measures = NO_MEASURES } = this.#change ?? {};
    const since = new Date(this.#time.clock.now()).toISOString();
    const held = [...measures.held, { rule: 'burst', kind: undefined, since, because: 'no reason' }];
    this.#enact(this.#change?.edition ?? edition, { ...measures, held });
    this.#brakings.push(this.#entries.length);
  }

  get #change(): Change | undefined {
    return this.#entries.findLast(({ change }) => change !== undefined)?.change;
  }

  /** What amended the one before goes on, in an entry of its own. */
  #publish(edition: Edition): void {
    const { measures = NO_MEASURES } = this.#change ?? {};
    this.#enact(edition, NO_MEASURES);
    if (!isDeepStrictEqual(measures, NO_MEASURES)) this.#enact(edition, measures);
    // Both at once, or neither.
    this.#durableCount = this.#entries.length;
  }

  #enact(edition: Edition, measures: Measures): void {
    this.#entries.push({ key: '', arrival: undefined, change: { edition, measures }, body: '' });
  }

  crash(): void {
    this.#life++;
    this.#entries.length = this.#random.between(this.#durableCount, this.#entries.length);
    while ((this.#brakings.at(-1) ?? 0) > this.#entries.length) this.#brakings.pop();
    this.#durableCount = this.#entries.length;
  }

  fillDisk(): void {
    /* a list has room */
  }
  failDisk(): void {
    /* and does not fail */
  }
  async dropSnapshots(): Promise<void> {
    /* there are none */
  }
  heal(): void {
    /* it is well */
  }
  brakings(): Promise<readonly number[]> {
    return Promise.resolve(this.#brakings);
  }
  replay(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  async #take(call: Pick<DecideCall, 'bytes' | 'tenant'>): Promise<DecideAnswer | RecordAnswer> {
    const message = parseMessage(call.bytes, call.tenant);
    const key = keyOf(message);
    const earlier = this.#entries.findIndex((entry) => entry.key === key);
    if (earlier >= 0) return this.#resend(earlier, message);
    const changes = this.#entries.flatMap((entry) => entry.change ?? []);
    const change = changes.at(this.#sabotage === 'keeps the old policy' ? 0 : -1);
    if (change === undefined) throw new Error('a machine opens with an edition');
    const { trial } = change.measures;
    const isShaken = trial !== undefined && this.#sabotage === 'draws anew each time';
    const live = isShaken && this.#random.chance(0.5) ? change.edition : drawn(message, change);
    const receivedAtMs = this.#time.clock.now();
    const { tMs, adjusted } = effectiveTime(message, receivedAtMs);
    if (message.family === 'tx' && adjusted !== undefined && live.outside === 'refuse') {
      return refused('outside_time_tolerance', 'too far from now');
    }
    const position = this.#entries.length + 1;
    const arrival = {
      message,
      position,
      receivedAtMs,
      tMs: this.#sabotage === 'lets time go by unclamped' ? message.occurredAtMs : tMs,
    };
    const body = JSON.stringify({
      ...this.#judge(arrival, live, change.measures),
      ...(adjusted === undefined ? {} : { adjusted }),
    });
    if (this.#sabotage !== 'drops a record' || !this.#random.chance(0.02)) {
      this.#entries.push({ key, arrival, change: undefined, body });
    }
    if (this.#sabotage === 'counts twice' && this.#random.chance(0.02)) {
      this.#entries.push({
        key: `${key} again`,
        arrival: { ...arrival, position: position + 1 },
        change: undefined,
        body,
      });
    }
    if (this.#sabotage !== 'answers before it is durable') await this.#flushed();
    return answer(message, body, false);
  }

  async #flushed(): Promise<void> {
    const [life, count] = [this.#life, this.#entries.length];
    await this.#time.clock.sleep(FLUSH_MS);
    if (life !== this.#life)
      return new Promise(() => {
        /* the power is off: nobody is answered */
      });
    this.#durableCount = Math.max(this.#durableCount, count);
    return undefined;
  }

  async #resend(index: number, message: Message): Promise<DecideAnswer | RecordAnswer> {
    const entry = this.#entries[index];
    await this.#flushed();
    if (entry?.arrival === undefined) throw new Error('a message has an arrival');
    const same = isDeepStrictEqual(entry.arrival.message, message);
    if (!same && this.#sabotage !== 'takes the second payload')
      return refused('id_conflict', 'another payload');
    const body =
      this.#sabotage === 'changes the body on a retry'
        ? entry.body.replace(/"score":0/, '"score":1')
        : entry.body;
    return answer(message, body, true);
  }

  #judge(arrival: Arrival, live: Edition, inForce: Measures): object {
    const { message, position, receivedAtMs } = arrival;
    const past = this.#past(arrival);
    const created = { log_position: { position }, created_at: new Date(receivedAtMs).toISOString() };
    if (message.family === 'event') {
      const waits =
        (message.type === 'status' || message.type === 'label') &&
        !past.some((one) => one.message.family === 'tx' && one.message.id === message.transactionId);
      return {
        object: 'event',
        id: message.id,
        type: message.type,
        state: waits ? 'waiting' : 'counted',
        ...created,
      };
    }
    const features = naiveFeatures({ ...arrival, message }, past);
    const measures = this.#sabotage === 'acts where it is held' ? { ...inForce, held: [] } : inForce;
    const judged = naiveJudgement({ ...arrival, message }, features, live, measures);
    const outcome =
      this.#sabotage === 'says one outcome less' && judged.outcome === 'decline' ? 'hold' : judged.outcome;
    return {
      object: 'decision',
      transaction_id: message.id,
      ...judged,
      outcome,
      features,
      reasons: judged.reasons.map(parseReason),
      unknown: judged.unknown.map((rule) => ({ rule })),
      policy: { name: 'audit', version: live.version, hash: live.hash },
      degraded: judged.degraded.map((part) => ({ part })),
      ...created,
    };
  }

  #past(now: Arrival): readonly Arrival[] {
    const { tenant } = now.message;
    const past = this.#entries
      .flatMap(({ arrival, key }) => (arrival === undefined || this.#missingLabels.has(key) ? [] : [arrival]))
      .filter((one) => one.message.tenant === tenant || this.#sabotage === 'mixes tenants');
    if (this.#sabotage === 'sees what is exactly a window old')
      return past.map((one) => ({ ...one, tMs: one.tMs + 1 }));
    if (this.#sabotage === 'sees what is later than itself')
      return past.map((one) => ({ ...one, tMs: Math.min(one.tMs, now.tMs) }));
    return past;
  }
}

/** Of a trial, the cards whose name says so. */
function drawn(message: Message, { edition, measures: { trial } }: Change): Edition {
  if (trial === undefined || message.family !== 'tx') return edition;
  const digit = Number((message.card ?? message.id).at(-1));
  return digit < 10 * trial.share ? trial.edition : edition;
}

function answer(message: Message, body: string, replayed: boolean): DecideAnswer | RecordAnswer {
  const parsed = JSON.parse(body) as never;
  return message.family === 'tx'
    ? { kind: 'decided', decision: parsed, replayed }
    : { kind: 'recorded', recorded: parsed, replayed };
}

function parseReason(text: string): object {
  const [rule, effect] = text.split(' ');
  return { rule, effect };
}
