/** How a process or a thread of ours stands behind others for the processor. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import process from 'node:process';

const SCHED_IDLE = 5;

/** Puts this process behind others where whoever began it could not; tells which it is and how it stands. */
export function standBehindOthers(): string {
  if (schedulingPolicy() === SCHED_IDLE) return `process ${process.pid}, SCHED_IDLE`;
  os.setPriority(os.constants.priority.PRIORITY_LOW);
  return `process ${process.pid}, nice ${os.getPriority()}`;
}

/** Puts the calling thread behind the one that decides. Elsewhere than on Linux it would be all of them. */
export function standBehindPayments(priority: number): void {
  if (process.platform === 'linux') os.setPriority(0, priority);
}

/** Field 41 of proc(5) `stat`; undefined where there is no such file. */
function schedulingPolicy(): number | undefined {
  try {
    const text = readFileSync('/proc/self/stat', 'utf8');
    // The name of the process, in brackets, is field 2 and may hold blanks.
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[38]);
  } catch {
    return undefined;
  }
}
