/** What a process of this machine has used, read from outside, so that measuring costs it nothing. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';

/** Linux counts CPU time of processes in hundredths of a second, whatever the kernel's own tick (USER_HZ). */
const MICROS_A_TICK = 10_000;

/** CPU time of all its threads so far, in microseconds. */
export function cpuMicrosOf(pid: number): number {
  if (process.platform === 'linux') {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name may hold blanks and brackets; fields are counted from behind it. 14 and 15 are utime and
    // stime.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * MICROS_A_TICK;
  }
  return secondsOfClock(execFileSync('ps', ['-o', 'time=', '-p', `${pid}`], { encoding: 'utf8' })) * 1e6;
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
