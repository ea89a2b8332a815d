import { deepEqual, rejects } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isFileVerb, policy } from './policy.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-policy-'));
after(() => { rmSync(folder, { recursive: true }); });

async function check(from: string, path: string): Promise<readonly string[]> {
  const lines: string[] = [];
  const say = (line: string): void => { lines.push(line); };
  await policy({ args: ['check', path], folder: from, env: {}, out: say, err: say },
    () => { throw new Error('check runs no test'); });
  return lines.map((line) => line.split(':1:1')[0] ?? '');
}

test('a file is called by its way from here, and by its whole path where that leads up', async () => {
  const below = join(folder, 'below');
  mkdirSync(below);
  writeFileSync(join(below, 'a.policy.yaml'), 'policy: a\n');
  deepEqual(await check(folder, 'below'), ['below/a.policy.yaml']);
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere);
  deepEqual(await check(elsewhere, '../below'), [join(below, 'a.policy.yaml')]);
});

test('a folder without a policy, and a path that is not there, are named', async () => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  await rejects(check(folder, 'empty'), { message: `${empty}: there is no *.policy.yaml in this folder` });
  await rejects(check(folder, 'gone'), { message: `${join(folder, 'gone')}: there is no such file` });
});

test('what needs no server is told apart', () => {
  deepEqual([isFileVerb('check'), isFileVerb('submit'), isFileVerb(undefined)], [true, false, false]);
});
