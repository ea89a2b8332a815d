/**
 * The transactions of the Fraud Detection Handbook, one CSV a month:
 * tx_id,time,customer,terminal,amount,fraud,scenario.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface HandbookTransaction {
  /** As it stands in the file. */
  readonly line: string;
  readonly id: string;
  /** RFC 3339, UTC, whole seconds. */
  readonly time: string;
  readonly atMs: number;
  readonly customer: string;
  readonly terminal: string;
  /** Decimal text with up to two decimals. */
  readonly amount: string;
  readonly fraud: boolean;
}

const HEADER = 'tx_id,time,customer,terminal,amount,fraud,scenario';

/** The CSV files of a folder, oldest first by name; packed ones are unpacked. */
export function handbookFiles(folder: string): readonly string[] {
  const names = readdirSync(folder).filter((name) => /\.csv(\.gz)?$/.test(name)).toSorted();
  if (names.length === 0) throw new Error(`${folder} holds no .csv or .csv.gz file`);
  return names.map((name) => join(folder, name));
}

/** Lines of the file without its header; throws where the header is another one. */
export function* handbookLines(path: string): Generator<string> {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  let from = text.indexOf('\n') + 1;
  if (text.slice(0, from).trim() !== HEADER) throw new Error(`${path} does not start with ${HEADER}`);
  while (from < text.length) {
    const end = text.indexOf('\n', from);
    const to = end < 0 ? text.length : end;
    if (to > from) yield text.slice(from, to);
    from = to + 1;
  }
}

/** All transactions of the folder in order of time. Throws where a line is not one, or time steps back. */
export function* readTransactions(folder: string): Generator<HandbookTransaction> {
  let lastMs = -Infinity;
  for (const path of handbookFiles(folder)) {
    for (const line of handbookLines(path)) {
      const transaction = parseLine(line, path);
      if (transaction.atMs < lastMs) throw new Error(`${path}: ${line} is earlier than the line before it`);
      lastMs = transaction.atMs;
      yield transaction;
    }
  }
}

function parseLine(line: string, path: string): HandbookTransaction {
  const [id = '', time = '', customer = '', terminal = '', amount = '', fraud = ''] = line.split(',');
  const atMs = Date.parse(time);
  const sound = id !== '' && customer !== '' && terminal !== '' && /^\d+(\.\d{1,2})?$/.test(amount) &&
    (fraud === '0' || fraud === '1') && !Number.isNaN(atMs);
  if (!sound) throw new Error(`${path}: not a transaction: ${line}`);
  return { line, id, time, atMs, customer, terminal, amount, fraud: fraud === '1' };
}
