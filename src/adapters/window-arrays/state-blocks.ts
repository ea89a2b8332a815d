/** Blocks of a JSON text and columns of numbers, in a stream of chunks that may be cut anywhere. */
export type Column = Float64Array | Uint32Array;

const LENGTHS_BYTES = 8;
const NUMBER_BYTES = 8;
const CODE_BYTES = 4;

/** The JSON text is padded with spaces, so that columns are aligned as their numbers need. */
export function writeBlock(head: unknown, columns: readonly Column[]): Uint8Array {
  const text = JSON.stringify(head);
  const plain = Buffer.byteLength(text);
  const padded = Math.ceil(plain / NUMBER_BYTES) * NUMBER_BYTES;
  const length = columns.reduce((sum, column) => sum + aligned(column.byteLength), 0);
  const block = Buffer.alloc(LENGTHS_BYTES + padded + length, 0);
  block.writeUInt32LE(padded, 0);
  block.writeUInt32LE(length, 4);
  block.fill(' ', LENGTHS_BYTES, LENGTHS_BYTES + padded);
  block.write(text, LENGTHS_BYTES);
  let at = LENGTHS_BYTES + padded;
  for (const column of columns) {
    block.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += aligned(column.byteLength);
  }
  return block;
}

const aligned = (bytes: number): number => Math.ceil(bytes / NUMBER_BYTES) * NUMBER_BYTES;

/** Reads the blocks in order; what does not fit is reported by `damaged`. */
export class BlockReader {
  readonly #chunks: Iterator<Uint8Array>;
  readonly #damaged: (message: string) => Error;
  #pending: Uint8Array = new Uint8Array(0);
  #columns: Uint8Array = new Uint8Array(0);

  constructor(chunks: Iterable<Uint8Array>, damaged: (message: string) => Error) {
    this.#chunks = chunks[Symbol.iterator]();
    this.#damaged = damaged;
  }

  /** The JSON of the next block; its columns are read next. The caller's type is what was written there. */
  json<Head>(): Head {
    const lengths = Buffer.from(this.#take(LENGTHS_BYTES));
    const text = Buffer.from(this.#take(lengths.readUInt32LE(0))).toString('utf8');
    this.#columns = this.#take(lengths.readUInt32LE(4));
    try {
      return JSON.parse(text) as Head;
    } catch {
      throw this.#damaged('a block of the state is not JSON');
    }
  }

  numbers(count: number): Float64Array {
    return new Float64Array(this.#column(count * NUMBER_BYTES));
  }

  codes(count: number): Uint32Array {
    return new Uint32Array(this.#column(count * CODE_BYTES));
  }

  #column(bytes: number): ArrayBuffer {
    if (aligned(bytes) > this.#columns.byteLength) throw this.#damaged('a block of the state lacks a column');
    const column = new Uint8Array(bytes);
    column.set(this.#columns.subarray(0, bytes));
    this.#columns = this.#columns.subarray(aligned(bytes));
    return column.buffer;
  }

  #take(length: number): Uint8Array {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#pending.byteLength === 0) {
        const next = this.#chunks.next();
        if (next.done === true) throw this.#damaged(`the state ends ${missing} bytes too early`);
        this.#pending = next.value;
        continue;
      }
      const part = this.#pending.subarray(0, missing);
      parts.push(part);
      this.#pending = this.#pending.subarray(part.byteLength);
      missing -= part.byteLength;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}
