/**
 * What the log and the snapshots ask of a disk, so that a simulation can tear writes, lose what was not
 * made durable, run out of space and fail. Paths are joined with `/`. Every refusal is a DiskError.
 */
export interface DiskFile {
  readonly path: string;
  /** Bytes. */
  size(): Promise<number>;
  /** Reads into the whole of `into`, fewer bytes only at the end of the file; resolves how many. */
  read(into: Uint8Array, at: number): Promise<number>;
  /**
   * Resolves how many bytes were written: at least one, perhaps not all. They survive a crash after
   * `fdatasync`.
   */
  write(bytes: Uint8Array, at: number): Promise<number>;
  /** As `write`, and the bytes that were written are durable when it resolves. */
  writeThrough(bytes: Uint8Array, at: number): Promise<number>;
  fdatasync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

export interface Disk {
  /**
   * `write`: the file is there; `create`: it is made anew, empty. The new name is durable after
   * `syncDirectory`.
   */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<DiskFile>;
  /** Takes the place of a file with the new name, at once. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Names in the folder, sorted; empty where there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  makeFolder(folder: string): Promise<void>;
  syncDirectory(folder: string): Promise<void>;
  /** Bytes that a new file in the folder could have; undefined where the disk does not say. */
  freeBytes(folder: string): Promise<number | undefined>;
  /**
   * One holder at a time, across processes; resolves what gives it back. A DiskError `locked` names the
   * holder.
   */
  lock(folder: string): Promise<() => Promise<void>>;
}

export type DiskFault = 'full' | 'io' | 'missing' | 'locked';

export class DiskError extends Error {
  readonly code: DiskFault;
  readonly path: string;
  constructor(code: DiskFault, path: string, message: string) {
    super(message);
    this.code = code;
    this.path = path;
  }
}
