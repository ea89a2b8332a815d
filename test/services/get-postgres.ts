import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { ServerProgram } from './debian-packages.ts';
import { unpackDebian, unpackedProgram } from './debian-packages.ts';
import { cachedService, fetchService } from './service-cache.ts';

const DEBIAN = '/usr/lib/postgresql';
const CACHED = 'postgresql';
const POSTGRES_MAJOR_MIN = 15;

/** A program of PostgreSQL by its name: initdb, postgres, pg_isready. */
type Postgres = (name: string) => ServerProgram;

/** PostgreSQL as Debian's packages put it here, else unpacked into the cache. */
export async function getPostgres(): Promise<Postgres> {
  const found = foundPostgres();
  if (found !== undefined) return found;
  const folder = await fetchService(CACHED, (draft) => unpackDebian('postgresql', draft));
  const unpacked = within(folder);
  if (unpacked !== undefined) return unpacked;
  throw new Error(`the PostgreSQL of this Debian is older than ${POSTGRES_MAJOR_MIN}`);
}

/** What is here already, installed or in the cache. Fetches nothing. */
export function foundPostgres(): Postgres | undefined {
  const cached = cachedService(CACHED);
  return within('') ?? (cached === undefined ? undefined : within(cached));
}

/** PostgreSQL refuses to run as root: there it runs as the owner of Debian's data folder, or as nobody. */
export function postgresUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const home = '/var/lib/postgresql';
  const owner = existsSync(home) ? statSync(home) : undefined;
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const idOf = (kind: string): number => Number(execFileSync('id', [kind, 'nobody'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** The newest version under a root: of the machine, or of a folder that packages were unpacked into. */
function within(root: string): Postgres | undefined {
  const versions = existsSync(`${root}${DEBIAN}`) ? readdirSync(`${root}${DEBIAN}`) : [];
  const newest = versions
    .map(Number)
    .filter((one) => one >= POSTGRES_MAJOR_MIN && existsSync(`${root}${DEBIAN}/${one}/bin/initdb`))
    .sort((left, right) => right - left)[0];
  if (newest === undefined) return undefined;
  const bin = `${DEBIAN}/${newest}/bin`;
  return (name) =>
    root === '' ? { path: `${bin}/${name}`, env: {} } : unpackedProgram(root, join(bin, name).slice(1));
}
