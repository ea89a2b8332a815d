/** A worker thread: one snapshot, then the end. */
import { constants } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { standBehindPayments } from './standing.ts';
import { writeSnapshotOf, type SnapshotOrder } from './write-snapshot.ts';

// It makes the state again from the log, for seconds at a time.
standBehindPayments(constants.priority.PRIORITY_LOW);
parentPort?.postMessage(await writeSnapshotOf(nodeDisk, workerData as SnapshotOrder));
