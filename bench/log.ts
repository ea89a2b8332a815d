// The log alone, 2 KB a record: closed loops of 1, 16 and 64 callers, 2,000/s in an open loop, start, verify.
// `node bench/log.ts` on the real disk, in the folder for temporary files; some 20 seconds.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { openDecisionLog, type LogOptions, type OpenedLog } from '#adapters/log-files/decision-log-open.ts';
import { verifyLog } from '#adapters/log-files/decision-log-verify.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import type { Disk } from '#ports/disk.ts';
import type { LogRecord } from '#ports/decision-log.ts';

const SECONDS = 3;
const RATE_PER_SECOND = 2_000;
const PARTS = [60, 700, 400, 840].map((bytes) => new Uint8Array(bytes).fill(97));

type Log = OpenedLog['log'];

const recordAt = (position: number): LogRecord => ({
  kind: 'decision', position, receivedAtMs: 1_764_000_000_000 + position,
  key: `acme\0tx\0tx_${position}`, parts: PARTS,
});

/** Takes every write and keeps none: what is left is the log's own work. */
const nowhere: Disk = {
  ...nodeDisk,
  list: async () => [],
  makeFolder: async () => {},
  syncDirectory: async () => {},
  remove: async () => {},
  rename: async () => {},
  lock: async () => async () => {},
  open: async (path) => ({
    path,
    size: async () => 0,
    read: async () => 0,
    write: async (bytes) => bytes.length,
    writeThrough: async (bytes) => bytes.length,
    fdatasync: async () => {},
    truncate: async () => {},
    close: async () => {},
  }),
};

async function closedLoop(log: Log, callers: number, untilMs: number, waits: number[]): Promise<void> {
  const caller = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      const startMs = performance.now();
      await log.append(recordAt(log.nextPosition));
      waits.push(performance.now() - startMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

async function openLoop(log: Log, untilMs: number, waits: number[]): Promise<void> {
  const startMs = performance.now();
  const written: Promise<void>[] = [];
  for (let nowMs = startMs; nowMs < untilMs; nowMs = performance.now()) {
    for (let due = (nowMs - startMs) * RATE_PER_SECOND / 1_000 - written.length; due >= 1; due -= 1) {
      const sentMs = performance.now();
      written.push(log.append(recordAt(log.nextPosition)).then(() => {
        waits.push(performance.now() - sentMs);
      }));
    }
    await new Promise((resolve) => void setTimeout(resolve, 1));
  }
  await Promise.all(written);
}

type Load = (log: Log, untilMs: number, waits: number[]) => Promise<void>;

async function measure(name: string, disk: Disk, options: LogOptions, load: Load): Promise<string> {
  const { log } = await openDecisionLog(disk, options);
  await load(log, performance.now() + 500, []);
  const first = log.nextPosition;
  const waits: number[] = [];
  const [cpu, startMs] = [process.cpuUsage(), performance.now()];
  await load(log, startMs + SECONDS * 1_000, waits);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - startMs) / 1_000;
  const count = log.nextPosition - first;
  await log.close();
  waits.sort((left, right) => left - right);
  const quantile = (part: number): string => (waits[Math.floor(waits.length * part)] ?? 0).toFixed(2);
  const cells = [
    name, Math.round(count / seconds).toLocaleString('en'),
    (user / count).toFixed(1), (system / count).toFixed(1), quantile(0.5), quantile(0.99), quantile(0.999),
  ];
  return `| ${cells.join(' | ')} |`;
}

async function timed(name: string, what: () => Promise<number>): Promise<string> {
  const [cpu, startMs] = [process.cpuUsage(), performance.now()];
  const count = await what();
  const ms = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  const each = ((user + system) / count).toFixed(1);
  return `${name}: ${count.toLocaleString('en')} records in ${ms.toFixed(0)} ms, CPU ${each} us each`;
}

const folder = mkdtempSync(join(tmpdir(), 'assay-log-'));
try {
  console.log('| | records/s | CPU user us | CPU system us | p50 ms | p99 ms | p99.9 ms |');
  console.log('|---|---|---|---|---|---|---|');
  const many: Load = (log, untilMs, waits) => closedLoop(log, 64, untilMs, waits);
  const unheld = { folder: `${folder}/none`, commitGapMs: 0 };
  console.log(await measure('no disk, 64 callers', nowhere, unheld, many));
  for (const callers of [1, 16, 64]) {
    const load: Load = (log, untilMs, waits) => closedLoop(log, callers, untilMs, waits);
    for (const commitGapMs of [0, 2]) {
      const options = { folder: `${folder}/${callers}-${commitGapMs}`, commitGapMs };
      console.log(await measure(`${callers} callers, gap ${commitGapMs} ms`, nodeDisk, options, load));
    }
  }
  for (const commitGapMs of [0, 1, 2, 4]) {
    const options = { folder: `${folder}/open-${commitGapMs}`, commitGapMs };
    console.log(await measure(`2,000/s, gap ${commitGapMs} ms`, nodeDisk, options, openLoop));
  }
  const largest = `${folder}/64-0`;
  console.log(await timed('start without a snapshot', async () => {
    const { log } = await openDecisionLog(nodeDisk, { folder: largest });
    const { position } = log.durable;
    await log.close();
    return position;
  }));
  console.log(await timed('verify', async () => (await verifyLog(nodeDisk, largest)).recordCount));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
