/** A run written down, so that it can go on after a kill: one file, put in place in one step. */
import { open, readFile, rename, rm } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';

const MAGIC = 'assay backtest checkpoint 1';
const LENGTH_BYTES = 8;

/** Numbers and texts of a run, and the windows and marks as their stores write them. */
export interface CheckpointContent {
  /** Of what was asked: another order does not go on from here. */
  readonly order: string;
  readonly state: unknown;
  readonly stores: readonly Iterable<Uint8Array>[];
}

export interface LoadedCheckpoint {
  readonly state: unknown;
  readonly stores: readonly (readonly Uint8Array[])[];
}

export async function saveCheckpoint(file: string, content: CheckpointContent): Promise<void> {
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w');
  try {
    const put = async (bytes: Uint8Array): Promise<void> => {
      const head = Buffer.alloc(LENGTH_BYTES);
      head.writeBigUInt64LE(BigInt(bytes.byteLength));
      await handle.write(head);
      await handle.write(bytes);
    };
    await put(Buffer.from(JSON.stringify({ magic: MAGIC, order: content.order })));
    await put(serialize(content.state));
    for (const chunks of content.stores) {
      for (const chunk of chunks) if (chunk.byteLength > 0) await put(chunk);
      await put(new Uint8Array(0));
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

/** Undefined where there is none, or none of this order, or it is not whole: the run begins anew. */
export async function loadCheckpoint(file: string, order: string): Promise<LoadedCheckpoint | undefined> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (bytes === undefined) return undefined;
  const parts = partsOf(bytes);
  const [head, state, ...rest] = parts ?? [];
  if (head === undefined || state === undefined) return undefined;
  if (head.toString('utf8') !== JSON.stringify({ magic: MAGIC, order })) return undefined;
  const stores: Uint8Array[][] = [[]];
  for (const part of rest) {
    if (part.byteLength === 0) stores.push([]);
    else stores.at(-1)?.push(part);
  }
  stores.pop();
  return { state: deserialize(state), stores };
}

export const removeCheckpoint = (file: string): Promise<void> => rm(file, { force: true });

function partsOf(bytes: Buffer): readonly Buffer[] | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + LENGTH_BYTES > bytes.length) return undefined;
    const end = at + LENGTH_BYTES + Number(bytes.readBigUInt64LE(at));
    if (end > bytes.length) return undefined;
    parts.push(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return parts;
}
