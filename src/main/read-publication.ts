/** A folder of policies with what belongs to them, as one publication. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CustomField } from '#domain/field.ts';
import type { RateTableSource } from '#domain/rates.ts';
import type { Publication } from '#decisioning/publication.ts';
import type { ListEntry, ListSource } from '#policy/lists.ts';

/** What is in force where nobody says otherwise. */
const STARTERS = ['cards.policy.yaml', 'transfers.policy.yaml'];
const NO_RATES: RateTableSource = { version: 'none', base: 'EUR', rates: {} };

/**
 * `*.policy.yaml`, `lists/NAME.csv` (value,from,until,note), `rates.json` and `custom-fields.json` of a
 * folder; all
 * but the policies may be absent. Throws with the file where one cannot be read.
 */
export async function readPublication(
  folder: string, policyFiles: readonly string[] = STARTERS.map((name) => join(folder, name)),
): Promise<Publication> {
  const policies = await Promise.all(policyFiles.map(async (file) => (
    { file: basename(file), source: await readFile(file, 'utf8') })));
  const names = await readdir(join(folder, 'lists')).catch(() => []);
  const lists = await Promise.all(names.filter((name) => name.endsWith('.csv')).toSorted()
    .map((name) => readList(join(folder, 'lists', name))));
  return {
    format: 1, policies, lists,
    rates: await readJson<RateTableSource>(join(folder, 'rates.json')) ?? NO_RATES,
    custom: await readJson<readonly CustomField[]>(join(folder, 'custom-fields.json')) ?? [],
  };
}

async function readJson<Content>(file: string): Promise<Content | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Content;
  } catch (error) {
    throw new Error(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function readList(file: string): Promise<ListSource> {
  const [header = '', ...lines] = (await readFile(file, 'utf8')).split(/\r?\n/);
  if (!header.startsWith('value')) throw new Error(`${file}:1: the header is value,from,until,note`);
  const entries = lines.flatMap((line): ListEntry[] => {
    if (line.trim() === '') return [];
    const [value = '', from = '', until = '', note = ''] = line.split(',').map((cell) => cell.trim());
    return [{
      value, ...(from === '' ? {} : { from }), ...(until === '' ? {} : { until }), ...(note === '' ? {} : { note }),
    }];
  });
  return { name: basename(file, '.csv'), entries };
}
