/** A fleet whose shared logs are kept whole by a restorer, on the time of the machine. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import { eventSchema } from '#domain/field.ts';
import { Restorer, type RestorerParts } from '#fleet/restorer.ts';
import type { RepairableLog } from '#ports/window-repair.ts';
import type { FleetWorld } from './fleet-world.ts';

const clock = { now: (): number => performance.now(), sleep: (ms: number): Promise<void> => sleep(ms) };

export interface RunningRestorer {
  readonly restorer: Restorer;
  /** Resolves when the logs are whole, and what is in the topic now is in them. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export function runRestorer(
  { decisions: topic }: Pick<FleetWorld, 'decisions'>, log: RepairableLog, more: Partial<RestorerParts> = {},
): RunningRestorer {
  const stopping = new AbortController();
  const bounds = { lookMs: 2, noteMs: 5, settleMs: 2, ...more.bounds };
  const restorer = new Restorer({ log, topic, clock, schema: eventSchema(), ...more, bounds });
  const running = restorer.run(stopping.signal);
  return {
    restorer,
    async settled() {
      const isSettled = async (): Promise<boolean> => {
        const [health, noted, ends] =
          [await log.health(), await log.checkpoint(), await topic.ends()];
        return health.condition === 'whole' && ends.every((end, i) => (noted?.[i] ?? 0) >= end);
      };
      while (!await isSettled().catch(() => false)) await sleep(2);
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** Every entry of every log, as text. */
export const dumpOf = (log: MemoryWindowLog): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries([...log.all].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, entries]) =>
    [key, entries.map(({ seq, id, bytes }) => `${seq} ${id} ${Buffer.from(bytes).toString('hex')}`)]));
