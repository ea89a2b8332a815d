/**
 * JSON as it comes from outside, read in one sense only: valid UTF-8, no key twice, no control characters or
 * half surrogate pairs in texts, no numbers that a double cannot hold, bounded in bytes and depth.
 *
 * One pass over the bytes and JSON.parse decide that all is well. Whatever looks odd is read again by the
 * careful reader (json-fault.ts), which names the fault and its pointer; a test compares the two on generated
 * texts.
 */
import { findJsonFault, pointerAtEnd } from './json-fault.ts';
import { LIMITS } from './limits.ts';
import type { Refusal } from './refusal.ts';

export type StrictJson = { readonly value: unknown } | Refusal;

const fatalDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lossyDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Escapes that write a control character or a surrogate. `\\n` looks like one too, and costs the second
 * reading.
 */
const ODD_ESCAPE = /\\(?:[bfnrt]|u(?:00[0189][0-9a-fA-F]|007[fF]|[dD][89a-fA-F]))/;
/** The same where lines and tabs are no fault. */
const ODD_ESCAPE_IN_LINES = /\\(?:[bf]|u(?:00[0189][0-9a-fA-F]|007[fF]|[dD][89a-fA-F]))/;
const C1_CONTROL = /[\u0080-\u009f]/;

export interface JsonTerms {
  readonly bytesMax: number;
  /** Texts may have lines and tabs: a document is one text. */
  readonly lines: boolean;
}
const OF_A_CALL: JsonTerms = { bytesMax: LIMITS.requestBodyBytesMax, lines: false };

/** Depth is known before anything is parsed, so no input can exhaust the stack. */
export function parseStrictJson(bytes: Uint8Array, { bytesMax, lines }: JsonTerms = OF_A_CALL): StrictJson {
  if (bytes.length > bytesMax) {
    return refuse('too_large', '', `${bytes.length} bytes; at most ${bytesMax} are read`);
  }
  const shape = scan(bytes);
  let text: string;
  try {
    text = fatalDecoder.decode(bytes);
  } catch {
    return notUtf8(bytes);
  }
  const oddEscape = lines ? ODD_ESCAPE_IN_LINES : ODD_ESCAPE;
  if (shape.odd || (shape.escaped && oddEscape.test(text)) || (shape.beyondAscii && C1_CONTROL.test(text))) {
    const refusal = explain(text, lines);
    if (refusal !== undefined) return refusal;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return explain(text, lines) ?? refuse('not_json', '', String(error));
  }
  if (countMembers(value) !== shape.members) return explain(text, lines) ?? { value };
  return { value };
}

interface Shape {
  /** Colons outside strings: in JSON, the number of members of all objects. */
  members: number;
  escaped: boolean;
  beyondAscii: boolean;
  /** Too deep, a DEL, or an exponent: the careful reader decides. */
  odd: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const DELETE = 0x7f;

function scan(bytes: Uint8Array): Shape {
  const length = bytes.length;
  const shape: Shape = { members: 0, escaped: false, beyondAscii: false, odd: false };
  let inString = false;
  let depth = 0;
  let members = 0;
  let previous = 0;
  let seen = 0;
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] ?? 0;
    seen |= byte;
    if (byte === QUOTE) inString = !inString;
    else if (inString) {
      if (byte === BACKSLASH) {
        shape.escaped = true;
        i += 1;
      } else if (byte === DELETE) shape.odd = true;
    } else if (byte === COLON) members += 1;
    else if ((byte | 0x20) === 0x7b) {
      depth += 1;
      if (depth > LIMITS.jsonDepthMax) {
        shape.odd = true;
        break;
      }
    } else if ((byte | 0x20) === 0x7d) depth -= 1;
    else if ((byte | 0x20) === 0x65 && previous >= 0x30 && previous <= 0x39) shape.odd = true;
    previous = byte;
  }
  shape.members = members;
  shape.beyondAscii = seen >= 0x80;
  return shape;
}

/** Less than the colons where a key was there twice; NaN, equal to nothing, where a number is not finite. */
function countMembers(value: unknown): number {
  if (typeof value === 'number') return Number.isFinite(value) ? 0 : Number.NaN;
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (isMembers(value)) {
    // for-in and not Object.values: no list is made, on the path of every decision.
    for (const name in value) count += 1 + countMembers(value[name]);
  } else if (Array.isArray(value)) {
    for (const item of value) count += countMembers(item);
  }
  return count;
}

const isMembers = (value: object): value is Readonly<Record<string, unknown>> => !Array.isArray(value);

const refuse = (code: Refusal['code'], pointer: string, detail: string): Refusal => ({
  code,
  detail: pointer === '' ? detail : `${pointer}: ${detail}`,
  errors: [{ pointer, detail }],
});

function explain(text: string, lines: boolean): Refusal | undefined {
  const fault = findJsonFault(text, LIMITS.jsonDepthMax, lines);
  if (fault === undefined) return undefined;
  const before = text.slice(0, fault.offset).split('\n');
  const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  return refuse(fault.code, fault.pointer, `${fault.detail} (${place})`);
}

function notUtf8(bytes: Uint8Array): Refusal {
  const text = lossyDecoder.decode(bytes);
  // A U+FFFD that was sent as such is three bytes that are there; the first that was made up is the fault.
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i) ?? 0;
    if (code === 0xfffd && !(bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd)) break;
    at += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (code > 0xffff) i += 1;
  }
  const good = fatalDecoder.decode(bytes.subarray(0, at));
  const pointer = pointerAtEnd(good, LIMITS.jsonDepthMax);
  return refuse('not_json', pointer, `byte ${at} is not UTF-8`);
}
