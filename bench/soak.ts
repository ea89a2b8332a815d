/**
 * A long run at one rate, with what lives in the server's memory read every minute: what grows, and how fast.
 */
import { readFileSync, statSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningServer } from './server-process.ts';

export interface MemorySample {
  readonly atMs: number;
  readonly heapUsed: number;
  readonly resident: number;
  readonly external: number;
  /** Events in the window store; what is retained is meant to be in memory. */
  readonly events: number;
}

const SAMPLE_MS = 60_000;
const MIB = 1_048_576;

/**
 * Reads the server's memory every minute until it is called; gives what was read. The whole heap is
 * collected before: V8 does so rarely by itself, and what waits for it says nothing. The stop, some tens of
 * milliseconds, is in the tail.
 */
export function watchMemory(server: RunningServer, heapFile: string): () => readonly MemorySample[] {
  const samples: MemorySample[] = [];
  const sample = async (): Promise<void> => {
    const seen = await readMemory(server, heapFile);
    samples.push(seen);
    const { resident, heapUsed, external, events } = seen;
    console.error(
      `${mib(resident)} resident  ${mib(heapUsed)} heap  ${mib(external)} external  ${events} events`);
  };
  const timer = setInterval(() => { sample().catch((error: unknown) => console.error(error)); }, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    return samples;
  };
}

async function readMemory(server: RunningServer, heapFile: string): Promise<MemorySample> {
  const heapUsed = await heapAfterCollection(server, heapFile);
  const headers = { authorization: `Bearer ${server.key}` };
  const response = await fetch(new URL('/metrics', server.url), { headers });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`/metrics: ${response.status} ${text.slice(0, 200)}`);
  return {
    atMs: performance.now(),
    heapUsed,
    resident: metric(text, 'process_resident_memory_bytes'),
    external: metric(text, 'nodejs_external_memory_bytes'),
    events: metric(text, 'assay_window_store_events'),
  };
}

async function heapAfterCollection({ pid }: RunningServer, file: string): Promise<number> {
  const writtenMs = (): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const before = writtenMs();
  process.kill(pid, 'SIGUSR2');
  while (writtenMs() === before) await sleep(20);
  return Number(readFileSync(file, 'utf8'));
}

/** Value of a metric without labels in Prometheus text; throws where it is not there. */
export function metric(text: string, name: string): number {
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
  if (value === undefined) throw new Error(`/metrics has no ${name}`);
  return Number(value);
}

/** Least-squares slope of y over x. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const count = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count;
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
}

/** What the memory did after the first fifth of the run, which is warm-up. */
export function memoryReport(samples: readonly MemorySample[]): string {
  const kept = samples.slice(Math.floor(samples.length / 5));
  if (kept.length < 3) return 'too short a run to say how memory grows';
  const perMinute = (of: (sample: MemorySample) => number): number =>
    slope(kept.map((sample) => [sample.atMs / 60_000, of(sample)] as const));
  const events = perMinute((sample) => sample.events);
  const lines = (['resident', 'heapUsed', 'external'] as const).map((what) => {
    const grows = perMinute((sample) => sample[what]);
    const each = events >= 1 ? `, ${(grows / events).toFixed(0)} bytes an event retained` : '';
    return `${what}: ${mib(kept.at(-1)?.[what] ?? 0)} at the end, ${mib(grows)} a minute${each}`;
  });
  return [`${events.toFixed(0)} events more a minute`, ...lines].join('\n');
}

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
