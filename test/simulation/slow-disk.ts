/**
 * A disk whose every call takes a while of virtual time, before and after it has its effect. A process that
 * loses power in between never hears of it.
 */
import type { Disk, DiskFile } from '#ports/disk.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface Life {
  readonly isOver: boolean;
}

export class SlowDisk implements Disk {
  readonly #inner: Disk;
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #life: Life;

  constructor(parts: { inner: Disk; time: VirtualTime; random: SeededRandom; life: Life }) {
    this.#inner = parts.inner;
    this.#time = parts.time;
    this.#random = parts.random;
    this.#life = parts.life;
  }

  async open(path: string, mode: 'read' | 'write' | 'create'): Promise<DiskFile> {
    const file = await this.#slowly(() => this.#inner.open(path, mode));
    return {
      path: file.path,
      size: () => this.#slowly(() => file.size()),
      read: (into, at) => this.#slowly(() => file.read(into, at)),
      write: (bytes, at) => this.#slowly(() => file.write(bytes, at)),
      writeThrough: (bytes, at) => this.#slowly(() => file.writeThrough(bytes, at)),
      fdatasync: () => this.#slowly(() => file.fdatasync()),
      truncate: (bytes) => this.#slowly(() => file.truncate(bytes)),
      close: () => this.#slowly(() => file.close()),
    };
  }

  rename(from: string, to: string): Promise<void> {
    return this.#slowly(() => this.#inner.rename(from, to));
  }

  remove(path: string): Promise<void> {
    return this.#slowly(() => this.#inner.remove(path));
  }

  list(folder: string): Promise<readonly string[]> {
    return this.#slowly(() => this.#inner.list(folder));
  }

  makeFolder(folder: string): Promise<void> {
    return this.#slowly(() => this.#inner.makeFolder(folder));
  }

  syncDirectory(folder: string): Promise<void> {
    return this.#slowly(() => this.#inner.syncDirectory(folder));
  }

  freeBytes(folder: string): Promise<number | undefined> {
    return this.#slowly(() => this.#inner.freeBytes(folder));
  }

  async lock(folder: string): Promise<() => Promise<void>> {
    const unlock = await this.#slowly(() => this.#inner.lock(folder));
    return () => this.#slowly(unlock);
  }

  #slowly<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#soon(() => {
        work().then(
          (value) => this.#soon(() => resolve(value)),
          (error: unknown) =>
            this.#soon(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
      });
    });
  }

  /** At once, or after a moment unless the process has ended by then. */
  #soon(run: () => void): void {
    const random = this.#random;
    const pace = random.weighted({ instant: 70, quick: 20, slow: 9, stuck: 1 });
    if (pace === 'instant') return run();
    const delayMs = pace === 'quick' ? 0 : pace === 'slow' ? random.between(1, 5) : random.between(50, 400);
    this.#time.after(delayMs, () => {
      if (!this.#life.isOver) run();
    });
    return undefined;
  }
}
