/** `assay policy diff` as a process: exit codes, the text, and the effect on a sample. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');
const CARDS = readFileSync(join(ROOT, 'policies', 'cards.policy.yaml'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'assay-diff-'));
after(() => { rmSync(folder, { recursive: true, force: true }); });

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const BEFORE = written('before.policy.yaml', CARDS);
// Its own tests then fail: a policy is compared as it is, tested or not.
const AFTER = written('after.policy.yaml', CARDS.replace('burst_count: 8', 'burst_count: 3'));

function diff(...args: readonly string[]): { code: number | null; out: string; err: string } {
  const run = spawnSync(process.execPath, ['src/main/assay.ts', 'policy', 'diff', ...args],
    { cwd: ROOT, encoding: 'utf8' });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

/** A payment a minute on one card, of 10 EUR. */
const payment = (i: number): string => JSON.stringify({ transaction: {
  id: `tx_${i}`, occurred_at: new Date(Date.UTC(2026, 0, 15, 12, i)).toISOString(), kind: 'card',
  amount: { value: '10.00', currency: 'EUR' }, card: { id: 'k1' },
} });

test('0 without a difference, 1 with one, 2 where a file is no policy or the call is wrong', () => {
  const same = diff(BEFORE, written('same.policy.yaml', `# the same\n${CARDS}`));
  assert.deepEqual([same.code, /They say the same/.test(same.out)], [0, true]);
  const other = diff(BEFORE, AFTER);
  assert.equal(other.code, 1);
  assert.match(other.out, /velocity-count\*\* is changed\n {2}- through burst_count/);
  const broken = diff(BEFORE, written('broken.policy.yaml', 'policy: broken\n'));
  assert.equal(broken.code, 2);
  assert.match(broken.err, /broken\.policy\.yaml:1:1 error\[P102\]/);
  assert.equal(diff(BEFORE).code, 2);
  assert.equal(diff(BEFORE, join(folder, 'nowhere.policy.yaml')).code, 2);
});

test('on a sample: hits gained and lost, and outcomes that became others', () => {
  const lines = [...Array.from({ length: 7 }, (_, i) => payment(i)), payment(6), '{"transaction":{}}'];
  const sample = written('sample.ndjson', `${lines.join('\n')}\n`);
  const run = diff(BEFORE, AFTER, '--json', '--sample', sample);
  assert.equal(run.code, 1, run.err);
  assert.match(run.err, /1 lines of .* were refused, the first is line 9/);
  const { effect, changes } = JSON.parse(run.out);
  assert.equal(changes.length, 2);
  // The fourth payment of the hour is the first one above the new limit; the old one was not reached.
  assert.deepEqual(effect, {
    payments: 7, changed: 4,
    rules: [{ rule: 'velocity-count', lost: { payments: 0, examples: [] },
      gained: { payments: 4, examples: ['tx_3', 'tx_4', 'tx_5', 'tx_6'] } }],
    outcomes: [{ before: 'approve', after: 'approve', payments: 3 },
      { before: 'approve', after: 'challenge', payments: 4 }],
  });
  const back = diff(AFTER, BEFORE, '--sample', sample);
  assert.match(back.out, /## Effect on 7 payments\n4 are judged differently\.\n/);
  assert.match(back.out, /\n- \*\*velocity-count\*\*: 4 fewer, such as tx_3, tx_4, tx_5, tx_6\n/);
});
