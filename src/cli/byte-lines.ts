const NEWLINE = 10;
const RETURN = 13;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const NONE = Buffer.alloc(0);

/**
 * The lines of a file as bytes: what is not UTF-8 is for the parser to refuse, as at every other door, and
 * not to be
 * replaced here. Of a line longer than `bytesMax` only so much is kept that it still is longer.
 */
export async function* byteLines(
  input: AsyncIterable<Uint8Array | string>, bytesMax: number,
): AsyncGenerator<Buffer> {
  let rest: Buffer = NONE;
  let isFirst = true;
  for await (const chunk of input) {
    let bytes = Buffer.concat([rest, typeof chunk === 'string' ? Buffer.from(chunk) : chunk]);
    if (isFirst && bytes.length >= BOM.length) {
      isFirst = false;
      if (bytes.subarray(0, BOM.length).equals(BOM)) bytes = bytes.subarray(BOM.length);
    }
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      yield bytes.subarray(from, end > from && bytes[end - 1] === RETURN ? end - 1 : end);
      from = end + 1;
    }
    rest = bytes.subarray(from, from + bytesMax + 1);
  }
  if (rest.length > 0) yield rest;
}

export const isBlank = (line: Uint8Array): boolean => line.every((byte) => byte === 32 || byte === 9);
