/**
 * Left when the log is closed, taken away when it is opened: while it is there, the log ends with this
 * record, so a bad last frame is damage and not a write that did not end.
 */
import { DiskError, type Disk } from '#ports/disk.ts';
import type { ChainPoint } from './segment-scan.ts';

const NAME = 'closed.json';

export interface CleanMark { readonly position: number; readonly hash: string }

export async function leaveCleanMark(disk: Disk, folder: string, end: ChainPoint): Promise<void> {
  const mark: CleanMark = { position: end.position, hash: end.chain.toString('hex') };
  const fresh = `${folder}/${NAME}.new`;
  const file = await disk.open(fresh, 'create');
  const bytes = Buffer.from(`${JSON.stringify(mark)}\n`);
  let written = 0;
  while (written < bytes.length) written += await file.write(bytes.subarray(written), written);
  await file.fdatasync();
  await file.close();
  await disk.rename(fresh, `${folder}/${NAME}`);
  await disk.syncDirectory(folder);
}

/** Undefined where the log was not closed, or where the mark itself cannot be read. */
export async function readCleanMark(disk: Disk, folder: string): Promise<CleanMark | undefined> {
  if (!(await disk.list(folder)).includes(NAME)) return undefined;
  const file = await disk.open(`${folder}/${NAME}`, 'read');
  try {
    const bytes = Buffer.alloc(await file.size());
    await file.read(bytes, 0);
    return parseCleanMark(bytes.toString('utf8'));
  } finally {
    await file.close();
  }
}

function parseCleanMark(text: string): CleanMark | undefined {
  const found = /^\{"position":(\d{1,16}),"hash":"([0-9a-f]{64})"\}\n$/.exec(text);
  return found === null ? undefined : { position: Number(found[1]), hash: found[2] ?? '' };
}

export async function takeCleanMark(disk: Disk, folder: string): Promise<void> {
  try {
    await disk.remove(`${folder}/${NAME}`);
  } catch (why) {
    if (why instanceof DiskError && why.code === 'missing') return;
    throw why;
  }
  await disk.syncDirectory(folder);
}
