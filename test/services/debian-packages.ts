import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { serviceCache } from './service-cache.ts';

const run = promisify(execFile);

/** A program and what it needs in its environment to find its own libraries. */
export interface ServerProgram {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Unpacks a Debian package into `folder`, with those it needs and this machine lacks. Nothing is installed
 * and no right of root is needed. Where the machine's package lists are missing or old, lists of our own
 * are fetched from the same sources.
 */
export async function unpackDebian(name: string, folder: string): Promise<void> {
  try {
    await unpack(name, folder, []);
  } catch {
    try {
      await unpack(name, folder, await ownLists());
    } catch (error) {
      throw new Error(`no Debian package ${name}: ${reasonOf(error)}`, { cause: error });
    }
  }
}

/** A program in a folder that `unpackDebian` has filled. */
export function unpackedProgram(folder: string, path: string): ServerProgram {
  const libraries = globSync(['usr/lib/*-linux-*', 'lib/*-linux-*'], { cwd: folder });
  const paths = libraries.map((one) => join(folder, one));
  return { path: join(folder, path), env: { LD_LIBRARY_PATH: paths.join(delimiter) } };
}

async function unpack(name: string, folder: string, options: readonly string[]): Promise<void> {
  const packages = join(folder, 'packages');
  await rm(folder, { recursive: true, force: true });
  await mkdir(packages, { recursive: true });
  const plan = ['--simulate', '--no-install-recommends', 'install', name];
  const { stdout } = await run('apt-get', [...options, ...plan], { env: english() });
  const missing = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, one]) => one ?? '');
  const wanted = [...new Set([name, ...missing])];
  await run('apt-get', [...options, 'download', ...wanted], { cwd: packages, env: english() });
  for (const one of await readdir(packages)) await run('dpkg', ['-x', join(packages, one), folder]);
  await rm(packages, { recursive: true });
}

/** Options of apt that put its lists into a folder of ours, after an update of them. */
async function ownLists(): Promise<readonly string[]> {
  const folder = join(serviceCache(), 'apt');
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
  await mkdir(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
  const options = ['-o', `Dir::State::lists=${folder}/lists`, '-o', `Dir::Cache=${folder}/cache`];
  await run('apt-get', [...options, 'update'], { env: english() });
  return options;
}

function english(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C' };
}

/** The lines in which apt says what is wrong; else the whole of it. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const said = [...text.matchAll(/^E: (.*)$/gm)].map(([, line]) => line);
  return said.length === 0 ? text : said.join('; ');
}
