/**
 * The brake's looks in the made-up world: within a second after each payment, as the server's timer has them.
 * What it did is learned as a client learns it, after crashes too, and nobody changes anything meanwhile.
 */
import type { Measures } from './naive-policy.ts';
import type { Subject } from './subject.ts';
import type { VirtualTime } from './virtual-time.ts';

const LOOK_AFTER_MS = 1_000;
const ASK_AGAIN_MS = 500;

export interface LookParts {
  readonly time: VirtualTime;
  /** Undefined while none is running. */
  readonly subject: () => Subject | undefined;
  /** Is a person changing something? */
  readonly isTaken: () => boolean;
  readonly inForce: () => Measures;
  readonly braked: (measures: Measures) => void;
  /** A look has begun. */
  readonly looking: () => void;
  readonly fail: (error: unknown) => void;
}

export class BrakeLooks {
  readonly #parts: LookParts;
  #isPlanned = false;
  /** A look has begun, and what came of it is not known. */
  isOpen = false;

  constructor(parts: LookParts) {
    this.#parts = parts;
  }

  soon(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#parts.time.after(LOOK_AFTER_MS, () => {
      this.#isPlanned = false;
      this.#look();
    });
  }

  #look(): void {
    const { subject, isTaken, looking, fail } = this.#parts;
    const running = subject();
    if (running === undefined) return;
    if (isTaken() || this.isOpen) return this.soon();
    this.isOpen = true;
    running.look().then(() => { this.learn(running); }, fail);
    looking();
  }

  /** Asks the engine what is in force, until it can say; `running` is the one that has started last. */
  learn(running: Subject): void {
    const { time, subject, inForce, braked } = this.#parts;
    if (!this.isOpen || subject() !== running) return;
    const found = running.braked(inForce());
    if (found === undefined) return time.after(ASK_AGAIN_MS, () => { this.learn(running); });
    this.isOpen = false;
    if (found !== inForce()) braked(found);
  }
}
