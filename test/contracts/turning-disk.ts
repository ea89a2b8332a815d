/** A disk in memory for worlds that run in turns of the loop: nothing is durable within the turn. */
import { MemoryDisk } from '#adapters/memory/memory-disk.ts';

export const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Half of them write short. */
export function turningDisk(random: () => number): MemoryDisk {
  const disk = new MemoryDisk(random);
  if (random() < 0.5) disk.writeShort();
  disk.beforeFlush = nextTurn;
  return disk;
}
