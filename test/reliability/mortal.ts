/**
 * A node that dies at a stated step. A step is a call of what the nodes share; from its death on nothing that
 * the node does reaches anybody, and nobody hears of it.
 */
import type { Topic } from '#ports/topic.ts';
import type { LogCall, WindowLog } from '#ports/window-log.ts';

/** When, counted from 1, and how far that step still goes: of a call of logs, its first so many logs. */
export interface Death {
  readonly step: number;
  readonly goes: 'nowhere' | 'all the way' | { readonly logs: number };
}

export class Mortal {
  /** How many there have been. */
  steps = 0;
  readonly died: Promise<'died'>;
  #death: Death | undefined;
  #isDead = false;
  readonly #tellDeath: () => void;

  constructor(death?: Death) {
    this.#death = death;
    const { promise, resolve } = Promise.withResolvers<'died'>();
    this.died = promise;
    this.#tellDeath = () => { resolve('died'); };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** So many steps from now. */
  dieAt(steps: number, goes: Death['goes']): void {
    this.#death = { step: this.steps + steps, goes };
  }

  log(shared: WindowLog): WindowLog {
    return {
      call: (calls, ...more) => this.#step(
        () => shared.call(calls, ...more), (count) => shared.call(calls.slice(0, count), ...more), calls),
      close: async () => {},
    };
  }

  topic(shared: Topic): Topic {
    return {
      name: shared.name, partitionCount: shared.partitionCount,
      append: (record) => this.#step(() => shared.append(record)),
      starts: () => shared.starts(), ends: () => shared.ends(), read: (from) => shared.read(from),
      follow: (from, signal) => shared.follow(from, signal),
      close: async () => {},
    };
  }

  async #step<Answer>(
    all: () => Promise<Answer>, some: (logs: number) => Promise<unknown> = async () => {},
    calls: readonly LogCall[] = [],
  ): Promise<Answer> {
    if (this.#isDead) return never();
    this.steps++;
    if (this.#death?.step !== this.steps) {
      const answer = await all();
      return this.#isDead ? never() : answer;
    }
    this.#isDead = true;
    const { goes } = this.#death;
    if (goes === 'all the way') await all();
    else if (goes !== 'nowhere' && goes.logs <= calls.length) await some(goes.logs);
    this.#tellDeath();
    return never();
  }
}

const never = <Answer>(): Promise<Answer> => new Promise<Answer>(() => {});
