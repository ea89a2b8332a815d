/** A worker thread: one snapshot, then the end. */
import { parentPort, workerData } from 'node:worker_threads';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { writeSnapshotOf, type SnapshotOrder } from './write-snapshot.ts';

parentPort?.postMessage(await writeSnapshotOf(nodeDisk, workerData as SnapshotOrder));
