import { logKey, type LogName } from '#ports/window-log.ts';

/** The braces choose the slot of a cluster: a log is whole in one. */
export const keyOf = (name: LogName): string => `assay:w:{${logKey(name)}}`;

/** Epoch and run of the process of Redis whose logs are whole. */
export const STATE_KEY = 'assay:state';
export const LEASE_KEY = 'assay:lease';
export const CHECKPOINT_KEY = 'assay:checkpoint';
export const FLIGHTS_KEY = 'assay:inflight';
