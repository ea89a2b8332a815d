import { logKey, type LogName } from '#ports/window-log.ts';

/** The braces choose the slot of a cluster: a log is whole in one. */
export const keyOf = (name: LogName): string => `assay:w:{${logKey(name)}}`;

/** Epoch and run of the process of Redis whose logs are whole. */
export const STATE_KEY = 'assay:state';
const LEASE_KEY = 'assay:lease';
const CHECKPOINT_KEY = 'assay:checkpoint';
export const FLIGHTS_KEY = 'assay:inflight';

/** Of one process of a cluster: `mark` puts them into a slot that it serves. */
export const sharedKeys = (mark = '') => ({
  state: STATE_KEY + mark, lease: LEASE_KEY + mark, checkpoint: CHECKPOINT_KEY + mark,
  flights: FLIGHTS_KEY + mark,
} as const);
