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
const NODE_FLAGS = /"start": "[^"]*?run\.mjs ((?:--\S+ )*)/.exec(START)?.[1]?.trim().split(' ') ?? [];

/** For `startEngine`: its heap is collected whenever it gets SIGUSR2. */
export const COLLECT_ON_SIGNAL = ['--expose-gc', '--import', join(import.meta.dirname, 'collect-on-signal.ts')];

/** The engine as `npm start` runs it, with one policy for cards and a data folder of its own. */
export async function startEngine(
  folder: string, policy: string, { file = 'src/main/serve.ts', nodeFlags = [] as readonly string[] } = {},
): Promise<RunningServer> {
  const policies = join(folder, 'policies');
  mkdirSync(policies, { recursive: true });
  writeFileSync(join(policies, 'cards.policy.yaml'), policy);
  writeFileSync(join(policies, 'transfers.policy.yaml'), OTHER_POLICY);
  const key = randomBytes(32).toString('base64url');
  const env = {
    PORT: '0', HOST: '127.0.0.1', ASSAY_DATA: join(folder, 'data'), ASSAY_POLICIES: policies,
    ASSAY_DEV_KEY: key,
  };
  return startServer('engine', file, [], env, key, [...NODE_FLAGS, ...nodeFlags]);
}
