// Where servers are kept that had to be fetched: `ASSAY_SERVICES`, else a folder of this user's in tmpdir.
import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { chmod, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';

/** Another tag is another cache: raise it when what lies in it changes its shape. */
const CACHE_TAG = '1';

/** Made where it is not there. What lies in it is run, so nobody else may be able to write there. */
export function serviceCache(): string {
  const folder = cacheFolder();
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const { uid, mode } = lstatSync(folder);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) {
    throw new Error(`${folder} can be written by others, and programs in it are run: set ASSAY_SERVICES`);
  }
  return folder;
}

/** The part called `name` where it was fetched before; undefined where it was not. Fetches nothing. */
export function cachedService(name: string): string | undefined {
  const folder = join(cacheFolder(), name);
  return existsSync(folder) ? folder : undefined;
}

/**
 * The part called `name`, filled by `fill` where it is not there yet. It appears whole or not at all: of two
 * that fill it at once, the second throws its own away.
 */
export async function fetchService(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(serviceCache(), name);
  if (existsSync(folder)) return folder;
  const draft = await mkdtemp(join(serviceCache(), `${name}.draft-`));
  try {
    await fill(draft);
    // PostgreSQL runs as another user where we are root, and must be able to read it.
    await chmod(draft, 0o755);
    await rename(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

function cacheFolder(): string {
  return resolve(process.env['ASSAY_SERVICES'] ?? join(tmpdir(), `assay-services-${CACHE_TAG}`));
}
