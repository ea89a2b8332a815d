/** What a process of this machine has used, read from outside, so that measuring costs it nothing. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';

/** Linux counts CPU time of processes in hundredths of a second, whatever the kernel's own tick (USER_HZ). */
const MICROS_A_TICK = 10_000;

/** CPU time of all its threads so far, in microseconds. */
export function cpuMicrosOf(pid: number): number {
  if (process.platform === 'linux') {
    const { own } = ticksOf(pid);
    return own * MICROS_A_TICK;
  }
  return secondsOfClock(execFileSync('ps', ['-o', 'time=', '-p', `${pid}`], { encoding: 'utf8' })) * 1e6;
}

/**
 * The same with its children, those that have ended included: a PostgreSQL is a process a connection, a Redis
 * forks to rewrite its file. Linux only.
 */
export function cpuMicrosOfAll(pid: number): number {
  const { own, ended } = ticksOf(pid);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  const living = children.map((child) => {
    try {
      return ticksOf(Number(child)).own * MICROS_A_TICK;
    } catch {
      // It has ended meanwhile, and counts among those from the next reading on.
      return 0;
    }
  });
  return living.reduce((sum, micros) => sum + micros, (own + ended) * MICROS_A_TICK);
}

function ticksOf(pid: number): { readonly own: number; readonly ended: number } {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name may hold blanks and brackets; fields are counted from behind it. 14 to 17 are utime, stime, and
  // those of children that have ended.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { own: Number(fields[11]) + Number(fields[12]), ended: Number(fields[13]) + Number(fields[14]) };
}

/** `1-02:03:04`, `02:03:04` or `3:04.56`, as ps prints it. */
export function secondsOfClock(text: string): number {
  const [days, clock] = text.trim().includes('-') ? text.trim().split('-') : ['0', text.trim()];
  const parts = (clock ?? '').split(':').map(Number);
  return Number(days) * 86_400 + parts.reduce((seconds, part) => seconds * 60 + part, 0);
}

/** CPU time that the host took from this virtual machine so far, in ms; 0 where the system does not say. */
export function stolenMs(): number {
  if (process.platform !== 'linux') return 0;
  const fields = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]?.split(' ') ?? [];
  return Number(fields[7] ?? 0) * (MICROS_A_TICK / 1_000);
}
