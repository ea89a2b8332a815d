/** What payments leave behind in each process: memory and bytes on disks, from which capacity is reckoned. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchFleet } from './fleet-servers.ts';
import { metric } from './soak.ts';

const MIB = 1_048_576;
/** As files count what they have, whatever the disk's own blocks are. */
const BLOCK_BYTES = 512;

/** After so many payments, and nothing before them; those that were degraded left less. */
export async function footprintLines(
  fleet: BenchFleet, payments: number, degraded: number,
): Promise<readonly string[]> {
  const memory = await redisNumbers(fleet, 'memory');
  const stats = await redisNumbers(fleet, 'stats');
  const keys = Number(await fleet.redis.ask('DBSIZE'));
  const each = (bytes: number): string => (bytes / Math.max(1, payments)).toFixed(0);
  const redisBytes = (memory.get('used_memory') ?? 0) - (memory.get('used_memory_startup') ?? 0);
  const net = ['total_net_input_bytes', 'total_net_output_bytes'].map((name) => each(stats.get(name) ?? 0));
  const lines = [
    `after ${payments} payments, ${degraded} of them degraded:`,
    `Redis: ${each(redisBytes)} bytes of memory a payment, ${keys} logs; `
      + `network ${net[0]} bytes in and ${net[1]} out a payment`,
    `Kafka: ${each(folderBytes(join(fleet.kafka.folder, 'data')))} bytes on its disk a payment, `
      + `${mib(residentBytes(fleet.kafka.pid))} resident`,
    `PostgreSQL: ${each(folderBytes(join(fleet.postgres.folder, 'db', 'base')))} bytes on its disk a `
      + 'payment, an empty database included',
  ];
  for (const { name, url, key, pid } of fleet.nodes) {
    const headers = { authorization: `Bearer ${key}` };
    const text = await (await fetch(new URL('/metrics', url), { headers })).text();
    const [events, external] = [metric(text, 'assay_window_store_events'),
      metric(text, 'nodejs_external_memory_bytes')];
    lines.push(`${name}: ${events} events in its windows, ${mib(residentBytes(pid))} resident, `
      + `${mib(external)} of it arrays`);
  }
  return lines;
}

async function redisNumbers({ redis }: BenchFleet, section: string): Promise<ReadonlyMap<string, number>> {
  const said = String(await redis.ask('INFO', section));
  const found = said.matchAll(/^(\w+):(\d+)\r?$/gm);
  return new Map([...found].map(([, name = '', value]) => [name, Number(value)]));
}

/** Blocks of the disk that its files have. */
const folderBytes = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce((sum, name) => {
    const found = statSync(join(folder, name), { throwIfNoEntry: false });
    return sum + (found?.isFile() === true ? found.blocks * BLOCK_BYTES : 0);
  }, 0);

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024;

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`;
