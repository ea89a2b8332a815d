import { deepEqual, equal, match } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `readerGoes`: nobody reads what it prints, as behind `| true`. */
async function assay(args: readonly string[], readerGoes = false): Promise<Ended> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'assay.ts'), ...args]);
  if (readerGoes) child.stdout.destroy();
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString(); });
  child.stderr.on('data', (chunk: Buffer) => { err += chunk.toString(); });
  await once(child, 'close');
  return { code: child.exitCode, out, err };
}

test('--help prints what the command takes, wherever it stands', async () => {
  const [all, backtest, publish] = await Promise.all([
    assay(['--help']), assay(['backtest', '--help']), assay(['policy', 'publish', '--help']),
  ]);
  deepEqual([all.code, backtest.code, publish.code, all.err], [0, 0, 0, '']);
  match(all.out, /^assay decide FILE/);
  match(all.out, /\nassay backtest /);
  match(backtest.out, /^assay backtest \[FILE/);
  match(publish.out, /^assay policy publish HASH .*\n {2}--url/);
});

test('a command that is not there is named, and ends with 2', async () => {
  const [top, verb] = await Promise.all([assay(['toString']), assay(['policy', 'chekc', 'a.yaml'])]);
  deepEqual([top.code, verb.code], [2, 2]);
  match(top.err, /^assay has no command toString\n/);
  match(verb.err, /^assay policy has no command chekc\nassay policy check FILE[^]*\nassay policy publish/);
});

test('a reader that has gone ends it without a word', async () => {
  const { code, err } = await assay(['--help'], true);
  equal(err, '');
  equal(code, 141);
});
