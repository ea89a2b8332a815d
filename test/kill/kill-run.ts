/**
 * A real server under load, killed again and again with SIGKILL. Clients keep what they were answered and
 * send the rest once more; at the end every answer must be there, byte for byte, and every card counted
 * without gap or tie.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Caller, parseAnswer } from '../server/caller.ts';
import type { PaymentSent, Response } from '../server/caller.ts';
import { runAssay, ServerProcess } from '../server/server-process.ts';
import { countProblems } from './count-problems.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';

export interface KillReport {
  readonly kills: number;
  readonly payments: number;
  /** Sendings that broke off: nobody could say whether they counted. */
  readonly unanswered: number;
  /** Of those, the ones that had been recorded before the kill. */
  readonly foundRecorded: number;
  readonly seconds: number;
  /** Sentences; none is a pass. */
  readonly problems: readonly string[];
}

export interface KillPlan {
  readonly seed: number;
  readonly kills: number;
  readonly connections: number;
  readonly perSecond: number;
  readonly progress?: (line: string) => void;
}

const CARD_COUNT = 12;
const ALIVE_MS = { min: 30, max: 500 } as const;
const PROBLEM_COUNT_MAX = 20;

export async function killRun(plan: KillPlan): Promise<KillReport> {
  const startedAtMs = performance.now();
  const server = await ServerProcess.make();
  const run = new KillRun(plan, server);
  try {
    await run.load();
    await run.check();
  } finally {
    await server.remove();
  }
  return { ...run.report, seconds: Math.round((performance.now() - startedAtMs) / 100) / 10 };
}

class KillRun {
  readonly #plan: KillPlan;
  readonly #server: ServerProcess;
  readonly #random: SeededRandom;
  /** One moment for all: then every earlier payment on the card is in the window. */
  readonly #occurredAt = new Date().toISOString();
  readonly #answers = new Map<string, { readonly payment: PaymentSent; readonly stored: string }>();
  readonly #unanswered: PaymentSent[] = [];
  readonly #problems: string[] = [];
  #count = 0;
  #brokenOff = 0;
  #foundRecorded = 0;
  #kills = 0;

  constructor(plan: KillPlan, server: ServerProcess) {
    this.#plan = plan;
    this.#server = server;
    this.#random = new SeededRandom(plan.seed);
  }

  get report(): Omit<KillReport, 'seconds'> {
    return {
      kills: this.#kills,
      payments: this.#count,
      unanswered: this.#brokenOff,
      foundRecorded: this.#foundRecorded,
      problems: this.#problems,
    };
  }

  async load(): Promise<void> {
    while (this.#kills < this.#plan.kills) {
      await this.#server.start();
      const caller = this.#server.caller(this.#plan.connections);
      const life = { isOver: false };
      const clients = Array.from({ length: this.#plan.connections }, () => this.#client(caller, life));
      await sleep(this.#random.between(ALIVE_MS.min, ALIVE_MS.max));
      await this.#server.kill();
      life.isOver = true;
      this.#kills++;
      await Promise.all(clients);
      caller.close();
      this.#plan.progress?.(
        `${this.#kills} of ${this.#plan.kills} kills, ${this.#answers.size} payments answered`,
      );
    }
  }

  /** One connection's worth of load: what broke off before, then new payments. */
  async #client(caller: Caller, life: { readonly isOver: boolean }): Promise<void> {
    const pauseMs = (1_000 * this.#plan.connections) / this.#plan.perSecond;
    while (!life.isOver) {
      const payment = this.#unanswered.pop() ?? this.#next();
      try {
        const dueMs = performance.now() + pauseMs;
        this.#hear(payment, await caller.decide(payment));
        await sleep(Math.max(0, dueMs - performance.now()));
      } catch {
        this.#brokenOff++;
        this.#unanswered.push(payment);
        return;
      }
    }
  }

  #next(): PaymentSent {
    const card = `card-${this.#random.between(1, CARD_COUNT)}`;
    return { id: `kill-${this.#count++}`, card, amount: '12.34', occurredAt: this.#occurredAt };
  }

  #hear(payment: PaymentSent, response: Response): void {
    const known = this.#answers.get(payment.id);
    if (response.status !== 200) this.#problem(`${payment.id} got ${response.status}: ${response.body}`);
    else if (known === undefined) {
      if (response.replayed) this.#foundRecorded++;
      this.#answers.set(payment.id, { payment, stored: response.stored });
    } else if (known.stored !== response.stored) {
      this.#problem(`${payment.id} has two answers:\n${known.stored}\n${response.stored}`);
    } else if (!response.replayed) this.#problem(`${payment.id} was decided twice`);
  }

  #problem(what: string): void {
    if (this.#problems.length < PROBLEM_COUNT_MAX) this.#problems.push(what);
  }

  async check(): Promise<void> {
    await this.#server.start();
    const caller = this.#server.caller(this.#plan.connections);
    await this.#sendAll(caller, this.#unanswered.splice(0));
    await this.#sendAll(
      caller,
      [...this.#answers.values()].map(({ payment }) => payment),
    );
    caller.close();
    if (this.#answers.size !== this.#count) {
      this.#problem(`${this.#count} payments were sent, ${this.#answers.size} are answered`);
    }
    this.#checkCounts();
    const code = await this.#server.stop();
    if (code !== 0) this.#problem(`the server drained and stopped with exit code ${code}`);
    for (const command of [['verify'], ['replay', '--compare']]) {
      const { code: exit, output } = await runAssay([...command, '--data', this.#server.folder]);
      if (exit !== 0) this.#problem(`assay ${command.join(' ')} ended with exit code ${exit}:\n${output}`);
    }
  }

  async #sendAll(caller: Caller, payments: PaymentSent[]): Promise<void> {
    const worker = async (): Promise<void> => {
      for (let one = payments.pop(); one !== undefined; one = payments.pop())
        this.#hear(one, await caller.decide(one));
    };
    await Promise.all(Array.from({ length: this.#plan.connections }, worker));
  }

  #checkCounts(): void {
    const counted = [...this.#answers.values()].map(({ payment, stored }) => {
      const { features, log_position: at } = parseAnswer(stored);
      return { card: payment.card, position: at.position, count: features['card_count_1h'] };
    });
    for (const problem of countProblems(counted)) this.#problem(problem);
  }
}
