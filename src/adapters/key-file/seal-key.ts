/** The key that approvals are sealed with: in the data folder, and never in a database. */
import { randomBytes } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KeyStoreDamaged } from './key-store.ts';
import { makeOnce } from './make-once.ts';

export const SEAL_KEY_FILE = 'seal-key';
const OWNER_ONLY = 0o600;
const KEY_BYTES = 32;

/**
 * 32 bytes, made at the first call and kept; whoever loses the file loses every approval that has not been
 * published. Throws KeyStoreDamaged.
 */
export async function openSealKey(folder: string): Promise<Uint8Array> {
  return await readSealKey(folder) ?? makeSealKey(folder);
}

async function readSealKey(folder: string): Promise<Uint8Array | undefined> {
  const file = join(folder, SEAL_KEY_FILE);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  await chmod(file, OWNER_ONLY);
  if (!/^[0-9a-f]{64}\n?$/.test(text)) throw new KeyStoreDamaged(file, 'not 64 hex digits');
  return Buffer.from(text.trim(), 'hex');
}

async function makeSealKey(folder: string): Promise<Uint8Array> {
  await makeOnce(folder, SEAL_KEY_FILE, `${randomBytes(KEY_BYTES).toString('hex')}\n`);
  const kept = await readSealKey(folder);
  if (kept === undefined) throw new KeyStoreDamaged(join(folder, SEAL_KEY_FILE), 'gone again at once');
  return kept;
}
