/** The indexes of the log in a snapshot, so that a start reads only what was written since. */
import { DiskError, type Disk } from '#ports/disk.ts';
import { FrameIndex } from './frame-index.ts';
import { KeyIndex } from './key-index.ts';
import { segmentName } from './segment.ts';
import { endsWith, type ChainPoint } from './segment-scan.ts';

export const LOG_SECTION = 'log-index';
const FORMAT = 1;
const HEAD_BYTES = 4 + 4 + 4 * 8 + 32 + 32;

export interface Checkpoint {
  readonly point: ChainPoint;
  readonly keys: KeyIndex;
  readonly frames: FrameIndex;
}

/** Chunks: a head (u32 format, u32 seed, four float64, two chains), the places of frames, then keys. */
export function* checkpointChunks(
  point: ChainPoint, keys: KeyIndex, frames: FrameIndex,
): Generator<Uint8Array> {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(FORMAT, 0);
  head.writeUInt32LE(keys.seed, 4);
  const { position, segment, frameOffset, endOffset } = point;
  for (const [index, value] of [position, segment, frameOffset, endOffset].entries()) {
    head.writeDoubleLE(value, 8 + index * 8);
  }
  point.chain.copy(head, 40);
  point.previousChain.copy(head, 72);
  yield head;
  yield frames.pack(position);
  yield* keys.chunks(position);
}

/** Undefined where the chunks are of another format. */
export async function loadCheckpoint(chunks: AsyncIterable<Uint8Array>): Promise<Checkpoint | undefined> {
  let loaded: Checkpoint | undefined;
  let index = 0;
  for await (const chunk of chunks) {
    if (index === 0) loaded = loadHead(Buffer.from(chunk));
    else if (index === 1) loaded?.frames.load(chunk);
    else loaded?.keys.load(chunk);
    if (loaded === undefined) return undefined;
    index += 1;
  }
  return index < 2 || loaded?.keys.count !== loaded?.point.position ? undefined : loaded;
}

/** Where the checkpoint stands, without its indexes. */
export async function loadPoint(chunks: AsyncIterable<Uint8Array>): Promise<ChainPoint | undefined> {
  for await (const chunk of chunks) return loadHead(Buffer.from(chunk))?.point;
  return undefined;
}

function loadHead(head: Buffer): Checkpoint | undefined {
  if (head.length !== HEAD_BYTES || head.readUInt32LE(0) !== FORMAT) return undefined;
  const number = (index: number): number => head.readDoubleLE(8 + index * 8);
  const point = {
    position: number(0), segment: number(1), frameOffset: number(2), endOffset: number(3),
    chain: head.subarray(40, 72), previousChain: head.subarray(72, 104),
  };
  return { point, keys: new KeyIndex(head.readUInt32LE(4)), frames: new FrameIndex() };
}

/** Is the frame that the checkpoint ends with in the log? Then all before it is, for the chain says so. */
export async function fitsLog(
  disk: Disk, folder: string, { point }: Pick<Checkpoint, 'point'>,
): Promise<boolean> {
  if (point.position === 0) return true;
  const file = await disk.open(`${folder}/${segmentName(point.segment)}`, 'read').catch((why: unknown) => {
    if (why instanceof DiskError && why.code === 'missing') return undefined;
    throw why;
  });
  if (file === undefined) return false;
  try {
    const bytes = Buffer.alloc(point.endOffset - point.frameOffset);
    const read = await file.read(bytes, point.frameOffset);
    return read === bytes.length && endsWith(bytes, point);
  } finally {
    await file.close();
  }
}
