/** Which slot of a cluster a key is in: CRC16 (XMODEM) of what is in its first braces, or of all of it. */
import { Buffer } from 'node:buffer';

export const SLOT_COUNT = 16_384;
const POLYNOMIAL = 0x1021;
const OPENING = 0x7b;
const CLOSING = 0x7d;

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let rest = byte << 8;
  for (let bit = 0; bit < 8; bit++) rest = rest & 0x8000 ? (rest << 1) ^ POLYNOMIAL : rest << 1;
  return rest;
});

export function slotOf(key: string): number {
  const bytes = Buffer.from(key);
  const from = bytes.indexOf(OPENING);
  const to = from < 0 ? -1 : bytes.indexOf(CLOSING, from + 1);
  const hashed = to > from + 1 ? bytes.subarray(from + 1, to) : bytes;
  let rest = 0;
  for (const byte of hashed) rest = ((rest << 8) & 0xffff) ^ TABLE[((rest >>> 8) ^ byte) & 0xff]!;
  return rest % SLOT_COUNT;
}

const marks = new Map<number, string>();
let next = 0;

/** What puts a key that ends with it into the slot, where the key has no braces before: `{12}`. */
export function markOf(slot: number): string {
  for (; !marks.has(slot); next++) {
    const mark = `{${next}}`;
    const found = slotOf(mark);
    if (!marks.has(found)) marks.set(found, mark);
  }
  return marks.get(slot)!;
}
