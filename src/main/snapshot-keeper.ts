/** A snapshot now and then, so that a start after a crash reads only what came since. */
import { Worker } from 'node:worker_threads';
import type { Engine } from '#decisioning/engine.ts';
import { messageOf } from '#domain/message-of.ts';
import type { SnapshotOrder } from './write-snapshot.ts';

/** A start replays at most about this many records, and what arrives while a snapshot is being made. */
export const SNAPSHOT_RECORDS = 200_000;
const LOOK_EVERY_MS = 5_000;

export interface SnapshotKeeper { stop(): Promise<void> }

export function keepSnapshots(
  engine: Engine, folder: string, tell: (line: string) => void, everyRecords = SNAPSHOT_RECORDS,
): SnapshotKeeper {
  let lastAt = engine.measurements().logPosition;
  let running: Promise<void> | undefined;
  const look = (): void => {
    const until = engine.measurements().logPosition;
    if (running !== undefined || until - lastAt < everyRecords) return;
    lastAt = until;
    const custom = engine.state.live?.publication.custom ?? [];
    running = snapshot({ folder, until, custom })
      .then((position) => { tell(`snapshot: written at position ${position}`); })
      .catch((error: unknown) => {
        tell(`snapshot: not written: ${messageOf(error)}`);
      })
      .finally(() => { running = undefined; });
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

function snapshot(order: SnapshotOrder): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./snapshot-worker.ts', import.meta.url), { workerData: order });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => { reject(new Error(`the snapshot thread ended with ${code}`)); });
  });
}
