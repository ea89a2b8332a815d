/**
 * The simulated world: clients that send, time out, repeat themselves and make mistakes; a machine that
 * loses power and whose disk fills up; a clock that steps back; policies that change while payments are
 * under way.
 */
import type { DecideAnswer, RecordAnswer } from '#decisioning/call.ts';
import { arrivals } from './arrivals.ts';
import { Auditor, keyOf } from './auditor.ts';
import { BrakeLooks } from './brake-looks.ts';
import { bytesOf } from './message.ts';
import type { Message } from './message.ts';
import { LogUnavailable } from '#ports/decision-log.ts';
import { edition, NO_MEASURES } from './naive-policy.ts';
import type { Edition, Measures } from './naive-policy.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Machine, Subject } from './subject.ts';
import { Violation } from './violation.ts';
import type { VirtualTime } from './virtual-time.ts';
import { Workload } from './workload.ts';

/** A message and whether its client still wants an answer. */
interface Letter {
  readonly message: Message;
  state: 'waiting' | 'answered' | 'refused';
}

const CLIENT_PATIENCE_MS = 400;
const DAY_MS = 86_400_000;
/** Said by an engine that cannot take the message now: the client tries again. */
const TRY_AGAIN: readonly string[] = ['log_unavailable', 'starting', 'draining', 'shedding'];
const ROUND_COUNT_MAX = 20;
/** For so long after its last payment a storm is looked at. */
const STORM_TAIL_MS = 3_000;
const FAULT_IN_STORM_CHANCE = 0.03;
const CRASH_AT_LOOK_CHANCE = 0.1;

const FAULTS = {
  none: 906,
  snapshot: 8,
  crash: 22,
  restart: 8,
  diskFull: 6,
  writeFails: 6,
  syncFails: 6,
  publish: 6,
  publishRunning: 8,
  amend: 12,
  clockStep: 12,
} as const;

export class World {
  readonly auditor = new Auditor();
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #machine: Machine;
  readonly #workload: Workload;
  readonly #letters: Letter[] = [];
  #subject: Subject | undefined;
  /** Counts starts: what an engine of an earlier one says is not heard. */
  #life = 0;
  #edition: Edition = edition(1);
  #measures: Measures = NO_MEASURES;
  /** What may not be in force yet. */
  #changing: 'edition' | 'measures' | undefined;
  #calm = false;
  #failure: Error | undefined;
  readonly #looks: BrakeLooks;
  #stormUntilMs = 0;
  readonly counts = { crashes: 0, starts: 0, sendings: 0 };

  constructor(parts: { time: VirtualTime; random: SeededRandom; machine: Machine }) {
    this.#time = parts.time;
    this.#random = parts.random;
    this.#machine = parts.machine;
    this.#workload = new Workload(parts.random);
    this.#looks = new BrakeLooks({
      time: this.#time, subject: () => this.#subject, isTaken: () => this.#changing !== undefined,
      inForce: () => this.#measures, fail: (error) => this.#fail(error),
      braked: (measures) => {
        this.#measures = measures;
        this.auditor.braking(measures);
      },
      looking: () => {
        if (this.#time.nowMs > this.#stormUntilMs || !this.#random.chance(CRASH_AT_LOOK_CHANCE)) return;
        this.#time.after(this.#random.between(0, 8), () => this.#crash());
      },
    });
  }

  /**
   * Lets so many new messages happen, then ends every story, and has the books checked. Throws a Violation.
   */
  async run(messageCount: number): Promise<void> {
    this.#start();
    this.#planMessages(messageCount);
    await this.#untilQuiet();
    this.#calm = true;
    this.#machine.heal();
    await this.#answerAll();
    for (const withSnapshots of [true, false]) {
      await this.#restart(withSnapshots);
      for (const letter of this.#letters) this.#send(letter);
      this.#planMessages(12);
      await this.#untilQuiet();
      await this.#answerAll();
    }
    await this.#stop();
    this.auditor.settle(await this.#finish(this.#machine.brakings()));
    const problems = await this.#finish(this.#machine.replay());
    if (problems.length > 0) throw new Violation('P5', undefined, problems.join('\n'));
  }

  #planMessages(count: number): void {
    for (const { atMs, within } of arrivals(this.#random, count, this.#calm ? 'calm' : 'stormy')) {
      this.#time.after(atMs, () => this.#newMessage(within));
    }
  }

  #newMessage(within?: 'storm'): void {
    const random = this.#random;
    if (within !== undefined) this.#stormUntilMs = this.#time.nowMs + STORM_TAIL_MS;
    const letter: Letter = { message: this.#workload.next(this.#time.nowMs, within), state: 'waiting' };
    this.#letters.push(letter);
    const copies = random.chance(0.06) ? random.between(2, 5) : 1;
    for (let i = 0; i < copies; i++) this.#send(letter);
    if (random.chance(0.05)) this.#mistake(letter.message);
    if (random.chance(0.08)) this.#again();
    if (this.#calm || (within !== undefined && !random.chance(FAULT_IN_STORM_CHANCE))) return;
    this.#time.after(random.between(0, 6), () => this.#fault());
  }

  /** Sends an old letter once more. */
  #again(): void {
    const letter = this.#letters[this.#random.between(0, this.#letters.length - 1)];
    if (letter !== undefined) this.#send(letter);
  }

  #mistake(message: Message): void {
    const letter: Letter = { message: this.#workload.mistaken(message), state: 'waiting' };
    this.#letters.push(letter);
    this.#time.after(this.#random.between(0, 3), () => this.#send(letter));
  }

  #send(letter: Letter): void {
    const subject = this.#subject;
    if (subject === undefined) return this.#sendLater(letter);
    const { message } = letter;
    const life = this.#life;
    const call = { bytes: bytesOf(message, this.#random.chance(0.1)), tenant: message.tenant };
    this.counts.sendings++;
    this.auditor.sent(message, this.#time.clock.now());
    this.#looks.soon();
    const answer = message.family === 'tx' ? subject.decide(call) : subject.record(call);
    let heard = false;
    answer
      .then((said) => {
        heard = true;
        if (life === this.#life) this.#hear(letter, said);
      })
      .catch((error: unknown) => this.#fail(error));
    this.#time.after(CLIENT_PATIENCE_MS, () => {
      if (!heard) this.#sendLater(letter);
    });
    return undefined;
  }

  #sendLater(letter: Letter): void {
    if (letter.state !== 'waiting') return;
    const random = this.#random;
    const delayMs =
      this.#calm || random.chance(0.85)
        ? random.between(1, 2_000)
        : random.chance(0.7)
          ? random.between(1, 12) * 3_600_000
          : random.between(1, 9) * DAY_MS;
    this.#time.after(delayMs, () => this.#send(letter));
  }

  #hear(letter: Letter, said: DecideAnswer | RecordAnswer): void {
    switch (said.kind) {
      case 'decided':
        letter.state = 'answered';
        this.auditor.answered(letter.message, JSON.stringify(said.decision), said.replayed);
        break;
      case 'recorded':
        letter.state = 'answered';
        this.auditor.answered(letter.message, JSON.stringify(said.recorded), said.replayed);
        break;
      case 'refused':
        if (TRY_AGAIN.includes(said.refusal.code)) {
          this.auditor.note(keyOf(letter.message), `not now: ${said.refusal.code}`);
          this.#sendLater(letter);
          break;
        }
        if (letter.state === 'waiting') letter.state = 'refused';
        this.auditor.refused(letter.message, said.refusal.code);
        break;
      default:
        said satisfies never;
    }
  }

  #fault(): void {
    const random = this.#random;
    switch (random.weighted(FAULTS)) {
      case 'none':
        return;
      case 'crash':
        return this.#crash();
      case 'restart':
        return this.#closeAndStart();
      case 'snapshot':
        return this.#snapshot();
      case 'diskFull':
        return this.#machine.fillDisk(random.between(1, 3_000));
      case 'writeFails':
        return this.#machine.failDisk('write');
      case 'syncFails':
        return this.#machine.failDisk('fdatasync');
      case 'publish': {
        if (this.#isChanging) return undefined;
        this.#edition = edition(this.#edition.version + 1);
        return this.#closeAndStart();
      }
      case 'publishRunning': {
        if (this.#isChanging) return undefined;
        this.#edition = edition(this.#edition.version + 1);
        this.auditor.publishing(this.#edition);
        return this.#change('edition');
      }
      case 'amend': {
        if (this.#isChanging) return undefined;
        const measures = this.#workload.measures(this.#time.nowMs);
        if (this.#subject?.isInForce(this.#edition, measures)) return undefined;
        this.#measures = measures;
        this.auditor.amending(this.#measures);
        return this.#change('measures');
      }
      case 'clockStep': {
        this.#time.clockErrorMs = random.chance(0.5) ? 0 : random.between(-120_000, 1_000);
        this.auditor.note('', `the clock is off by ${this.#time.clockErrorMs} ms`);
        return undefined;
      }
      default:
        return undefined;
    }
  }

  /** A change at a time, and only of what runs, so that each is in the log exactly once, in this order. */
  get #isChanging(): boolean {
    return this.#subject === undefined || this.#changing !== undefined || this.#looks.isOpen;
  }

  /** Hands the running engine what is to be in force, until it is. */
  #change(what: 'edition' | 'measures'): void {
    this.#changing = what;
    const subject = this.#subject;
    const life = this.#life;
    if (subject === undefined) return;
    if (subject.isInForce(this.#edition, this.#measures)) {
      this.#changing = undefined;
      return;
    }
    const again = (): void => {
      if (life === this.#life) this.#change(what);
    };
    const done = what === 'edition' ? subject.publish(this.#edition) : subject.amend(this.#measures);
    done.then(() => this.#time.after(1, again), (error: unknown) => {
      if (life !== this.#life) return;
      if (error instanceof LogUnavailable) this.#time.after(500, again);
      else this.#fail(error);
    });
  }

  #crash(): void {
    this.auditor.note('', 'power off');
    this.counts.crashes++;
    const life = ++this.#life;
    this.#subject = undefined;
    this.#machine.crash();
    if (this.#random.chance(0.3)) this.#machine.dropSnapshots().catch((error: unknown) => this.#fail(error));
    this.#time.after(this.#random.between(1, 500), () => {
      if (life === this.#life) this.#start();
    });
  }

  #snapshot(): void {
    const life = this.#life;
    this.#subject?.snapshot().catch((error: unknown) => {
      if (life === this.#life && !this.#machine.hasFault) this.#fail(error);
    });
  }

  #start(): void {
    const life = ++this.#life;
    this.counts.starts++;
    this.auditor.publishing(this.#edition);
    this.#machine
      .open(this.#edition)
      .then((subject) => {
        if (life !== this.#life) return;
        this.auditor.note('', 'started');
        this.#subject = subject;
        if (this.#changing !== undefined) this.#change(this.#changing);
        this.#looks.learn(subject);
      })
      .catch((error: unknown) => {
        if (life !== this.#life) return;
        if (!this.#machine.hasFault) return this.#fail(error);
        this.auditor.note('', 'did not start on a bad disk');
        this.#time.after(1_000, () => {
          if (life === this.#life) this.#start();
        });
      });
    // The engine may lose power while it starts.
    if (!this.#calm && this.#random.chance(0.05)) {
      this.#time.after(this.#random.between(0, 10), () => {
        if (life === this.#life) this.#crash();
      });
    }
  }

  /** A clean stop, and a start: with another policy if one was published meanwhile. */
  #closeAndStart(): void {
    const subject = this.#subject;
    if (subject === undefined) return;
    this.#subject = undefined;
    const life = this.#life;
    this.auditor.note('', 'stops');
    subject
      .close()
      .catch((error: unknown) => {
        if (!this.#machine.hasFault) this.#fail(error);
      })
      .finally(() => {
        if (life === this.#life) this.#start();
      });
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }

  async #untilQuiet(): Promise<void> {
    while (await this.#time.step()) {
      if (this.#failure !== undefined) throw this.#failure;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #answerAll(): Promise<void> {
    for (let round = 0; round < ROUND_COUNT_MAX; round++) {
      if (this.#subject === undefined) this.#start();
      await this.#untilQuiet();
      const waiting = this.#letters.filter(({ state }) => state === 'waiting');
      if (waiting.length === 0) return;
      for (const letter of waiting) this.#send(letter);
      await this.#untilQuiet();
    }
    const [letter] = this.#letters.filter(({ state }) => state === 'waiting');
    throw new Violation(
      'P4',
      letter && keyOf(letter.message),
      'is never answered on a machine without faults',
    );
  }

  async #stop(): Promise<void> {
    const subject = this.#subject;
    this.#subject = undefined;
    if (subject !== undefined) await this.#finish(subject.close());
  }

  async #restart(withSnapshots: boolean): Promise<void> {
    await this.#stop();
    if (!withSnapshots) await this.#machine.dropSnapshots();
    this.#start();
    await this.#untilQuiet();
  }

  /** Lets the world go on until the promise settles. */
  async #finish<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const ended = promise.finally(() => {
      done = true;
    });
    ended.catch(() => undefined);
    await this.#untilQuiet();
    if (!done) throw new Error('the engine waits for something that never happens');
    return ended;
  }
}
