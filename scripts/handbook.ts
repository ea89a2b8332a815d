// `npm run handbook -- --data DIR --out scores.csv`: the Fraud Detection Handbook through the engine
// itself, payments and delayed labels in order of arrival, log and fsync included. See docs/handbook.md.
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { arrivals } from './handbook/arrivals.ts';
import { bookInputs } from './handbook/book-inputs.ts';
import { feed } from './handbook/feed.ts';
import { InputComparison } from './handbook/input-comparison.ts';
import { openHandbookEngine } from './handbook/open-handbook-engine.ts';
import { handbookFiles, handbookLines, readTransactions } from './handbook/read-transactions.ts';
import { Progress } from '#cli/progress.ts';

const USAGE = `npm run handbook -- --data DIR [options]
  --data DIR          the monthly CSV files of the Handbook, .csv or .csv.gz
  --out FILE          writes tx_id,score: the fraud score of each decision as answered
  --verify-features   compares the book's 15 inputs with an independent computation, on every row
  --calls FILE        writes the calls, one a line, as they arrive, and decides nothing: for assay backtest
  --log DIR           keeps the data folder there; default: a temporary one, removed at the end
  --policy FILE       default policies/handbook/handbook.policy.yaml`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: text, out: text, calls: text, log: text, policy: text,
      'verify-features': { type: 'boolean', default: false },
    },
  });
  if (values.data !== undefined && values.calls !== undefined) return writeCalls(values.data, values.calls);
  if (values.data === undefined || (values.out === undefined && !values['verify-features'])) {
    console.error(USAGE);
    return 2;
  }
  const policy = values.policy ?? join('policies', 'handbook', 'handbook.policy.yaml');
  const folder = values.log ?? mkdtempSync(join(tmpdir(), 'assay-handbook-'));
  try {
    return await run(values.data, folder, policy, values.out, values['verify-features']);
  } finally {
    if (values.log === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function run(
  data: string, folder: string, policy: string, out: string | undefined, verify: boolean,
): Promise<number> {
  const total = countTransactions(data);
  const engine = await openHandbookEngine(nodeDisk, folder, policy);
  const scores = out === undefined ? undefined : createWriteStream(out);
  const comparison = verify ? new InputComparison() : undefined;
  const progress = new Progress('Handbook', total, 'payments');
  let decided = 0;
  scores?.write('tx_id,score\n');
  await feed(engine, readTransactions(data), ({ id, line, amount }, decision) => {
    scores?.write(`${id},${decision.fraud.score}\n`);
    comparison?.add(line, bookInputs(decision, amount));
    progress.at(++decided);
  });
  progress.end();
  await engine.close();
  if (scores !== undefined) {
    scores.end();
    await once(scores, 'finish');
    console.log(`${decided} scores in ${out}`);
  }
  if (comparison === undefined) return 0;
  console.log(comparison.report());
  return comparison.equal ? 0 : 1;
}

/** What reaches the engine, in order of arrival. */
async function writeCalls(data: string, file: string): Promise<number> {
  const out = createWriteStream(file);
  let count = 0;
  for (const { call } of arrivals(readTransactions(data))) {
    count += 1;
    if (!out.write(`${JSON.stringify(call)}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  console.log(`${count} calls in ${file}`);
  return 0;
}

function countTransactions(data: string): number {
  let count = 0;
  for (const path of handbookFiles(data)) for (const _ of handbookLines(path)) count++;
  return count;
}
