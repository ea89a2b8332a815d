/** What the world has to do with: an engine, and the machine that it runs on. */
import type { DecideAnswer, DecideCall, RecordAnswer } from '#decisioning/call.ts';
import type { Edition, Measures } from './naive-policy.ts';

export interface Subject {
  decide(call: DecideCall): Promise<DecideAnswer>;
  record(call: Pick<DecideCall, 'bytes' | 'tenant'>): Promise<RecordAnswer>;
  /** Live from here on, with what amends the one before. */
  publish(edition: Edition): Promise<unknown>;
  amend(measures: Measures): Promise<unknown>;
  /** What a client of the engine would be told. */
  isInForce(edition: Edition, measures: Measures): boolean;
  /** The brake's look; resolves when what it found stands in the log, or could not. */
  look(): Promise<unknown>;
  /** What is in force, where the brake has changed `measures`; the same where not; undefined: not now. */
  braked(measures: Measures): Measures | undefined;
  /** Writes down the state, so that the next start need not read the whole log. */
  snapshot(): Promise<unknown>;
  close(): Promise<void>;
}

export interface Machine {
  /** Starts an engine on what the disk holds, with this policy live. */
  open(edition: Edition): Promise<Subject>;
  /** The running engine never does another thing; what it had not made durable is there, torn or lost. */
  crash(): void;
  /** No more room for so many ms. */
  fillDisk(forMs: number): void;
  failDisk(what: 'write' | 'fdatasync'): void;
  /** The engine has to read the whole log at its next start. Only while none is running. */
  dropSnapshots(): Promise<void>;
  /** True while a fault of the disk may be what stops the engine. */
  readonly hasFault: boolean;
  /** From now on nothing goes wrong by itself. */
  heal(): void;
  /** Where the log of a closed engine has amendments of the brake. */
  brakings(): Promise<readonly number[]>;
  /** Reads the log of a closed engine, decides all of it again and compares; the problems are sentences. */
  replay(): Promise<readonly string[]>;
}
