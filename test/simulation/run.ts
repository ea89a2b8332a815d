// `npm run sim -- [SEED] [--steps N] [--seconds N]`: the engine in a made-up world. One seed, or seed after
// seed for a while. A failure prints the seed that repeats it, the step, and what led to it.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { EngineMachine } from './engine-machine.ts';
import { BrokenStory, runSeed } from './run-seed.ts';
import type { Story } from './run-seed.ts';

/** Steps are new messages; each leads to several sendings, faults and retries. */
const STEP_COUNT = 400;
const SEED_COUNT = 1_000_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { steps: { type: 'string' }, seconds: { type: 'string' } },
});
const stepCount = Number(values.steps ?? STEP_COUNT);
const firstSeed = Number(positionals[0] ?? Date.now() % SEED_COUNT);
const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
let seed = firstSeed;

process.on('unhandledRejection', (error) => {
  fail(new BrokenStory(seed, 0, error instanceof Error ? error : new Error(String(error)), []));
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function fail(broken: BrokenStory): never {
  say(`\nseed ${broken.seed} fails at step ${broken.step}: ${broken.message}\n`);
  for (const line of broken.trace) say(`  ${line}`);
  say(`\n${broken.cause instanceof Error ? (broken.cause.stack ?? '') : ''}`);
  say(`\nAgain: npm run sim -- ${broken.seed} --steps ${stepCount}`);
  process.exit(1);
}

async function story(): Promise<Story> {
  try {
    return await runSeed(seed, stepCount, (parts) => new EngineMachine(parts));
  } catch (error) {
    if (error instanceof BrokenStory) fail(error);
    throw error;
  }
}

if (seconds === undefined) {
  say(JSON.stringify(await story()));
} else {
  say(`seeds from ${firstSeed}, ${stepCount} steps each, for ${seconds} s`);
  const endMs = performance.now() + seconds * 1_000;
  const names = ['steps', 'sendings', 'answers', 'decisions', 'brakes', 'crashes', 'starts'] as const;
  const total = Object.fromEntries(names.map((name) => [name, 0]));
  let seeds = 0;
  for (; performance.now() < endMs; seed = (seed + 1) % SEED_COUNT) {
    const told = await story();
    seeds++;
    for (const name of names) total[name] = (total[name] ?? 0) + told[name];
  }
  say(JSON.stringify({ seeds, ...total }));
}
