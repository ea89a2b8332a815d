import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { MemoryDisk } from '#adapters/memory/memory-disk.ts';
import { seededRandom } from '../../bench/random.ts';
import { arrivals } from '../../scripts/handbook/arrivals.ts';
import { bookInputs } from '../../scripts/handbook/book-inputs.ts';
import { feed } from '../../scripts/handbook/feed.ts';
import { InputComparison } from '../../scripts/handbook/input-comparison.ts';
import { openHandbookEngine } from '../../scripts/handbook/open-handbook-engine.ts';
import { readTransactions } from '../../scripts/handbook/read-transactions.ts';

const HEADER = 'tx_id,time,customer,terminal,amount,fraud,scenario\n';
const START_MS = Date.UTC(2018, 3, 1);
const DAY_MS = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'assay-handbook-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Few customers and terminals over 45 days; times fall on whole hours, so that equal times and edges are
 * common.
 */
function generated(seed: number, count: number): string {
  const random = seededRandom(seed);
  const hours = Array.from({ length: count }, () => Math.floor(random() * 45 * 24)).toSorted((a, b) => a - b);
  const lines = hours.map((hour, i) => {
    const time = new Date(START_MS + (hour * DAY_MS) / 24).toISOString().replace('.000Z', 'Z');
    const amount = (Math.floor(random() * 25_000) / 100).toString();
    const fraud = random() < 0.3 ? 1 : 0;
    const [customer, terminal] = [Math.floor(random() * 6), Math.floor(random() * 5)];
    return `${i},${time},${customer},${terminal},${amount},${fraud},${fraud * 2}`;
  });
  return `${HEADER}${lines.join('\n')}\n`;
}

function dataFolder(csv: string): string {
  const made = mkdtempSync(join(folder, 'data-'));
  writeFileSync(join(made, 'tx.csv'), csv);
  return made;
}

const policy = join(import.meta.dirname, '..', '..', 'policies', 'handbook', 'handbook.policy.yaml');

test('the book\'s inputs, measured by the engine, are those of an independent computation', async () => {
  const data = dataFolder(generated(1, 1_500));
  const engine = await openHandbookEngine(new MemoryDisk(seededRandom(1)).boot(), 'data', policy);
  const comparison = new InputComparison();
  const ids: string[] = [];
  await feed(engine, readTransactions(data), ({ id, line, amount }, decision) => {
    ids.push(id);
    comparison.add(line, bookInputs(decision, amount));
  });
  await engine.close();
  deepEqual(ids, Array.from({ length: 1_500 }, (_, i) => `${i}`));
  ok(comparison.equal, comparison.report());
});

test('a comparison of different inputs says where they part', () => {
  const comparison = new InputComparison();
  equal(comparison.equal, false);
  const line = '7,2018-08-11T03:00:00Z,1,2,10.5,0,0';
  const inputs = [10.5, 1, 1, 1, 10.5, 1, 10.5, 1, 10.5, 0, 0, 0, 0, 0, 0];
  comparison.add(line, inputs);
  equal(comparison.equal, true);
  comparison.add(line, inputs);
  equal(comparison.equal, false);
  match(comparison.report(), /First difference: 7,.*: CUSTOMER_NB_1 is 1, expected 2/);
});

test('a label arrives seven days after its payment, before a payment of the same moment', () => {
  const data = dataFolder(`${HEADER}a,2018-04-01T00:00:00Z,1,1,5,1,1\nb,2018-04-07T23:59:59Z,1,1,5,0,0\n` +
    'c,2018-04-08T00:00:00Z,1,1,5,1,2\nd,2018-04-20T00:00:00Z,1,1,5,0,0\n');
  const sent = [...arrivals(readTransactions(data))];
  const days = sent.map(({ kind, atMs }) => [kind, (atMs - START_MS) / DAY_MS]);
  deepEqual(days, [
    ['payment', 0], ['payment', 7 - 1 / 86_400], ['label', 7], ['payment', 7], ['label', 14], ['payment', 19],
  ]);
});
