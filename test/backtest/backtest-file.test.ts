import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { BacktestReport } from '#backtest/report.ts';
import { backtestCommand } from '#cli/backtest.ts';
import type { BacktestCliParts } from '#cli/backtest-order.ts';
import { POLICY, publicationOf } from '../engine/engine-world.ts';
import { fileParts } from './recorded-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-backtest-'));
after(() => { rmSync(folder, { recursive: true, force: true }); });

/** The last policy that is named. */
const parts = fileParts((files) =>
  Promise.resolve(publicationOf(readFileSync(files?.at(-1) ?? '', 'utf8'))));

const backtest = (lines: readonly string[], ...args: string[]): ReturnType<typeof backtestAs> =>
  backtestAs(parts, lines, ...args);

async function backtestAs(
  world: BacktestCliParts, lines: readonly string[], ...args: string[]
): Promise<{ code: number; out: string }> {
  const said: string[] = [];
  const [file, policy] = [join(folder, 'calls.ndjson'), join(folder, 'small.policy.yaml')];
  const text = lines.join('\n');
  // A file that is not written keeps its time.
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
  writeFileSync(policy, POLICY);
  const shell = {
    args: [file, '--policy', policy, ...args], folder, env: {},
    out: (line: string) => { said.push(line); }, err: (line: string) => { said.push(line); },
  };
  const code = await backtestCommand(shell, world);
  return { code, out: said.join('\n') };
}

const parseReport = (text: string): BacktestReport => JSON.parse(text) as BacktestReport;

const call = (id: string, minute: number, amount = '10.00'): string => JSON.stringify({ transaction: {
  id, occurred_at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(), kind: 'card', card: { id: 'c' },
  amount: { value: amount, currency: 'EUR' }, channel: 'pos', debtor: { customer_id: 'k', account_id: 'a' },
} });
const label = (id: string, minute: number): string => {
  const at = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  return JSON.stringify({ event: { id: `l-${id}`, type: 'label', occurred_at: at, known_at: at,
    transaction_id: id,
    label: 'confirmed_fraud' } });
};
const FIVE = [call('p1', 1), call('p2', 2), call('p3', 3), call('p4', 4, '1500.00'), call('p5', 5)];

test('an empty file, an unsorted one and a line that is no call are refused by line', async () => {
  await assert.rejects(backtest([]), /calls\.ndjson is empty: there is nothing to judge/);
  await assert.rejects(backtest([FIVE[1] ?? '', '', FIVE[0] ?? '']),
    /calls\.ndjson:3: 2026-01-01T00:01:00\.000Z is before/);
  await assert.rejects(backtest(['{"transaction": 1}']), /calls\.ndjson:1: has no occurred_at/);
  await assert.rejects(backtest([(FIVE[0] ?? '').replace('card', 'cart')]), /call 1: .*kind/);
  await assert.rejects(backtest(FIVE, '--from', '2027-01-01'),
    /no payment in the period: it reaches from 2026-01-01/);
  await assert.rejects(backtest(FIVE, '--from', '2026-01-02', '--until', '2026-01-01'),
    /the period ends before it begins/);
  await assert.rejects(backtest(FIVE, '--baseline', 'recorded'), /has no decisions in it/);
});

test('a file that is late by no more than was said is judged', async () => {
  const { code } = await backtest([FIVE[1] ?? '', FIVE[0] ?? ''], '--late', '1h');
  assert.equal(code, 0);
});

test('a report says what changed, for whom, and against which labels', async () => {
  const json = join(folder, 'report.json');
  const lines = [...FIVE, FIVE[4] ?? '', label('p4', 9)];
  const { code, out } = await backtest(lines, '--sweep', 'large=1_000,2_000 EUR', '--json', json,
    '--capacity', '0',
    '--html', join(folder, 'page.html'));
  assert.equal(code, 0);
  const report = parseReport(readFileSync(json, 'utf8'));
  assert.equal(report.payments, 5);
  assert.equal(report.resent, 1);
  assert.deepEqual(report.baseline.outcomes, { approve: 3, challenge: 0, review: 1, hold: 1, decline: 0 });
  assert.equal(report.labels.bad_amount, '1500.00 EUR');
  const [same, higher] = report.candidates;
  assert.ok(same !== undefined && higher !== undefined);
  assert.deepEqual(same.changed, { outcomes: 0, results: 0, rules: 0 });
  // Without the hold nobody is marked as watched, so p5 differs too, though not in its outcome.
  assert.deepEqual(higher.changed, { outcomes: 1, results: 2, rules: 2 });
  assert.deepEqual(higher.money, { saved: '0.00 EUR', lost: '1500.00 EUR' });
  const [moved, ...rest] = higher.transitions.filter(({ from, to }) => from !== to);
  assert.deepEqual(rest, []);
  assert.deepEqual(moved && [moved.from, moved.to, moved.payments, moved.bad], ['hold', 'review', 1, 1]);
  assert.deepEqual(moved?.examples.map((one) => [one.transaction_id, one.amount]), [['p4', '1500.00 EUR']]);
  assert.deepEqual(higher.varies,
    { policy: 'small', param: 'large', value: '2_000 EUR', rules: ['small/large'] });
  assert.equal(same.alerts.days_over_capacity, 1);
  assert.match(out, /hold -> review: 1, 1 of them bad/);
  assert.match(readFileSync(join(folder, 'page.html'), 'utf8'), /; 1 of 1 days over the capacity of 0</);
  assert.match(out, /a judgement: not measured\.\n/, 'one payment in 32 is timed');
  assert.match(out, /Warm-up: NOT complete. The windows of the policies reach back 30 days/);
});

test('a rule that goes into shadow is named as what changed the outcome', async () => {
  const json = join(folder, 'report.json');
  const shadow = join(folder, 'shadow.policy.yaml');
  writeFileSync(shadow, POLICY.replace('  large:\n    title', '  large:\n    mode: shadow\n    title'));
  await backtest(FIVE, '--policy', shadow, '--baseline', join(folder, 'small.policy.yaml'), '--json', json);
  const { candidates: [candidate] } = parseReport(readFileSync(json, 'utf8'));
  assert.deepEqual(candidate?.rule_changes.map(({ rule, from, to, payments }) => [rule, from, to, payments]),
    [['small/large', 'hit', 'hit_idle', 1], ['small/watched', 'hit', 'miss', 1]]);
  assert.deepEqual(candidate.changed, { outcomes: 1, results: 2, rules: 2 });
});

test('a stated limit that is passed is exit code 1, and says which', async () => {
  assert.deepEqual((await backtest(FIVE, '--max-alerts-per-day', '2')).code, 0);
  const { code, out } = await backtest(FIVE, '--max-alerts-per-day', '1');
  assert.equal(code, 1);
  assert.match(out, /2 alerts on the worst day; --max-alerts-per-day is 1/);
  assert.equal((await backtest(FIVE, '--max-unknown', '0%')).code, 0);
});

test('labels from a file count like those of the history, and a broken line is named', async () => {
  const labels = join(folder, 'labels.csv');
  writeFileSync(labels, 'transaction_id,label\np4,chargeback\np1,genuine\n');
  const { out } = await backtest(FIVE, '--labels', labels);
  assert.match(out, /Labels: 1 bad, 1 good, 3 without a label, which are counted as good\.\n/);
  writeFileSync(labels, '\uFEFFtransaction_id , label,known_at\r\n p4,chargeback,\r\n'
    + 'p4, genuine ,2026-01-02T00:00:00Z\r\n');
  assert.match((await backtest(FIVE, '--labels', labels)).out, /Labels: 0 bad, 1 good, .*until 2026-01-02/);
  for (const broken of ['p1,bad', ',genuine', 'p1,genuine,2026-01-02T00:00:00Z', 'p1']) {
    writeFileSync(labels, `transaction_id,label\np4,chargeback\n${broken}\n`);
    await assert.rejects(backtest(FIVE, '--labels', labels), /labels\.csv:3: (expected an id|3 cells)/);
  }
});

test('a sweep that cannot be is refused with what there is', async () => {
  await assert.rejects(backtest(FIVE, '--sweep', 'larg=1..2/3'), /did you mean large\?/);
  await assert.rejects(backtest(FIVE, '--sweep', 'large'), /a sweep is PARAM=100,200,500 EUR/);
  await assert.rejects(backtest(FIVE, '--sweep', 'large=1..90/90 EUR'), /90 values; at most 31/);
});

/** Parts whose stop is asked for at the nth look, and how often anybody looked: once a record. */
function stoppedAt(nth: number): { readonly world: BacktestCliParts; readonly looks: () => number } {
  let looks = 0;
  return { world: { ...parts, stopped: { get asked() { return ++looks === nth; } } }, looks: () => looks };
}

test('a file is gone on with where it was stopped, and from its beginning where it has changed', async () => {
  const checkpoint = join(folder, 'run');
  const [whole, other] = [FIVE, [...FIVE.slice(1), call('p6', 6, '1600.00')]];
  for (const [lines, read] of [[whole, 3], [other, 5]] as const) {
    const { code, out } = await backtestAs(stoppedAt(2).world, whole, '--checkpoint', checkpoint);
    assert.deepEqual([code, /the same command goes on from/.test(out)], [2, true]);
    const { world, looks } = stoppedAt(Infinity);
    const end = await backtestAs(world, lines, '--checkpoint', checkpoint);
    assert.equal(looks(), read);
    assert.equal(end.out.replace(/^Cost: .*$/m, ''), (await backtest(lines)).out.replace(/^Cost: .*$/m, ''));
  }
});

test('a stop is heard also behind the period, and leaves no half report', async () => {
  const { code, out } = await backtestAs(stoppedAt(4).world, FIVE, '--until', '2026-01-01T00:03:00Z');
  assert.deepEqual([code, out], [2, 'cancelled']);
});

test('no text of a payment, a reason or a file name is markup in a page', async () => {
  const evil = '<img src=x onerror="alert(1)">&</script><!--';
  const hostile = call('p6', 6, '1700.00').replace('"p6"', JSON.stringify(evil));
  const page = join(folder, 'page.html');
  const told = POLICY.replace('{amount} is more than', `${evil.replaceAll('"', "'")} {amount} over`);
  const baseline = join(folder, 'told.policy.yaml');
  const policy = join(folder, `${evil.replaceAll('/', '')}.policy.yaml`);
  writeFileSync(baseline, told);
  writeFileSync(policy, told.replace('large: 1_000', 'large: 1_800'));
  await backtest([...FIVE, hostile], '--policy', policy, '--baseline', baseline, '--html', page);
  const html = readFileSync(page, 'utf8');
  // In the name of the file, the id of the example and its reason.
  assert.ok((html.match(/&lt;img src=x onerror=&quot;/g)?.length ?? 0) >= 3);
  assert.ok(html.includes("&lt;img src=x onerror='alert(1)'&gt;"));
  assert.equal(html.match(/<img|<!--/g), null);
  assert.equal(html.match(/<\/script>/g)?.length, 2);
});
