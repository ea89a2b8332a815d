// An auditor that cannot fail audits nothing: each broken promise has an engine here that breaks it.
import { doesNotReject, rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ModelMachine } from './model-machine.ts';
import type { Sabotage } from './model-machine.ts';
import { BrokenStory, runSeed } from './run-seed.ts';

const SEEDS = [1, 2, 3, 4, 5];
const MESSAGES = 400;

const CAUGHT: readonly (readonly [sabotage: Sabotage, promise: RegExp])[] = [
  ['drops a record', /P[234] broken/],
  ['counts twice', /P2 broken/],
  ['answers before it is durable', /P4 broken/],
  ['changes the body on a retry', /P3 broken: two bodies/],
  ['sees what is exactly a window old', /P2 broken: \w+ at position/],
  ['sees what is later than itself', /P2 broken: \w+ at position/],
  ['mixes tenants', /P2 broken: \w+ at position/],
  ['takes the second payload', /P3 broken: two payloads/],
  ['forgets label changes at a restart', /P2 broken: \w+ at position/],
  ['keeps the old policy', /P6 broken: /],
  ['lets time go by unclamped', /P2 broken: \w+ at position/],
  ['says one outcome less', /P6 broken: outcome/],
  ['acts where it is held', /P6 broken: /],
  ['draws anew each time', /P6 broken: .*not always for this card/],
  ['brakes for no reason', /P10 broken: burst is braked at position \d+ since .*: it acted on \d+ of \d+ /],
];

test('an engine that keeps its promises satisfies the auditor', async () => {
  for (const seed of SEEDS) {
    await doesNotReject(runSeed(seed, MESSAGES, (parts) => new ModelMachine(parts)));
  }
});

describe('the auditor catches an engine that', () => {
  for (const [sabotage, promise] of CAUGHT) {
    test(sabotage, async () => {
      await rejects(
        async () => {
          for (const seed of SEEDS)
            await runSeed(seed, MESSAGES, (parts) => new ModelMachine({ ...parts, sabotage }));
        },
        (error) => error instanceof BrokenStory && promise.test(error.message),
      );
    });
  }
});
