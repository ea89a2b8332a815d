import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from './server-process.ts';
import type { RunningServer } from './server-process.ts';

/** A server starts with two policies; the second decides a kind of payment that the traffic does not have. */
const OTHER_POLICY = `policy: bench-other
version: 1
event: transaction.v1
kinds: [crypto]
rules:
  any-amount:
    when: known(amount)
    then: { action: review }
    unknown: review
`;

/** Those of `npm start`; docs/performance.md says why they are set. */
const START = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8');
export const START_FLAGS: readonly string[] =
  /"start": "[^"]*?run\.mjs ((?:--\S+ )*)/.exec(START)?.[1]?.trim().split(' ') ?? [];

/** For `startEngine`: at SIGUSR2 the heap is collected, and its size written to this file. */
export const collectsInto = (file: string): EngineOptions => ({
  nodeFlags: ['--expose-gc', '--import', join(import.meta.dirname, 'collect-on-signal.ts')],
  env: { BENCH_HEAP: file },
});

interface EngineOptions {
  readonly file?: string;
  readonly nodeFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The engine as `npm start` runs it, with one policy for cards and a data folder of its own. */
export async function startEngine(
  folder: string, policy: string,
  { file = 'src/main/serve.ts', nodeFlags = [], env: more = {} }: EngineOptions = {},
): Promise<RunningServer> {
  const policies = writePolicies(folder, policy);
  const key = randomBytes(32).toString('base64url');
  const env = {
    PORT: '0', HOST: '127.0.0.1', ASSAY_DATA: join(folder, 'data'), ASSAY_POLICIES: policies,
    ASSAY_DEV_KEY: key, ...more,
  };
  return startServer('engine', file, [], env, key, [...START_FLAGS, ...nodeFlags]);
}

/** A folder with this policy for cards; its path. */
export function writePolicies(folder: string, policy: string): string {
  const policies = join(folder, 'policies');
  mkdirSync(policies, { recursive: true });
  writeFileSync(join(policies, 'cards.policy.yaml'), policy);
  writeFileSync(join(policies, 'transfers.policy.yaml'), OTHER_POLICY);
  return policies;
}
