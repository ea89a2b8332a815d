/**
 * A note beside the database: in which life of the machine it was opened, and whether it was closed. A
 * process that is killed leaves the system's cache whole; a machine that stops does not, and an unsynced
 * database may then be damaged where nobody sees it.
 */
import { open, readdir, readFile, rename } from 'node:fs/promises';

const noteOf = (folder: string): string => `${folder}/database-open.json`;

/** True where nobody can say that the files of the database are whole. */
export async function mayBeTorn(folder: string): Promise<boolean> {
  const text = await readFile(noteOf(folder), 'utf8').catch(() => '');
  const [, isClosed, opened] = /^\{"open":(?:(false)|"([^"]*)")\}\n$/.exec(text) ?? [];
  if (isClosed !== undefined) return false;
  // A database without a note is one that nobody vouches for: put there by hand, maybe while it was written.
  if (opened === undefined) return (await readdir(folder)).includes('database');
  return opened !== await bootId();
}

export const noteOpen = async (folder: string): Promise<void> => write(folder, await bootId() ?? '');

export const noteClosed = (folder: string): Promise<void> => write(folder, false);

async function write(folder: string, value: string | false): Promise<void> {
  const fresh = `${noteOf(folder)}.new`;
  const file = await open(fresh, 'w');
  try {
    await file.writeFile(`${JSON.stringify({ open: value })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, noteOf(folder));
}

/** Where the system does not say which life it is, every database that was not closed is made anew. */
const bootId = async (): Promise<string | undefined> =>
  (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined))?.trim();
