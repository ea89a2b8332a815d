/**
 * Snapshots: state at a position of the log, so that a start is fast. They may be lost; they may not be
 * wrong.
 *
 *   magic, format   then entries: u8 kind (1 section, 2 chunk, 3 end)   u32 bytes   the bytes
 *   then sha256 of all before
 */
import { createHash } from 'node:crypto';
import { DiskError, type Disk, type DiskFile } from '#ports/disk.ts';

const MAGIC = Buffer.from([0xff, 0x41, 0x53, 0x4e, 1, 0, 0, 0]);
const ENTRY_BYTES = 5;
const CHUNK_BYTES = 1_048_576;
const SHA_BYTES = 32;
const KEPT_COUNT = 2;
const SNAPSHOT_NAME = /^snapshot-(\d{20})\.bin$/;

export interface SnapshotContent {
  readonly position: number;
  /** Hash of the log up to the position, hex. */
  readonly chainHash: string;
  readonly sections: readonly { readonly name: string; readonly chunks: Iterable<Uint8Array> }[];
}

/** A snapshot whose content has been checked. */
export interface Snapshot {
  readonly file: string;
  readonly position: number;
  readonly chainHash: string;
  /** The chunks as they were written; none where there is no such section. */
  section(name: string): AsyncIterable<Uint8Array>;
}

export interface SkippedSnapshot { readonly file: string; readonly position: number; readonly why: string }

const snapshotName = (position: number): string => `snapshot-${String(position).padStart(20, '0')}.bin`;

class SnapshotWriter {
  readonly #file: DiskFile;
  readonly #sha = createHash('sha256');
  #offset = 0;
  constructor(file: DiskFile) {
    this.#file = file;
  }

  async bytes(bytes: Uint8Array): Promise<void> {
    this.#sha.update(bytes);
    await this.#raw(bytes);
  }

  async entry(kind: 1 | 2 | 3, bytes: Uint8Array): Promise<void> {
    const head = Buffer.alloc(ENTRY_BYTES);
    head.writeUInt8(kind, 0);
    head.writeUInt32LE(bytes.length, 1);
    await this.bytes(head);
    await this.bytes(bytes);
  }

  async finish(): Promise<void> {
    await this.#raw(this.#sha.digest());
    await this.#file.fdatasync();
  }

  async #raw(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      written += await this.#file.write(bytes.subarray(written), this.#offset + written);
    }
    this.#offset += bytes.length;
  }
}

/**
 * Written beside, made durable, then renamed; keeps the two newest. Throws DiskError, and leaves the older
 * ones.
 */
export async function writeSnapshot(disk: Disk, folder: string, content: SnapshotContent): Promise<string> {
  const name = snapshotName(content.position);
  const fresh = `${folder}/${name}.new`;
  await disk.makeFolder(folder);
  const file = await disk.open(fresh, 'create');
  try {
    const writer = new SnapshotWriter(file);
    await writer.bytes(MAGIC);
    const { position, chainHash } = content;
    await writer.entry(1, Buffer.from(JSON.stringify({ position, chainHash })));
    for (const section of content.sections) {
      await writer.entry(1, Buffer.from(section.name));
      for (const chunk of section.chunks) await writer.entry(2, chunk);
    }
    await writer.entry(3, Buffer.alloc(0));
    await writer.finish();
    await file.close();
  } catch (why) {
    await file.close().catch(() => {});
    await disk.remove(fresh).catch(() => {});
    throw why;
  }
  await disk.rename(fresh, `${folder}/${name}`);
  await disk.syncDirectory(folder);
  await removeOld(disk, folder);
  return `${folder}/${name}`;
}

async function removeOld(disk: Disk, folder: string): Promise<void> {
  const names = await disk.list(folder);
  const snapshots = names.filter((name) => SNAPSHOT_NAME.test(name));
  const halves = names.filter(
    (name) => name.endsWith('.new') && SNAPSHOT_NAME.test(name.replace(/\.new$/, '')));
  for (const name of [...snapshots.slice(0, -KEPT_COUNT), ...halves]) await disk.remove(`${folder}/${name}`);
}

/** Path of the newest, whole or not. */
export async function newestSnapshotFile(disk: Disk, folder: string): Promise<string | undefined> {
  const name = (await disk.list(folder)).findLast((one) => SNAPSHOT_NAME.test(one));
  return name === undefined ? undefined : `${folder}/${name}`;
}

/** Newest first, each with its content checked when it is asked for. */
async function* snapshotsIn(
  disk: Disk, folder: string,
): AsyncGenerator<Snapshot | SkippedSnapshot> {
  const names = (await disk.list(folder)).filter((name) => SNAPSHOT_NAME.test(name)).reverse();
  for (const name of names) {
    const file = `${folder}/${name}`;
    const position = Number(SNAPSHOT_NAME.exec(name)?.[1]);
    try {
      yield await checkSnapshot(disk, file, position);
    } catch (why) {
      if (!(why instanceof DiskError || why instanceof SnapshotDamaged)) throw why;
      yield { file, position, why: why.message };
    }
  }
}

class SnapshotDamaged extends Error {}

interface Entry { readonly kind: number; readonly bytes: Uint8Array }

/** The entries of the file, and at the end the check of the whole; throws SnapshotDamaged. */
async function* entriesOf(file: DiskFile): AsyncGenerator<Entry> {
  const size = await file.size();
  const sha = createHash('sha256');
  const take = async (at: number, bytes: number): Promise<Buffer> => {
    if (at + bytes > size) {
      throw new SnapshotDamaged(`ends at byte ${size}, in an entry that ends at ${at + bytes}`);
    }
    const taken = Buffer.allocUnsafeSlow(bytes);
    for (let done = 0; done < bytes;) {
      const read = await file.read(taken.subarray(done, Math.min(bytes, done + CHUNK_BYTES)), at + done);
      if (read === 0) throw new SnapshotDamaged(`cannot be read at byte ${at + done}`);
      done += read;
    }
    return taken;
  };
  const magic = await take(0, MAGIC.length);
  if (!magic.equals(MAGIC)) throw new SnapshotDamaged('is no snapshot of this format');
  sha.update(magic);
  for (let at = MAGIC.length, kind = 0; kind !== 3;) {
    const head = await take(at, ENTRY_BYTES);
    kind = head.readUInt8(0);
    const bytes = await take(at + ENTRY_BYTES, head.readUInt32LE(1));
    sha.update(head).update(bytes);
    at += ENTRY_BYTES + bytes.length;
    if (kind !== 3) yield { kind, bytes };
    else if (!(await take(at, SHA_BYTES)).equals(sha.digest())) {
      throw new SnapshotDamaged('does not have its hash');
    }
  }
}

async function checkSnapshot(disk: Disk, path: string, position: number): Promise<Snapshot> {
  const file = await disk.open(path, 'read');
  let head: string | undefined;
  try {
    for await (const { bytes } of entriesOf(file)) head ??= Buffer.from(bytes).toString('utf8');
  } finally {
    await file.close();
  }
  const found = /^\{"position":(\d{1,16}),"chainHash":"([0-9a-f]{64})"\}$/.exec(head ?? '');
  if (found === null || Number(found[1]) !== position) {
    throw new SnapshotDamaged('does not say its position and hash');
  }
  return {
    file: path, position, chainHash: found[2] ?? '',
    section: (name) => sectionOf(disk, path, name),
  };
}

async function* sectionOf(disk: Disk, path: string, name: string): AsyncGenerator<Uint8Array> {
  const file = await disk.open(path, 'read');
  try {
    let current = '';
    let isHead = true;
    for await (const { kind, bytes } of entriesOf(file)) {
      if (kind === 2 && current === name) yield bytes;
      else if (kind === 1 && !isHead) current = Buffer.from(bytes).toString('utf8');
      isHead = false;
    }
  } finally {
    await file.close();
  }
}

/**
 * The newest valid snapshot that `fits` the log; `skipped` are newer ones that could not be used, with the
 * cause.
 */
export async function latestSnapshot(
  disk: Disk, folder: string, fits: (snapshot: Snapshot) => Promise<string | undefined>,
): Promise<{ snapshot: Snapshot | undefined; skipped: readonly SkippedSnapshot[] }> {
  const skipped: SkippedSnapshot[] = [];
  for await (const snapshot of snapshotsIn(disk, folder)) {
    const why = 'why' in snapshot ? snapshot.why : await fits(snapshot);
    if (why === undefined && 'section' in snapshot) return { snapshot, skipped };
    skipped.push({ file: snapshot.file, position: snapshot.position, why: why ?? '' });
  }
  return { snapshot: undefined, skipped };
}
