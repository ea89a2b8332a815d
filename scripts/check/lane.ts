import { globSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Count } from './count.ts';
import { oneCheck, policyTests, unitTests } from './count.ts';

/** One kind of check, run as a process of its own. */
export interface Lane {
  readonly name: string;
  /** The lane is absent while no file matches one of these. */
  readonly needs: readonly string[];
  readonly args: readonly string[];
  /** Reads from what the lane printed how many checks passed and failed; undefined where it does not say. */
  readonly count: (output: string) => Count | undefined;
  /** LANE_SECONDS_MAX where it is left out. */
  readonly secondsMax?: number;
}

export const ROOT = join(import.meta.dirname, '..', '..');

/** Several times what a lane takes on a machine of its own: on a busy one it is late, not wrong. */
export const LANE_SECONDS_MAX = 420;

const modules = join(ROOT, 'node_modules');
const UNIT = 'src/**/*.test.ts';
/** Not what needs a server: `npm run test:services` gets it one. */
const WHOLE = [
  'test/*.test.ts', 'test/!(services|reliability)/**/*.test.ts', 'test/reliability/**/!(*.*).test.ts',
];
const SIMULATION = 'test/simulation/run.ts';
const ASSAY = 'src/main/assay.ts';
export const testRunner = ['--test', '--test-reporter=spec'];

/** The longest first, since two run at a time. */
export const LANES: readonly Lane[] = [
  {
    name: 'simulation',
    needs: [SIMULATION],
    args: [SIMULATION, '--seconds', '60'],
    count: oneCheck,
  },
  {
    name: 'tests',
    needs: WHOLE,
    // Two files at a time, since many of them wait; by itself the runner would take one on two processors.
    args: [...testRunner, '--test-concurrency=2', ...WHOLE],
    count: unitTests,
    secondsMax: 900,
  },
  {
    // In one process, which is many times faster: a unit test leaves no global state behind.
    name: 'units',
    needs: [UNIT],
    args: [...testRunner, '--test-isolation=none', UNIT],
    count: unitTests,
  },
  {
    name: 'policies',
    needs: [ASSAY, 'policies/*'],
    args: [ASSAY, 'policy', 'test', 'policies/', 'policies/handbook'],
    count: policyTests,
  },
  {
    name: 'types',
    needs: ['tsconfig.json'],
    args: [
      join(modules, 'typescript', 'bin', 'tsc'),
      '--project',
      '.',
      '--pretty',
      `${process.stdout.isTTY === true}`,
    ],
    count: oneCheck,
  },
  {
    name: 'lint',
    needs: ['.oxlintrc.json'],
    args: [join(modules, 'oxlint', 'bin', 'oxlint'), '--type-aware', '--deny-warnings'],
    count: oneCheck,
  },
  {
    // Code is dead when no process reaches it, so the question has no answer before there is a process.
    name: 'dead-code',
    needs: ['src/main/serve.ts', ASSAY],
    args: [join(modules, 'knip', 'bin', 'knip.js')],
    count: oneCheck,
  },
];

/** The first need of a lane that no file meets. */
export function unmetNeed(lane: Lane): string | undefined {
  return lane.needs.find((need) => globSync(need, { cwd: ROOT }).length === 0);
}
