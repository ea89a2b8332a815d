import { deepEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { Reconciliation } from '#projections/reconcile.ts';
import { reconcileCommand } from './reconcile.ts';

const WELL: Reconciliation = {
  records: 9, copies: 2, expired: 1, entries: 20, entriesGone: 3, counts: {}, examples: [],
};

async function run(args: readonly string[], told: Reconciliation): Promise<readonly unknown[]> {
  const lines: unknown[] = [];
  const out = (line: string): void => { lines.push(line); };
  const parts = { reconcile: async (share: number) => {
    lines.push(share);
    return told;
  } };
  lines.push(await reconcileCommand({ args, folder: '.', env: {}, out, err: out }, parts));
  return lines;
}

test('where all is one it says so; else it tells each kind with its places, and exits with 1', async () => {
  const summary = '9 records, 2 of them copies, 1 older than what is kept; '
    + '20 entries of windows looked for, 3 older than what is kept';
  deepEqual(await run([], WELL), [0.01, summary, 'all is one', 0]);
  const lost: Reconciliation = {
    ...WELL, counts: { missing: 2 },
    examples: [{ kind: 'missing', place: { partition: 1, offset: 7 }, id: 'ab', what: '' }],
  };
  deepEqual(await run(['--windows', '1'], lost),
    [1, 'missing: 2', '  missing at 1:7 (ab)', '... and 1 more', summary, '2 differences', 1]);
});

test('a share that is none is refused', async () => {
  for (const share of ['2', '-1', 'all', '']) await rejects(run([`--windows=${share}`], WELL), /0 to 1/);
});
