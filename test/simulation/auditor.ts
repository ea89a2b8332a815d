/**
 * The auditor's books: what clients sent and what they were answered, and nothing else. It never reads the
 * engine.
 *
 * While the world runs it holds every answer to the ones before (one id, one body). At the end every message
 * has been sent until it was answered, so each has its position, and each decision can be worked out again
 * by hand.
 */
import { checkBrake } from './check-brake.ts';
import type { Answered as AnsweredPayment } from './check-brake.ts';
import { checkDecision, effectiveTime } from './check-decision.ts';
import type { SeenDecision } from './check-decision.ts';
import type { Message, Payment } from './message.ts';
import type { Arrival } from './naive-features.ts';
import { NO_MEASURES } from './naive-policy.ts';
import type { Edition, Held, Measures } from './naive-policy.ts';
import { Violation } from './violation.ts';

/** What is remembered of one id of one tenant. */
interface Account {
  /** Different payloads under this id; more than one only where a client made a mistake. */
  readonly payloads: Message[];
  /** Moments of arrival, by payload. */
  readonly arrivals: { readonly payload: number; readonly atMs: number }[];
  /** Payloads that were refused because another one had been recorded. */
  readonly conflicts: Set<number>;
  answer: Answered | undefined;
  answeredFirst: boolean;
}

interface Answered {
  readonly payload: number;
  readonly body: string;
  readonly position: number;
  readonly receivedAtMs: number;
}

interface SeenRecorded {
  readonly id: string;
  readonly type: string;
  readonly state: string;
  readonly log_position: { readonly position: number };
  readonly adjusted?: object;
  readonly created_at: string;
}

/** What was published or amended, and how many records that is. */
interface Change {
  readonly edition: Edition;
  readonly measures: Measures;
  readonly records: number;
  /** What the brake has added to the measures before; of others nothing. */
  readonly braked?: readonly Held[];
}

const isNothing = ({ held, snoozes, trial }: Measures): boolean =>
  held.length === 0 && snoozes.length === 0 && trial === undefined;

const TRACE_LINE_COUNT_MAX = 40;

export const keyOf = (message: Message): string => `${message.tenant}/${message.family}/${message.id}`;

export class Auditor {
  readonly #accounts = new Map<string, Account>();
  readonly #byPosition = new Map<number, string>();
  readonly #changes: Change[] = [];
  /** Did a trial decide for a card, or for a payment without one, by what it was drawn with? */
  readonly #tried = new Map<string, boolean>();
  readonly #lines: { readonly key: string; readonly text: string }[] = [];
  decisionCount = 0;
  answerCount = 0;
  brakeCount = 0;

  note(key: string, text: string): void {
    this.#lines.push({ key, text });
  }

  sent(message: Message, atMs: number): void {
    const key = keyOf(message);
    let account = this.#accounts.get(key);
    if (account === undefined) {
      account = { payloads: [], arrivals: [], conflicts: new Set(), answer: undefined, answeredFirst: false };
      this.#accounts.set(key, account);
    }
    if (!account.payloads.includes(message)) account.payloads.push(message);
    account.arrivals.push({ payload: account.payloads.indexOf(message), atMs });
    this.note(key, `sent payload ${account.payloads.indexOf(message)}: ${JSON.stringify(message)}`);
  }

  /** The edition is handed to the engine, and will be until it is live. */
  publishing(edition: Edition): void {
    const { edition: live, measures = NO_MEASURES } = this.#changes.at(-1) ?? {};
    // What amends the one before goes on with it, in a record of its own directly behind.
    if (live !== edition) this.#changes.push({ edition, measures, records: isNothing(measures) ? 1 : 2 });
    this.note('', `policy ${edition.version} is published`);
  }

  /** These take the place of those before; they are handed to the engine until they are in force. */
  amending(measures: Measures): void {
    const last = this.#changes.at(-1);
    if (last === undefined) throw new Error('an edition comes first');
    this.#changes.push({ edition: last.edition, measures, records: 1 });
    this.note('', `amended: ${JSON.stringify({ ...measures, trial: measures.trial?.edition.version })}`);
  }

  /** The engine says that the brake has made these of the measures before. */
  braking(measures: Measures): void {
    const last = this.#changes.at(-1);
    if (last === undefined) throw new Error('an edition comes first');
    const braked = measures.held.slice(last.measures.held.length);
    this.#changes.push({ edition: last.edition, measures, records: 1, braked });
    this.brakeCount++;
    this.note('', `braked: ${JSON.stringify(braked)}, share of the trial: ${measures.trial?.share}`);
  }

  /** An answer came: `body` is the stored answer as text, without `replayed`. */
  answered(message: Message, body: string, replayed: boolean): void {
    const key = keyOf(message);
    const account = this.#account(key);
    const payload = account.payloads.indexOf(message);
    const seen = parseAnswer(body);
    const { position } = seen.log_position;
    this.answerCount++;
    this.note(key, `answered payload ${payload} at position ${position}, replayed: ${replayed}`);
    if (account.conflicts.has(payload)) {
      throw new Violation('P3', key, `payload ${payload} was refused as a conflict and is answered now`);
    }
    const { answer } = account;
    if (!replayed && account.answeredFirst)
      throw new Violation('P3', key, 'answered as new for the second time');
    if (!replayed && answer !== undefined)
      throw new Violation('P4', key, 'was answered, is forgotten, is answered as new');
    account.answeredFirst ||= !replayed;
    if (answer === undefined) {
      account.answer = this.#first(key, account, payload, body, seen);
      return;
    }
    if (answer.payload !== payload)
      throw new Violation('P3', key, `two payloads were answered: ${answer.payload}, ${payload}`);
    if (answer.body !== body) throw new Violation('P3', key, `two bodies:\n  ${answer.body}\n  ${body}`);
  }

  #first(
    key: string,
    account: Account,
    payload: number,
    body: string,
    seen: SeenRecorded | SeenDecision,
  ): Answered {
    const { position } = seen.log_position;
    const other = this.#byPosition.get(position);
    if (other !== undefined)
      throw new Violation('P4', key, `has position ${position}, which ${other} was answered with`);
    this.#byPosition.set(position, key);
    const receivedAtMs = Date.parse(seen.created_at);
    if (!account.arrivals.some((one) => one.payload === payload && one.atMs === receivedAtMs)) {
      throw new Violation('P6', key, `created_at ${seen.created_at} is no moment at which it was sent`);
    }
    return { payload, body, position, receivedAtMs };
  }

  refused(message: Message, code: string): void {
    const key = keyOf(message);
    const account = this.#account(key);
    const payload = account.payloads.indexOf(message);
    this.note(key, `refused payload ${payload}: ${code}`);
    if (code === 'id_conflict') {
      if (account.answer?.payload === payload)
        throw new Violation('P3', key, 'refused as a conflict with itself');
      account.conflicts.add(payload);
      return;
    }
    // Refused because of when it came. What has been answered before is answered again, however late.
    const sendings = account.arrivals.filter((one) => one.payload === payload);
    const outside = sendings.some(({ atMs }) => effectiveTime(message, atMs).tMs !== message.occurredAtMs);
    if (code !== 'outside_time_tolerance' || message.family !== 'tx' || !outside) {
      throw new Violation('P3', key, `refused with ${code} for no reason`);
    }
    if (account.answer !== undefined) throw new Violation('P4', key, 'was answered, and is refused now');
  }

  /** Was this payload answered? */
  isAnswered(message: Message): boolean {
    return this.#accounts.get(keyOf(message))?.answer !== undefined;
  }

  #account(key: string): Account {
    const account = this.#accounts.get(key);
    if (account === undefined) throw new Error(`${key} was never sent`);
    return account;
  }

  /**
   * Works everything out again, when every message has been answered or refused for good. Throws the first
   * Violation in order of position.
   */
  settle(brakings: readonly number[]): void {
    for (const [key, { answer, conflicts }] of this.#accounts) {
      if (answer === undefined && conflicts.size > 0) {
        throw new Violation('P3', key, 'refused as a conflict, and yet no payload of this id was recorded');
      }
    }
    const { inForce, records } = this.#changesByPosition();
    const answered: AnsweredPayment[] = [];
    const before = new Map<string, Arrival[]>();
    for (const [position, key] of [...this.#byPosition].toSorted(([a], [b]) => a - b)) {
      const arrival = this.#arrivalAt(key, position);
      const past = before.get(arrival.message.tenant) ?? [];
      before.set(arrival.message.tenant, past);
      this.#check(key, arrival, past, inForce(position));
      past.push(arrival);
      const { message: { family, ...message }, receivedAtMs } = arrival;
      if (family !== 'tx') continue;
      const seen = parseAnswer(this.#account(key).answer?.body ?? '');
      answered.push({ kind: 'kind' in message ? message.kind : '', receivedAtMs, seen });
    }
    this.#checkBrakings(brakings, records, answered);
  }

  /** The log has the brake's amendments where the books have them, and each was made for a reason. */
  #checkBrakings(
    inLog: readonly number[], records: readonly (readonly [position: number, change: Change])[],
    answered: readonly AnsweredPayment[],
  ): void {
    const inBooks = records.filter(([, { braked }]) => braked !== undefined);
    const [got, want] = [inLog.join(), inBooks.map(([position]) => position).join()];
    if (got !== want) {
      throw new Violation('P10', undefined, `the log has brakes at ${got}, the books at ${want}`);
    }
    for (const [position, { braked = [] }] of inBooks) {
      for (const held of braked) checkBrake(held, position, answered);
    }
  }

  #arrivalAt(key: string, position: number): Arrival {
    const { answer, payloads } = this.#account(key);
    const message = payloads[answer?.payload ?? -1];
    if (answer === undefined || message === undefined) throw new Error(`${key} has a position and no answer`);
    const { tMs } = effectiveTime(message, answer.receivedAtMs);
    return { message, position, receivedAtMs: answer.receivedAtMs, tMs };
  }

  #check(key: string, arrival: Arrival, past: readonly Arrival[], change: Change): void {
    const body = this.#account(key).answer?.body ?? '';
    const { message } = arrival;
    if (message.family === 'tx') {
      this.decisionCount++;
      const { tMs, adjusted } = effectiveTime(message, arrival.receivedAtMs);
      const seen = parseAnswer(body);
      const live = this.#armOf(key, message, seen, change);
      if (adjusted !== undefined && live.outside === 'refuse') {
        throw new Violation('P6', key, `policy ${live.version} refuses payments outside its tolerance`);
      }
      checkDecision(key, seen, { ...arrival, message, tMs }, past, live, change.measures);
      return;
    }
    const seen = parseAnswer(body);
    const waits =
      (message.type === 'status' || message.type === 'label') &&
      !past.some((one) => one.message.family === 'tx' && one.message.id === message.transactionId);
    const { adjusted } = effectiveTime(message, arrival.receivedAtMs);
    const want = JSON.stringify([message.id, message.type, waits ? 'waiting' : 'counted', adjusted]);
    const got = JSON.stringify([seen.id, seen.type, seen.state, seen.adjusted]);
    if (got !== want) throw new Violation('P2', key, `the event is ${got}, the books say ${want}`);
  }

  /** The edition in force; in a trial the one that the answer names, the same for a card as ever before. */
  #armOf(
    key: string,
    message: Payment,
    seen: SeenDecision,
    { edition, measures: { trial } }: Change,
  ): Edition {
    if (trial === undefined) return edition;
    const isTried = seen.policy.hash === trial.edition.hash;
    const drawnBy = `${trial.salt} ${trial.share} ${message.card ?? message.id}`;
    const before = this.#tried.get(drawnBy) ?? isTried;
    this.#tried.set(drawnBy, before);
    if (before !== isTried) {
      throw new Violation('P6', key, `policy ${seen.policy.version} decides, and not always for this card`);
    }
    return isTried ? trial.edition : edition;
  }

  /**
   * Positions that no message has are publications and amendments: as many as were made, in the order in
   * which they were. One that was cut off is made again after the next start, and is one record all the same.
   */
  #changesByPosition(): {
    readonly inForce: (position: number) => Change;
    readonly records: readonly (readonly [position: number, change: Change])[];
  } {
    const last = Math.max(0, ...this.#byPosition.keys());
    const gaps = Array.from({ length: last }, (_, index) => index + 1).filter(
      (at) => !this.#byPosition.has(at),
    );
    const records = this.#changes.flatMap((change) => Array.from({ length: change.records }, () => change));
    if (gaps.length !== records.length) {
      throw new Violation(
        'P2',
        undefined,
        `positions ${gaps.join(', ')} belong to no message; ` +
          `${records.length} records of policies were made, and nothing else was sent`,
      );
    }
    const inForce = (position: number): Change => {
      const change = records[gaps.findLastIndex((gap) => gap < position)];
      if (change === undefined) throw new Violation('P6', undefined, `no policy was live at ${position}`);
      return change;
    };
    return { inForce, records: records.map((change, i) => [gaps[i] ?? 0, change] as const) };
  }

  /** What led to it: the messages of the same entity, their answers, and what happened to the machine. */
  trace(cause: Error): readonly string[] {
    const key = cause instanceof Violation ? cause.key : undefined;
    const about = key === undefined ? undefined : this.#accounts.get(key)?.payloads[0];
    if (about === undefined) return this.lines.slice(-TRACE_LINE_COUNT_MAX);
    const related = (one: Message): boolean =>
      one.tenant === about.tenant &&
      (one.id === about.id ||
        (one.card !== undefined && one.card === about.card) ||
        (one.family === 'event' && one.transactionId === about.id));
    const keys = new Set(
      [...this.#accounts].flatMap(([one, { payloads }]) => (payloads.some(related) ? [one] : [])),
    );
    const told = this.#lines.filter((line) => line.key === '' || keys.has(line.key));
    const end = told.findLastIndex((line) => line.key === key);
    return told
      .slice(0, end + 1)
      .slice(-TRACE_LINE_COUNT_MAX)
      .map(({ key: of, text }) => `${of} ${text}`);
  }

  get lines(): readonly string[] {
    return this.#lines.map(({ key, text }) => `${key} ${text}`);
  }
}

const parseAnswer = (body: string): SeenDecision & SeenRecorded =>
  JSON.parse(body) as SeenDecision & SeenRecorded;
