/**
 * One process at a time in a data folder. The holder is the lock file with the highest number; a process
 * takes over by making the next number, which only one can. INVARIANT: nobody removes a lock file of a
 * living process but itself.
 */
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { DiskError } from '#ports/disk.ts';

const LOCK_NAME = /^lock-(\d+)$/;
const TAKE_ATTEMPTS_MAX = 10;
/** States of a process in /proc: zombie, dead. */
const ENDED: ReadonlySet<string> = new Set(['Z', 'X']);

/** Which process, told apart from a later one with the same number; null where the system does not say. */
interface Holder { readonly pid: number; readonly started: string | null }

/** Returns what gives the folder back. Throws a DiskError `locked` that names the process which has it. */
export function lockDataFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const fresh = `${folder}/lock.new-${process.pid}-${Math.random().toString(36).slice(2)}`;
  writeFileSync(fresh, `${JSON.stringify(identify(process.pid))}\n`);
  try {
    for (let attempt = 0; attempt < TAKE_ATTEMPTS_MAX; attempt += 1) {
      const numbers = lockNumbers(folder);
      const latest = numbers.at(-1) ?? 0;
      if (latest > 0) refuseLiving(folder, latest);
      if (!claim(fresh, `${folder}/lock-${latest + 1}`)) continue;
      // Another may have gone further while this one looked away: then it has the folder.
      if (lockNumbers(folder).at(-1) !== latest + 1) {
        rmSync(`${folder}/lock-${latest + 1}`, { force: true });
        continue;
      }
      for (const number of numbers) rmSync(`${folder}/lock-${number}`, { force: true });
      return () => rmSync(`${folder}/lock-${latest + 1}`, { force: true });
    }
  } finally {
    rmSync(fresh, { force: true });
  }
  throw new DiskError('locked', folder, `${folder} is being taken by other processes`);
}

/** The lock appears whole, with its content, or not at all. */
function claim(fresh: string, path: string): boolean {
  try {
    linkSync(fresh, path);
    return true;
  } catch (why) {
    if (why instanceof Error && 'code' in why && why.code === 'EEXIST') return false;
    throw why;
  }
}

function lockNumbers(folder: string): readonly number[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const digits = LOCK_NAME.exec(name)?.[1];
      return digits === undefined ? [] : [Number(digits)];
    })
    .sort((left, right) => left - right);
}

function refuseLiving(folder: string, number: number): void {
  const path = `${folder}/lock-${number}`;
  const holder = parseHolder(readText(path));
  if (holder === undefined || !isAlive(holder)) return;
  const what = `${folder} is in use by process ${holder.pid}`;
  throw new DiskError('locked', path, `${what}: stop it first, or use another folder`);
}

/** Undefined where the file is gone. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (why) {
    if (why instanceof Error && 'code' in why && why.code === 'ENOENT') return undefined;
    throw why;
  }
}

function parseHolder(text: string | undefined): Holder | undefined {
  const found = /^\{"pid":(\d+),"started":(?:null|"([^"]*)")\}\n$/.exec(text ?? '');
  return found === null ? undefined : { pid: Number(found[1]), started: found[2] ?? null };
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (why) {
    // Not ours to signal is alive all the same.
    if (!(why instanceof Error && 'code' in why && why.code === 'EPERM')) return false;
  }
  const { started } = identify(holder.pid);
  return holder.started === null || started === null || started === holder.started;
}

/** On Linux a process is known by its boot and its start in ticks since then. */
function identify(pid: number): Holder {
  const boot = readText('/proc/sys/kernel/random/boot_id')?.trim();
  const stat = readText(`/proc/${pid}/stat`);
  // The name of the program, in parentheses, may itself hold spaces and parentheses; start time is field 22.
  const [state = '', ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  // A process that has ended and waits for its parent to look still has its number. It holds nothing once the
  // last of its threads, which may be in the middle of a write, has ended too.
  if (ENDED.has(state) && Number(fields[16]) <= 1) return { pid, started: 'ended' };
  const ticks = fields[18];
  return { pid, started: boot === undefined || ticks === undefined ? null : `${boot}/${ticks}` };
}
