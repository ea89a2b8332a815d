/** Who serves which slots of a cluster, as one of its processes knows it. */
import { Buffer } from 'node:buffer';
import { createClient, RESP_TYPES } from '@redis/client';
import { WindowLogUnavailable } from '#ports/window-log.ts';
import { markOf } from './key-slot.ts';
import { sharedKeys } from './keys.ts';
import { CONNECT_MS_MAX, unavailable, answeredWithin } from './redis-line.ts';

/** A primary. */
export interface ServedSlots {
  /** `host:port`. */
  readonly address: string;
  readonly url: string;
  /** From and to, both included. */
  readonly ranges: readonly (readonly [from: number, to: number])[];
}

/** Where what stands for all logs of a primary may be: in the first of these slots that it serves. */
const HOME_SLOTS_EVERY = 1_024;

/** Undefined where it is no process of a cluster. Rejects with WindowLogUnavailable. */
export async function readTopology(url: string): Promise<readonly ServedSlots[] | undefined> {
  return asking(url, async (ask) => {
    if (!/cluster_enabled:1/.test(textOf(await ask('INFO', 'cluster')))) return undefined;
    const served = new Map<string, [number, number][]>();
    for (const one of listOf(await ask('CLUSTER', 'SLOTS'))) {
      const [from, to, primary] = listOf(one);
      const [host, port] = listOf(primary);
      const address = addressOf(textOf(host), Number(port), url);
      const ranges = served.get(address) ?? [];
      served.set(address, ranges);
      ranges.push([Number(from), Number(to)]);
    }
    return [...served].map(([address, ranges]) => ({
      address, url: urlOf(url, address), ranges: ranges.toSorted(([one], [other]) => one - other),
    }));
  });
}

/**
 * The mark of what stands for all logs of this primary: one whose state is of its process; else one that has
 * a state, of the process before it; else the first.
 */
export async function readMark({ url, ranges }: ServedSlots): Promise<string> {
  const marks = homesOf(ranges).map(markOf);
  return asking(url, async (ask) => {
    const run = /^run_id:(\S+)/m.exec(textOf(await ask('INFO', 'server')))?.[1] ?? '';
    const states = await Promise.all(marks.map((mark) => ask('GET', sharedKeys(mark).state)));
    const own = states.findIndex((state) => state !== null && textOf(state).endsWith(` ${run}`));
    const any = states.findIndex((state) => state !== null);
    return marks[own >= 0 ? own : Math.max(0, any)]!;
  });
}

function homesOf(ranges: ServedSlots['ranges']): readonly number[] {
  const homes = ranges.flatMap(([from, to]) => {
    const first = Math.ceil(from / HOME_SLOTS_EVERY) * HOME_SLOTS_EVERY;
    const count = Math.max(0, Math.floor((to - first) / HOME_SLOTS_EVERY) + 1);
    return Array.from({ length: count }, (_, i) => first + i * HOME_SLOTS_EVERY);
  });
  return homes.length > 0 ? homes : [ranges[0]![0]];
}

/** On a connection for this alone. */
async function asking<Result>(
  url: string, work: (ask: (...command: string[]) => Promise<unknown>) => Promise<Result>,
): Promise<Result> {
  const client = createClient({
    url, disableOfflineQueue: true,
    socket: { connectTimeout: CONNECT_MS_MAX, reconnectStrategy: false },
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
  // Whoever waits is told.
  client.on('error', () => {});
  try {
    return await answeredWithin(CONNECT_MS_MAX, (async () => {
      await client.connect();
      return work((...command) => client.sendCommand<unknown>(command));
    })());
  } catch (error) {
    throw unavailable(error);
  } finally {
    if (client.isOpen) client.destroy();
  }
}

const textOf = (said: unknown): string =>
  (Buffer.isBuffer(said) ? said.toString() : typeof said === 'string' ? said : '');

function listOf(said: unknown): readonly unknown[] {
  if (Array.isArray(said)) return said;
  throw new WindowLogUnavailable('refused', 'CLUSTER SLOTS does not say who serves what');
}

/** Where a process does not know its own address, it is the one that was asked. */
function addressOf(host: string, port: number, askedUrl: string): string {
  return `${host === '' || host === '?' ? new URL(askedUrl).hostname : host}:${port}`;
}

/** With the name, the password and the TLS of the one that was asked. */
function urlOf(askedUrl: string, address: string): string {
  const url = new URL(askedUrl);
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  url.hostname = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  url.port = address.slice(colon + 1);
  return url.href;
}
