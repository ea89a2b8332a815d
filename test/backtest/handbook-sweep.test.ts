// The sweep of the spending-ratio rule on the Fraud Detection Handbook, and its page in a real browser.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import type { BacktestReport } from '#backtest/report.ts';
import { backtestCommand } from '#cli/backtest.ts';
import { readPublication } from '#main/read-publication.ts';
import { arrivals } from '../../scripts/handbook/arrivals.ts';
import { readTransactions } from '../../scripts/handbook/read-transactions.ts';
import { fileParts } from './recorded-world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DATA = join(ROOT, '..', 'shared', 'data', 'handbook');
const POLICIES = join(ROOT, 'policies', 'handbook');
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const noData = existsSync(DATA) ? false : `the Handbook is not at ${DATA}`;
const noBrowser = noData === false && CHROMIUM === undefined ? 'there is no Chromium' : noData;

const folder = mkdtempSync(join(tmpdir(), 'assay-sweep-'));
after(() => { rmSync(folder, { recursive: true, force: true }); });
const page = join(folder, 'page.html');

/** Every tenth customer of the first six weeks, in 60,000 lines. */
function writeCalls(): string {
  const file = join(folder, 'calls.ndjson');
  const lines: string[] = [];
  const some = readTransactions(DATA).filter(({ customer }) => Number(customer) % 10 === 0)
    .take(50_000);
  for (const { call } of arrivals(some)) lines.push(JSON.stringify(call));
  writeFileSync(file, lines.join('\n'));
  return file;
}

async function sweep(): Promise<BacktestReport> {
  const json = join(folder, 'report.json');
  const shell = {
    args: [writeCalls(), '--policy', join(POLICIES, 'handbook.policy.yaml'), '--sweep',
      'spending_ratio=2..6/5',
      '--from', '2018-04-20', '--until', '2018-05-14', '--html', page, '--json', json],
    folder, env: {}, out: () => {}, err: () => {},
  };
  const code = await backtestCommand(shell, fileParts((files) => readPublication(POLICIES, files)));
  assert.equal(code, 0);
  return JSON.parse(readFileSync(json, 'utf8')) as BacktestReport;
}

test('a higher spending ratio hits less, more surely, and misses more', { skip: noData }, async () => {
  const { candidates, labels } = await sweep();
  assert.ok(labels.bad > 100);
  const rule = candidates.map(({ rules }) =>
    rules.find((one) => one.rule === 'handbook/out-of-all-proportion'));
  assert.deepEqual(candidates.map(({ varies }) => varies?.value), ['2', '3', '4', '5', '6']);
  assert.equal(new Set(candidates.map(({ policies }) => policies[0]?.hash)).size, 5);
  for (let i = 1; i < rule.length; i++) {
    assert.ok((rule[i]?.hits ?? 0) < (rule[i - 1]?.hits ?? 0));
    assert.ok((rule[i]?.recall.value ?? 1) <= (rule[i - 1]?.recall.value ?? 0));
  }
  assert.ok((rule.at(-1)?.precision.value ?? 0) > 0.9 && (rule[0]?.precision.value ?? 1) < 0.5);
});

/** Goes behind the page: counts pixels that were drawn, once the plots have been. */
const PROBE = `<script>setTimeout(() => {
  const drawn = [...document.querySelectorAll('canvas')].map((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count += 1;
    return count;
  });
  document.body.dataset.drawn = drawn.join();
}, 500);</script></body>`;

test('the page draws its plots in a browser, without a complaint and without a network', { skip: noBrowser },
  async () => {
  if (!existsSync(page)) await sweep();
  const probed = join(folder, 'probed.html');
  writeFileSync(probed, readFileSync(page, 'utf8').replace('</body>', PROBE));
  const { stdout, stderr } = await promisify(execFile)(CHROMIUM ?? '', [
    '--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(folder, 'chromium')}`,
    '--enable-logging=stderr', '--virtual-time-budget=5000', '--dump-dom', `file://${probed}`,
  ], { maxBuffer: 64 * 1_048_576, timeout: 60_000 });
  const complaints = stderr.split('\n').filter((line) => line.includes('CONSOLE'));
  assert.deepEqual(complaints, []);
  const drawn = /data-drawn="([\d,]+)"/.exec(stdout)?.[1]?.split(',').map(Number) ?? [];
  assert.equal(drawn.length, 5, 'by value, two curves, counts, alerts a day');
  for (const count of drawn) assert.ok(count > 2_000, `pixels drawn: ${drawn.join()}`);
  assert.doesNotMatch(readFileSync(page, 'utf8').replaceAll(/https:\/\/github\.com\/leeoniya\/uPlot/g, ''),
    /(src|href)="http/);
});
