import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ServerProgram } from './debian-packages.ts';
import { unpackDebian, unpackedProgram } from './debian-packages.ts';
import { fetchService } from './service-cache.ts';

const run = promisify(execFile);
/** Functions, which the adapter calls, came with this version. */
const REDIS_MAJOR_MIN = 7;

/** The Redis in PATH where it is new enough, else Debian's, unpacked into the cache. */
export async function getRedis(): Promise<ServerProgram> {
  const installed: ServerProgram = { path: 'redis-server', env: {} };
  if (await isNewEnough(installed)) return installed;
  const folder = await fetchService('redis', (draft) => unpackDebian('redis-server', draft));
  const unpacked = unpackedProgram(folder, 'usr/bin/redis-server');
  if (await isNewEnough(unpacked)) return unpacked;
  throw new Error(`the Redis of this Debian does not run, or is older than ${REDIS_MAJOR_MIN}: ${folder}`);
}

async function isNewEnough({ path, env }: ServerProgram): Promise<boolean> {
  try {
    const { stdout } = await run(path, ['--version'], { env: { ...process.env, ...env } });
    return Number(/v=(\d+)\./.exec(stdout)?.[1]) >= REDIS_MAJOR_MIN;
  } catch {
    return false;
  }
}
