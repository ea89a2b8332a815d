/** A Redis is that of one fleet, and of nothing else: what another writes there would be counted as ours. */
import { Buffer } from 'node:buffer';
import { WindowLogUnavailable } from '#ports/window-log.ts';
import { RedisLine, unavailable, type RedisLineOptions } from './redis-line.ts';

const FLEET_KEY = 'assay:fleet';
const OURS = 'assay:';
/** Keys that are looked at where no fleet has claimed it: whose they are is seen by the first. */
const SAMPLE = '1000';

/**
 * Writes down whose it is where nobody has, and holds it against that where somebody did. Rejects with
 * WindowLogUnavailable: `refused` where it is another's, or holds keys that are not ours.
 */
export async function claimRedis(options: RedisLineOptions, fleet: string): Promise<void> {
  const line = await RedisLine.open(options, () => {});
  try {
    const owner = await ownerOf(line, `${FLEET_KEY}${options.mark ?? ''}`, fleet);
    if (owner === fleet) return;
    throw new WindowLogUnavailable('refused', `it holds the windows of another fleet (${owner}; this one is `
      + `${fleet}): give this fleet a Redis of its own, or an empty database of this one. Where its topic of `
      + 'decisions was made anew, and these windows are of no use, clear it with FLUSHDB');
  } catch (error) {
    throw unavailable(error);
  } finally {
    line.destroy();
  }
}

async function ownerOf(line: RedisLine, key: string, fleet: string): Promise<string> {
  const known = await line.send('GET', key);
  if (known !== null) return parseText(known);
  const found = parseScan(await line.send('SCAN', '0', 'COUNT', SAMPLE));
  const strange = found.find((one) => !one.startsWith(OURS));
  if (strange !== undefined) {
    throw new WindowLogUnavailable('refused', `it holds keys of somebody else, such as ${strange}: give this `
      + 'fleet a Redis of its own, or an empty database of this one');
  }
  await line.send('SET', key, fleet, 'NX');
  return parseText(await line.send('GET', key));
}

/** A cursor and keys. */
function parseScan(reply: unknown): readonly string[] {
  const keys: unknown = Array.isArray(reply) ? reply[1] : [];
  return Array.isArray(keys) ? keys.map(parseText) : [];
}

const parseText = (reply: unknown): string =>
  (Buffer.isBuffer(reply) ? reply.toString() : typeof reply === 'string' ? reply : '');
