/** One world by its seed: the same seed, the same story, to the byte. */
import { createHash } from 'node:crypto';
import { SeededRandom } from './seeded-random.ts';
import type { Machine } from './subject.ts';
import { VirtualTime } from './virtual-time.ts';
import { World } from './world.ts';

export interface Story {
  readonly seed: number;
  readonly steps: number;
  readonly sendings: number;
  readonly answers: number;
  /** Decisions whose every count was worked out again. */
  readonly decisions: number;
  readonly crashes: number;
  /** Times that the brake put something in shadow. */
  readonly brakes: number;
  readonly starts: number;
  /** sha256 of everything that was sent and answered. */
  readonly traceHash: string;
}

/** A promise was broken, or the engine failed otherwise: when, why, and what led to it. */
export class BrokenStory extends Error {
  readonly seed: number;
  readonly step: number;
  readonly trace: readonly string[];

  constructor(seed: number, step: number, cause: Error, trace: readonly string[]) {
    super(cause.message, { cause });
    this.seed = seed;
    this.step = step;
    this.trace = trace;
  }
}

export type MachineMaker = (parts: { readonly time: VirtualTime; readonly random: SeededRandom }) => Machine;

const START_MS = Date.UTC(2026, 9, 24, 12);

/** Throws a BrokenStory. */
export async function runSeed(seed: number, messageCount: number, makeMachine: MachineMaker): Promise<Story> {
  const time = new VirtualTime(START_MS);
  const machine = makeMachine({ time, random: new SeededRandom(seed ^ 0x5eed) });
  const world = new World({ time, random: new SeededRandom(seed), machine });
  const { auditor, counts } = world;
  try {
    await world.run(messageCount);
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(String(error));
    throw new BrokenStory(seed, time.stepCount, cause, auditor.trace(cause));
  }
  return {
    seed,
    steps: time.stepCount,
    ...counts,
    answers: auditor.answerCount,
    decisions: auditor.decisionCount,
    brakes: auditor.brakeCount,
    traceHash: createHash('sha256').update(auditor.lines.join('\n')).digest('hex'),
  };
}
