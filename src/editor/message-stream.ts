/** The frames of the Language Server Protocol: a header with the length in bytes, an empty line, JSON. */
import { LIMITS } from '#domain/limits.ts';

export type Frame =
  | { readonly kind: 'message'; readonly value: unknown }
  /** The frame was whole and its JSON was not; the stream goes on behind it. */
  | { readonly kind: 'unreadable'; readonly because: string }
  /** Where the next frame begins cannot be known: the stream is at its end. */
  | { readonly kind: 'lost'; readonly because: string };

const HEADER_END = '\r\n\r\n';
const HEADER_BYTES_MAX = 4_096;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Bytes in any portions to messages. */
export class MessageStream {
  #waiting = Buffer.alloc(0);
  #lost = false;

  push(bytes: Uint8Array): readonly Frame[] {
    if (this.#lost) return [];
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    const frames: Frame[] = [];
    for (;;) {
      const frame = this.#next();
      if (frame === undefined) return frames;
      frames.push(frame);
      if (frame.kind === 'lost') {
        this.#lost = true;
        this.#waiting = Buffer.alloc(0);
        return frames;
      }
    }
  }

  #next(): Frame | undefined {
    const end = this.#waiting.indexOf(HEADER_END);
    if (end === -1 ? this.#waiting.length > HEADER_BYTES_MAX : end > HEADER_BYTES_MAX) {
      return { kind: 'lost', because: `a header has more than ${HEADER_BYTES_MAX} bytes` };
    }
    if (end === -1) return undefined;
    const length = lengthIn(this.#waiting.toString('latin1', 0, end));
    if (length === undefined) return { kind: 'lost', because: 'a header has no readable Content-Length' };
    if (length > LIMITS.editorMessageBytesMax) {
      const limit = `the limit is ${LIMITS.editorMessageBytesMax}`;
      return { kind: 'lost', because: `a message has ${length} bytes; ${limit}` };
    }
    const start = end + HEADER_END.length;
    if (this.#waiting.length < start + length) return undefined;
    const body = this.#waiting.subarray(start, start + length);
    this.#waiting = this.#waiting.subarray(start + length);
    return readBody(body);
  }
}

function lengthIn(header: string): number | undefined {
  const found = /^content-length:[ \t]*(\d{1,10})[ \t]*$/im.exec(header);
  return found?.[1] === undefined ? undefined : Number(found[1]);
}

function readBody(body: Uint8Array): Frame {
  try {
    const value: unknown = JSON.parse(strictUtf8.decode(body));
    return { kind: 'message', value };
  } catch (error) {
    return { kind: 'unreadable', because: error instanceof Error ? error.message : 'it is not JSON' };
  }
}

export function encodeMessage(message: object): Uint8Array {
  const body = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}${HEADER_END}`), body]);
}
