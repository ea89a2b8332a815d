import { DiskError, type Disk, type DiskFile } from '#ports/disk.ts';
import { MemoryFile } from './memory-file.ts';

export type DiskCall =
  'open' | 'read' | 'write' | 'fdatasync' | 'truncate' | 'rename' | 'remove' | 'syncDirectory';

/** A name given, taken or changed. */
interface Rename {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly file: MemoryFile;
}

/**
 * A disk in memory. Everything random in it comes from `random`, numbers in [0, 1), so one seed is one
 * history. What a program gets from `boot` is dead after `crash` or `kill`, and its locks are free; asked
 * itself, the disk is as booted now.
 */
export class MemoryDisk implements Disk {
  capacityBytes: number;
  /** What passes between written and durable: a crash may come here. */
  beforeFlush: () => Promise<void> = () => Promise.resolve();
  readonly #random: () => number;
  #names = new Map<string, MemoryFile>();
  #durableNames = new Map<string, MemoryFile>();
  /** Changes of names that no `syncDirectory` has made durable, in order. */
  #renames: Rename[] = [];
  readonly #failures = new Map<DiskCall, { code: 'full' | 'io'; times: number }>();
  readonly #locked = new Set<string>();
  #life = 0;
  #isShort = false;

  constructor(random: () => number, capacityBytes = Number.POSITIVE_INFINITY) {
    this.#random = random;
    this.capacityBytes = capacityBytes;
  }

  /** The next calls of this kind fail. */
  failNext(call: DiskCall, code: 'full' | 'io' = 'io', times = 1): void {
    this.#failures.set(call, { code, times });
  }

  heal(): void {
    this.#failures.clear();
    this.capacityBytes = Number.POSITIVE_INFINITY;
  }

  /** From now on a write may take fewer bytes than it was given. */
  writeShort(): void {
    this.#isShort = true;
  }

  /** Loss of power: of what was not durable, any part may be there. */
  crash(): void {
    this.#life += 1;
    this.#locked.clear();
    this.#failures.clear();
    const kept = Math.floor(this.#random() * (this.#renames.length + 1));
    for (const change of this.#renames.slice(0, kept)) applyRename(this.#durableNames, change);
    this.#renames = [];
    this.#names = new Map(this.#durableNames);
    for (const file of new Set(this.#names.values())) file.crash(this.#random);
  }

  /** Kill of the process: what the program has written stays, durable or not. */
  kill(): void {
    this.#life += 1;
    this.#locked.clear();
    this.#failures.clear();
  }

  /** The file, for tests that damage it. */
  file(path: string): MemoryFile {
    const file = this.#names.get(path);
    if (file === undefined) throw new DiskError('missing', path, `there is no ${path}`);
    return file;
  }

  /** Is there something that a crash could take? */
  get isDirty(): boolean {
    return [...this.#names.values()].some((file) => file.isDirty);
  }

  get usedBytes(): number {
    let sum = 0;
    for (const file of this.#names.values()) sum += file.size;
    return sum;
  }

  #call(call: DiskCall, path: string, life: number): void {
    if (life !== this.#life) {
      throw new DiskError('io', path, `the handle of ${path} is from before the crash`);
    }
    const failure = this.#failures.get(call);
    if (failure === undefined || failure.times === 0) return;
    failure.times -= 1;
    const message = failure.code === 'full' ? 'no space left on device' : 'input/output error';
    throw new DiskError(failure.code, path, `${call} ${path}: ${message}`);
  }

  /**
   * The disk for one run of a program: after a crash or kill it is dead, and what still holds it cannot
   * write.
   */
  boot(): Disk {
    const life = this.#life;
    return {
      open: async (path, mode) => this.#open(path, mode, life),
      rename: async (from, to) => {
        this.#call('rename', from, life);
        this.#rename({ from, to, file: this.file(from) });
      },
      remove: async (path) => {
        this.#call('remove', path, life);
        this.#rename({ from: path, to: undefined, file: this.file(path) });
      },
      list: async (folder) => this.#list(folder),
      makeFolder: async () => {},
      syncDirectory: async (folder) => this.#syncDirectory(folder, life),
      freeBytes: async () => Math.max(0, this.capacityBytes - this.usedBytes),
      lock: async (folder) => this.#lock(folder, life),
    };
  }

  open(path: string, mode: 'read' | 'write' | 'create'): Promise<DiskFile> {
    return this.boot().open(path, mode);
  }

  rename(from: string, to: string): Promise<void> {
    return this.boot().rename(from, to);
  }

  remove(path: string): Promise<void> {
    return this.boot().remove(path);
  }

  list(folder: string): Promise<readonly string[]> {
    return this.boot().list(folder);
  }

  async makeFolder(): Promise<void> {}

  syncDirectory(folder: string): Promise<void> {
    return this.boot().syncDirectory(folder);
  }

  freeBytes(folder: string): Promise<number | undefined> {
    return this.boot().freeBytes(folder);
  }

  lock(folder: string): Promise<() => Promise<void>> {
    return this.boot().lock(folder);
  }

  #open(path: string, mode: 'read' | 'write' | 'create', life: number): DiskFile {
    this.#call('open', path, life);
    const found = this.#names.get(path);
    if (mode !== 'create') return this.#handle(path, found ?? this.file(path));
    if (found !== undefined) {
      found.truncate(0);
      return this.#handle(path, found);
    }
    const file = new MemoryFile();
    this.#rename({ from: undefined, to: path, file });
    return this.#handle(path, file);
  }

  #rename(change: Rename): void {
    applyRename(this.#names, change);
    this.#renames.push(change);
  }

  #handle(path: string, file: MemoryFile): DiskFile {
    const life = this.#life;
    const write = (bytes: Uint8Array, at: number): number => {
      this.#call('write', path, life);
      const grows = (length: number): number => Math.max(0, at + length - file.size);
      const free = this.capacityBytes - this.usedBytes;
      let length = bytes.length;
      if (this.#isShort && this.#random() < 0.5) length = Math.max(1, Math.floor(this.#random() * length));
      if (grows(length) > free) length -= grows(length) - free;
      if (length <= 0) throw new DiskError('full', path, `write ${path}: no space left on device`);
      file.write(bytes.subarray(0, length), at);
      return length;
    };
    const flush = (): void => {
      try {
        this.#call('fdatasync', path, life);
      } catch (why) {
        if (life === this.#life) file.failFlush();
        throw why;
      }
      file.flush();
    };
    return {
      path,
      size: async () => file.size,
      read: async (into, at) => {
        this.#call('read', path, life);
        return file.read(into, at);
      },
      write: async (bytes, at) => write(bytes, at),
      writeThrough: async (bytes, at) => {
        const length = write(bytes, at);
        await this.beforeFlush();
        flush();
        return length;
      },
      fdatasync: async () => flush(),
      truncate: async (bytes) => {
        this.#call('truncate', path, life);
        file.truncate(bytes);
      },
      close: async () => {},
    };
  }

  #list(folder: string): readonly string[] {
    const prefix = `${folder}/`;
    const names = [...this.#names.keys()].filter((path) => path.startsWith(prefix));
    return names.map((path) => path.slice(prefix.length)).filter((name) => !name.includes('/')).sort();
  }

  #syncDirectory(folder: string, life: number): void {
    this.#call('syncDirectory', folder, life);
    const isHere = ({ from, to }: Rename): boolean => (to ?? from ?? '').startsWith(`${folder}/`);
    for (const change of this.#renames.filter(isHere)) applyRename(this.#durableNames, change);
    this.#renames = this.#renames.filter((change) => !isHere(change));
  }

  #lock(folder: string, life: number): () => Promise<void> {
    if (life !== this.#life) {
      throw new DiskError('io', folder, `${folder} is asked for from before the crash`);
    }
    if (this.#locked.has(folder)) throw new DiskError('locked', folder, `${folder} is in use by process 1`);
    this.#locked.add(folder);
    return async () => {
      if (life === this.#life) this.#locked.delete(folder);
    };
  }
}

function applyRename(names: Map<string, MemoryFile>, { from, to, file }: Rename): void {
  if (from !== undefined) names.delete(from);
  if (to !== undefined) names.set(to, file);
}
