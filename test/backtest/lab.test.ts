import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { BacktestCliParts } from '#cli/backtest-order.ts';
import { labCommand } from '#cli/lab.ts';
import type { OverlapReport } from '#lab/overlap.ts';
import type { TuningRecord } from '#lab/tuning-record.ts';
import { POLICY, publicationOf } from '../engine/engine-world.ts';
import { fileParts } from './recorded-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-lab-'));
after(() => { rmSync(folder, { recursive: true, force: true }); });

const partsOf = (policy: string): BacktestCliParts => fileParts(() => Promise.resolve(publicationOf(policy)));

/** A payment of i EUR every hour, i from 1 to 200 tens; those over 1,500 EUR turn out to be fraud. */
function writeCalls(): string {
  const at = (hour: number): string => new Date(Date.UTC(2026, 0, 1, hour)).toISOString();
  const lines = Array.from({ length: 200 }, (_, i) => JSON.stringify({ transaction: {
    id: `p${i + 1}`, occurred_at: at(i), kind: 'card', card: { id: `c${i}` }, debtor: { account_id: `a${i}` },
    amount: { value: `${(i + 1) * 10}.00`, currency: 'EUR' },
  } }));
  for (let i = 151; i <= 200; i++) {
    lines.push(JSON.stringify({ event: {
      id: `l${i}`, type: 'label', occurred_at: at(300 + i), known_at: at(300 + i), transaction_id: `p${i}`,
      label: 'confirmed_fraud' } }));
  }
  const file = join(folder, 'calls.ndjson');
  writeFileSync(file, lines.join('\n'));
  return file;
}

const lab = (...args: string[]): Promise<string> => labAs(partsOf(POLICY), ...args);

async function labAs(parts: BacktestCliParts, ...args: string[]): Promise<string> {
  const said: string[] = [];
  const shell = { args, folder, env: {}, out: (line: string) => { said.push(line); }, err: () => {} };
  assert.equal(await labCommand(shell, parts), 0);
  return said.join('\n');
}

const recordIn = (name: string): TuningRecord =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')) as TuningRecord;

const LINE = ['--policy', 'p', '--sweep', 'large=500,1_000,1_700 EUR', '--line', '1_000 EUR', '--by', 'a.ng',
  '--because', 'fewer alerts', '--sample', '20', '--seed', 's'] as const;

test('above and below the line: strata by value, with what labels say of the samples', async () => {
  const file = writeCalls();
  const out = await lab('line', file, ...LINE, '--unlabelled-good', '--json', 'r.json', '--html', 'r.html',
    '--out', 'sheet.csv');
  const record = recordIn('r.json');
  assert.equal(record.current, '1000.00 EUR');
  assert.deepEqual(record.strata.map(({ side, name, finding }) =>
    [side, name, finding.population, finding.reviewed, finding.bad]), [
    ['above', 'hit at 1_700 EUR', 30, 20, 20],
    ['above', 'hit at 1_000 EUR, not at 1_700 EUR', 70, 20, record.strata[1]?.finding.bad],
    ['below', 'hit at 500 EUR, not at 1_000 EUR', 50, 20, 0],
  ]);
  for (const { sample } of record.strata.slice(1, 2)) {
    for (const one of sample) {
      const euros = Number(one.amount?.slice(0, -4));
      assert.ok(euros > 1_000 && euros <= 1_700);
      assert.equal(one.finding, euros > 1_500 ? 'bad' : 'good');
      // At the strictest value that hits it.
      assert.deepEqual(one.reasons, [`${euros.toFixed(2)} EUR is more than 1000.00 EUR`]);
    }
  }
  assert.deepEqual(record.alternatives.map(({ value, hits }) => [value, hits]),
    [['1_700 EUR', 30], ['1_000 EUR', 100], ['500 EUR', 150]]);
  assert.match(out, /Made .* by a\.ng: fewer alerts/);
  assert.match(readFileSync(join(folder, 'r.html'), 'utf8'), /<h2>below the line: hit at 500 EUR, not at/);
});

test('a sample that people have reviewed stands in for labels', async () => {
  const file = writeCalls();
  await lab('line', file, ...LINE, '--out', 'sheet.csv');
  const [header, ...rows] = readFileSync(join(folder, 'sheet.csv'), 'utf8').trim().split('\n');
  const below = rows.filter((row) => row.includes(',below,'));
  assert.equal(below.length, 20);
  const reviewed = below.map((row, i) => row.replace(/^(\w+),\w*,/, `$1,${i < 3 ? 'bad' : 'good'},`));
  writeFileSync(join(folder, 'reviewed.csv'), [header, ...reviewed].join('\n'));
  await lab('line', file, ...LINE, '--reviewed', 'reviewed.csv', '--json', 'r2.json');
  const { strata, sampling } = recordIn('r2.json');
  assert.equal(sampling.found_by, 'review');
  assert.deepEqual(strata.map(({ finding }) => [finding.reviewed, finding.bad]), [[0, 0], [0, 0], [20, 3]]);
  // As a spreadsheet hands it back.
  writeFileSync(join(folder, 'reviewed.csv'),
    [header, ...reviewed].map((row) => row?.replace(/^(\w+),(\w+),/, '$1 , $2 ,')).join('\r\n'));
  await lab('line', file, ...LINE, '--reviewed', 'reviewed.csv', '--json', 'r3.json');
  assert.deepEqual(recordIn('r3.json').strata, strata);
  writeFileSync(join(folder, 'reviewed.csv'), 'transaction_id,finding\np1,maybe\n');
  await assert.rejects(lab('line', file, ...LINE, '--reviewed', 'reviewed.csv'),
    /reviewed\.csv:2: finding is bad, good/);
});

test('values that hit the same stand in the order of the sweep', async () => {
  await lab('line', writeCalls(), ...LINE, '--sweep', 'large=1_000,1_004,1_008,1_700 EUR',
    '--json', 'r4.json');
  const { strata } = recordIn('r4.json');
  assert.deepEqual(strata.map(({ side, name, finding }) => [side, name, finding.population]), [
    ['above', 'hit at 1_700 EUR', 30], ['above', 'hit at 1_008 EUR, not at 1_700 EUR', 70],
    ['above', 'hit at 1_004 EUR, not at 1_008 EUR', 0], ['above', 'hit at 1_000 EUR, not at 1_004 EUR', 0],
  ]);
});

test('a rule that does not loosen with its parameter is told of, and a reason of two lines is one cell',
  async () => {
  const policy = POLICY
    .replace('amount as EUR > large', 'amount as EUR > large and amount as EUR < large + 600 EUR')
    .replace('reason: "{amount} is more than {large}"', 'reason: "{amount}\\nis about {large}"');
  const out = await labAs(partsOf(policy), 'line', writeCalls(), ...LINE, '--sweep', 'large=500,1_000 EUR',
    '--out', 'sheet.csv');
  assert.match(out, /- 50 payments are hit at a stricter value and not at a looser one/);
  const [, first = ''] = readFileSync(join(folder, 'sheet.csv'), 'utf8').split('\n');
  assert.match(first, /EUR is about 1000\.00 EUR$/);
});

test('a lab that is stopped says nothing of the half that it read', async () => {
  for (const args of [['rules', writeCalls()], ['line', writeCalls(), ...LINE]]) {
    const said: string[] = [];
    const shell = {
      args: [...args, '--policy', 'p'], folder, env: {}, out: (line: string) => { said.push(line); },
      err: (line: string) => { said.push(line); },
    };
    assert.equal(await labCommand(shell, { ...partsOf(POLICY), stopped: { asked: true } }), 2);
    assert.deepEqual(said, ['cancelled']);
  }
});

test('an option that would be passed over is refused', async () => {
  await assert.rejects(lab('rules', writeCalls(), '--policy', 'p', '--html', 'r.html'),
    /--html is of `assay lab line`/);
});

test('a line that is not of the sweep, and a record by nobody, are refused', async () => {
  const file = writeCalls();
  await assert.rejects(lab('line', file, ...LINE, '--line', '3 EUR'), /--line 3 EUR is not among/);
  await assert.doesNotReject(lab('line', file, ...LINE, '--line', '1_000'));
  await assert.rejects(lab('line', file, '--sweep', 'large=1,2 EUR', '--line', '1 EUR'),
    /--by NAME and --because/);
  await assert.rejects(lab('line', file, ...LINE, '--sweep', 'large=1,2,1 EUR'), /has the value 1 EUR twice/);
});

test('rules: dead ones, decisive ones, and those that hit together', async () => {
  const out = await lab('rules', writeCalls(), '--policy', 'p', '--json', 'rules.json');
  const { rules } = JSON.parse(readFileSync(join(folder, 'rules.json'), 'utf8')) as OverlapReport;
  assert.deepEqual(rules.map(({ rule, hits, decisive, verdict }) => [rule, hits, decisive, verdict]), [
    ['small/many', 0, 0, 'dead'], ['small/large', 100, 100, 'used'], ['small/watched', 0, 0, 'dead'],
  ]);
  assert.match(out, /small\/many +0 +0 +0 +0 +dead/);
});

test('a rule that acts where it cannot say is neither dead nor passed over', async () => {
  const text = readFileSync(writeCalls(), 'utf8');
  // Without a card nobody can count; the policy lets that review, and the payment above the line is held too.
  writeFileSync(join(folder, 'calls.ndjson'), text.replaceAll(/"card":\{"id":"c\d+"\},/g, ''));
  const policy = POLICY.replace('unknown: miss', 'unknown: review');
  await labAs(partsOf(policy), 'rules', join(folder, 'calls.ndjson'), '--policy', 'p', '--json', 'acts.json');
  const { rules } = JSON.parse(readFileSync(join(folder, 'acts.json'), 'utf8')) as OverlapReport;
  assert.deepEqual(rules.map(({ rule, hits, acting, decisive, verdict }) =>
    [rule, hits, acting, decisive, verdict]), [
    ['small/many', 0, 200, 100, 'used'], ['small/large', 100, 100, 0, 'never_decisive'],
    ['small/watched', 0, 0, 0, 'dead'],
  ]);
});
