import { close, constants, fdatasync, fstat, ftruncate, open, read, write } from 'node:fs';
import { mkdir, open as openHandle, readdir, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { messageOf } from '#domain/message-of.ts';
import { DiskError, type Disk, type DiskFile } from '#ports/disk.ts';
import { lockDataFolder } from './data-folder.ts';

/**
 * On Linux a write through a descriptor with O_DSYNC is durable when it returns: one trip to the thread
 * pool instead of two. Elsewhere the flag is weaker than fdatasync, which on macOS flushes the drive too.
 */
const HAS_DSYNC = process.platform === 'linux';

const FLAGS = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC,
} as const;

/** What the system said, as a DiskError. */
function refusal(why: unknown, path: string): DiskError {
  const code = why instanceof Error && 'code' in why ? why.code : undefined;
  const message = messageOf(why);
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return new DiskError('full', path, message);
  return new DiskError(code === 'ENOENT' ? 'missing' : 'io', path, message);
}

type Done<Value> = (why: Error | null, value: Value) => void;

/** One call of node:fs with a callback, which costs half of what a FileHandle does. */
const ask = <Value>(path: string, call: (done: Done<Value>) => void): Promise<Value> =>
  new Promise((resolve, reject) => {
    call((why, value) => {
      if (why === null || why === undefined) resolve(value);
      else reject(refusal(why, path));
    });
  });

const openFile = (path: string, flags: number): Promise<number> =>
  ask<number>(path, (done) => open(path, flags, 0o640, done));

class NodeFile implements DiskFile {
  readonly path: string;
  readonly #fd: number;
  #throughFd: number | undefined;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  async size(): Promise<number> {
    const stats = await ask<{ size: number }>(this.path, (done) => fstat(this.#fd, done));
    return stats.size;
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    let taken = 0;
    while (taken < into.length) {
      const [from, length] = [taken, into.length - taken];
      const count = await ask<number>(
        this.path, (done) => read(this.#fd, into, from, length, at + from, done));
      if (count === 0) break;
      taken += count;
    }
    return taken;
  }

  write(bytes: Uint8Array, at: number): Promise<number> {
    return this.#write(this.#fd, bytes, at);
  }

  #write(fd: number, bytes: Uint8Array, at: number): Promise<number> {
    return ask<number>(this.path, (done) => write(fd, bytes, 0, bytes.length, at, done));
  }

  async writeThrough(bytes: Uint8Array, at: number): Promise<number> {
    if (HAS_DSYNC) {
      this.#throughFd ??= await openFile(this.path, constants.O_WRONLY | constants.O_DSYNC);
      return this.#write(this.#throughFd, bytes, at);
    }
    const count = await this.write(bytes, at);
    await this.fdatasync();
    return count;
  }

  fdatasync(): Promise<void> {
    return ask<void>(this.path, (done) => fdatasync(this.#fd, (why) => done(why, undefined)));
  }

  truncate(bytes: number): Promise<void> {
    return ask<void>(this.path, (done) => ftruncate(this.#fd, bytes, (why) => done(why, undefined)));
  }

  async close(): Promise<void> {
    const through = this.#throughFd;
    this.#throughFd = undefined;
    for (const fd of through === undefined ? [this.#fd] : [through, this.#fd]) {
      await ask<void>(this.path, (done) => close(fd, (why) => done(why ?? null, undefined)));
    }
  }
}

/** Runs a call of node:fs/promises; what the system refuses is a DiskError. */
async function told<Value>(path: string, call: () => Promise<Value>): Promise<Value> {
  try {
    return await call();
  } catch (why) {
    throw refusal(why, path);
  }
}

/** Windows has no such call: its file system keeps names in its own journal. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await openHandle(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The file system of this machine. */
export const nodeDisk: Disk = {
  open: async (path, mode) => new NodeFile(path, await openFile(path, FLAGS[mode])),
  rename: (from, to) => told(from, () => rename(from, to)),
  remove: (path) => told(path, () => rm(path)),
  list: (folder) => told(folder, async () => (await readdir(folder)).sort()).catch((why: unknown) => {
    if (why instanceof DiskError && why.code === 'missing') return [];
    throw why;
  }),
  makeFolder: (folder) => told(folder, async () => {
    const first = await mkdir(folder, { recursive: true });
    if (first === undefined) return;
    for (let made = folder; ; made = dirname(made)) {
      await syncFolder(dirname(made));
      if (made.length <= first.length || made === dirname(made)) return;
    }
  }),
  syncDirectory: (folder) => told(folder, () => syncFolder(folder)),
  freeBytes: async (folder) => {
    const { bavail, bsize } = await told(folder, () => statfs(folder));
    return bavail * bsize;
  },
  lock: async (folder) => {
    const release = lockDataFolder(folder);
    return async () => release();
  },
};
