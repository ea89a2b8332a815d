import { equal, match, rejects } from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { naiveWorld } from '#policy/naive-world.ts';
import { benchPolicy } from './bench-policy.ts';
import { UsageError } from './shell.ts';

const policies = join(import.meta.dirname, '..', '..', 'policies');

async function run(...args: string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  const code = await benchPolicy({ args, folder: policies, out: say, err: say, env: {} }, naiveWorld);
  return { code, lines };
}

test('a policy is measured on the payments of its own tests', async () => {
  const { code, lines } = await run('cards.policy.yaml', '--seconds', '0.2');
  equal(code, 0);
  match(lines[0] ?? '', /^\d+ rules, \d+ features, \d+ decisions on this machine$/);
  match(lines[1] ?? '', /^microseconds a decision: mean [\d.]+, p50/);
});

test('what cannot be measured is said', async () => {
  await rejects(run(), UsageError);
  await rejects(run('nowhere.policy.yaml'), /there is no such file/);
  await rejects(run('cards.policy.yaml', '--seconds', '0'), UsageError);
});
