import type { RepairableLog } from '#ports/window-repair.ts';
import { RedisClusterLog } from './cluster-log.ts';
import { claimRedis } from './fleet-claim.ts';
import { readMark, readTopology } from './cluster-topology.ts';
import type { RedisLineOptions } from './redis-line.ts';
import { RedisWindowLog, type RedisWindowLogOptions } from './window-log.ts';

/** The window logs of a Redis, or of the whole cluster that it is of. Rejects with WindowLogUnavailable. */
export async function openWindowLog(options: RedisWindowLogOptions): Promise<RepairableLog> {
  return await RedisClusterLog.open(options) ?? RedisWindowLog.open(options);
}

/** As claimRedis, of all primaries where it is one of a cluster. */
export async function claimWindowLog(options: RedisLineOptions, fleet: string): Promise<void> {
  const served = await readTopology(options.url);
  if (served === undefined) return claimRedis(options, fleet);
  for (const one of served) await claimRedis({ ...options, url: one.url, mark: await readMark(one) }, fleet);
}
