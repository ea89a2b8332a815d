/** A folder of policies with what belongs to them, as one publication. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CustomField } from '#domain/field.ts';
import { messageOf } from '#domain/message-of.ts';
import type { RateTableSource } from '#domain/rates.ts';
import { PublicationRefused } from '#decisioning/live-policies.ts';
import type { Publication } from '#decisioning/publication.ts';
import { readCustomFields } from './read-custom-fields.ts';
import { readList } from './read-list.ts';
import { readRates } from './read-rates.ts';
import { SHIPPED_POLICIES } from './settings.ts';

/** In force where nobody says otherwise: the shipped folder has a policy for the bench too. */
const STARTERS = ['cards.policy.yaml', 'transfers.policy.yaml'];
const SUFFIX = '.policy.yaml';
const NO_RATES: RateTableSource = { version: 'none', base: 'EUR', rates: {} };

/**
 * `*.policy.yaml`, `lists/NAME.csv`, `rates.json` and `custom-fields.json` of a folder; all but the policies
 * may be absent. `policyFiles` stand in for the policies of the folder. Throws PublicationRefused with every
 * problem of lists, rates and custom fields by file and place; policies are compiled where they go live.
 */
export async function readPublication(
  folder: string, policyFiles?: readonly string[],
): Promise<Publication> {
  const problems: string[] = [];
  const files = policyFiles ?? await policiesOf(folder);
  const policies = await Promise.all(files.map(async (file) => (
    { file: basename(file), source: await readFile(file, 'utf8') })));
  const names = (await namesIn(join(folder, 'lists'))).filter((name) => name.endsWith('.csv'));
  const lists = await Promise.all(names.map(async (name) => {
    const file = join(folder, 'lists', name);
    return readList(await readFile(file, 'utf8'), file, problems);
  }));
  const rates = await readJson(join(folder, 'rates.json'), problems, readRates) ?? NO_RATES;
  const custom = await customOf(folder, problems);
  if (problems.length > 0) throw new PublicationRefused(problems);
  return { format: 1, policies, lists, rates, custom };
}

/** The custom fields of a folder alone: what a policy is checked against. Throws PublicationRefused. */
export async function readCustom(folder: string): Promise<readonly CustomField[]> {
  const problems: string[] = [];
  const custom = await customOf(folder, problems);
  if (problems.length > 0) throw new PublicationRefused(problems);
  return custom;
}

const customOf = async (folder: string, problems: string[]): Promise<readonly CustomField[]> =>
  await readJson(join(folder, 'custom-fields.json'), problems, readCustomFields) ?? [];

async function policiesOf(folder: string): Promise<readonly string[]> {
  const names = folder === SHIPPED_POLICIES ? STARTERS
    : (await namesIn(folder)).filter((name) => name.endsWith(SUFFIX));
  if (names.length > 0) return names.map((name) => join(folder, name));
  throw new PublicationRefused([`${folder}: there is no *${SUFFIX} in it; ASSAY_POLICIES names the folder`]);
}

/** By name; of a folder that is not there, none. */
async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(unlessAbsent) ?? []).toSorted();
}

function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

async function readJson<Content>(
  file: string, problems: string[], read: (content: unknown, file: string, problems: string[]) => Content,
): Promise<Content | undefined> {
  const text = await readFile(file, 'utf8').catch(unlessAbsent);
  if (text === undefined) return undefined;
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    problems.push(`${file}: is not JSON: ${messageOf(error)}`);
    return undefined;
  }
  return read(content, file, problems);
}
