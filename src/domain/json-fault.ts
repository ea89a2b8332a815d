/** The careful reader of JSON: what is wrong with a text, and where. */
export interface JsonFault {
  /** `not_json`: breaks the grammar. `invalid`: JSON, but not in one sense only, or not in ours. */
  readonly code: 'not_json' | 'invalid';
  /** RFC 6901, of the value or key that is at fault. */
  readonly pointer: string;
  /** In UTF-16 units from the start. */
  readonly offset: number;
  readonly detail: string;
}

/** RFC 6901 escaping of one step. */
export const pointerStep = (name: string | number): string =>
  `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;

const BLANKS = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;
const CONTROL = /\p{Cc}/u;
const CONTROL_IN_LINES = /[^\P{Cc}\t\n\r]/u;
const NAME_CHARS_SHOWN_MAX = 40;

interface Frame {
  readonly close: ']' | '}';
  /** Keys seen so far; unused in an array. */
  readonly keys: Set<string>;
  key: string;
  index: number;
}

/** JSON wants U+0000 to U+001F escaped in a string. */
function hasRawControl(token: string): boolean {
  for (let i = 0; i < token.length; i++) if (token.charCodeAt(i) < 0x20) return true;
  return false;
}

const show = (name: string): string =>
  JSON.stringify(name.length > NAME_CHARS_SHOWN_MAX ? `${name.slice(0, NAME_CHARS_SHOWN_MAX)}...` : name);

/** Reads as JSON.parse does, keeps no values, needs no call stack, and stops at the first fault. */
class FaultFinder {
  readonly #text: string;
  readonly #depthMax: number;
  readonly #control: RegExp;
  readonly #stack: Frame[] = [];
  #at = 0;

  constructor(text: string, depthMax: number, lines: boolean) {
    this.#text = text;
    this.#depthMax = depthMax;
    this.#control = lines ? CONTROL_IN_LINES : CONTROL;
  }

  find(): JsonFault | undefined {
    let fault = this.#value();
    while (fault === undefined && this.#stack.length > 0) fault = this.#next();
    if (fault !== undefined) return fault;
    this.#blanks();
    return this.#at === this.#text.length
      ? undefined
      : this.#fault('not_json', 'text after the end of the JSON');
  }

  /** Where the reader stands. */
  pointer(): string {
    return this.#stack
      .map((frame) => (frame.close === '}' ? frame.key : frame.index))
      .map(pointerStep)
      .join('');
  }

  #fault(code: JsonFault['code'], detail: string, offset = this.#at): JsonFault {
    return { code, detail, offset, pointer: this.pointer() };
  }

  #blanks(): void {
    BLANKS.lastIndex = this.#at;
    BLANKS.test(this.#text);
    this.#at = BLANKS.lastIndex;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return undefined;
    const token = this.#text.slice(this.#at, pattern.lastIndex);
    this.#at = pattern.lastIndex;
    return token;
  }

  #takeString(): string | undefined {
    const from = this.#at;
    const token = this.#take(STRING);
    if (token === undefined || !hasRawControl(token)) return token;
    this.#at = from;
    return undefined;
  }

  #value(): JsonFault | undefined {
    this.#blanks();
    const first = this.#text[this.#at];
    if (first === '{' || first === '[') return this.#open(first === '{' ? '}' : ']');
    if (first === '"') return this.#string();
    if (this.#take(WORD) !== undefined) return undefined;
    return this.#number();
  }

  #open(close: Frame['close']): JsonFault | undefined {
    if (this.#stack.length >= this.#depthMax) {
      return this.#fault('invalid', `nested deeper than ${this.#depthMax} levels`);
    }
    this.#at += 1;
    this.#blanks();
    if (this.#text[this.#at] === close) {
      this.#at += 1;
      return undefined;
    }
    this.#stack.push({ close, keys: new Set(), key: '', index: 0 });
    return close === '}' ? this.#member() : this.#value();
  }

  /** After a value in the innermost container: its end, or a comma and what follows. */
  #next(): JsonFault | undefined {
    const frame = this.#stack.at(-1);
    if (frame === undefined) return undefined;
    this.#blanks();
    const found = this.#text[this.#at];
    if (found === frame.close) {
      this.#at += 1;
      this.#stack.pop();
      return undefined;
    }
    if (found !== ',') return this.#fault('not_json', `"," or "${frame.close}" is missing`);
    this.#at += 1;
    frame.index += 1;
    return frame.close === '}' ? this.#member() : this.#value();
  }

  #member(): JsonFault | undefined {
    const frame = this.#stack.at(-1);
    this.#blanks();
    const from = this.#at;
    const token = this.#takeString();
    if (frame === undefined || token === undefined) {
      this.#stack.pop();
      return this.#fault('not_json', 'a key in quotes is missing');
    }
    frame.key = String(JSON.parse(token));
    const fault = this.#checkText(frame.key, from);
    if (fault !== undefined) return fault;
    if (frame.keys.has(frame.key)) return this.#fault('invalid', `${show(frame.key)} is there twice`, from);
    frame.keys.add(frame.key);
    this.#blanks();
    if (this.#text[this.#at] !== ':')
      return this.#fault('not_json', `":" is missing after ${show(frame.key)}`);
    this.#at += 1;
    return this.#value();
  }

  #string(): JsonFault | undefined {
    const from = this.#at;
    const token = this.#takeString();
    if (token === undefined) {
      return this.#fault('not_json', 'a string with a raw control character, a wrong escape, or no end');
    }
    return this.#checkText(String(JSON.parse(token)), from);
  }

  #checkText(value: string, from: number): JsonFault | undefined {
    const control = this.#control.exec(value);
    if (control !== null) {
      const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
      return this.#fault('invalid', `control character U+${code} in a text`, from);
    }
    return value.isWellFormed()
      ? undefined
      : this.#fault('invalid', 'half of a surrogate pair in a text', from);
  }

  #number(): JsonFault | undefined {
    const from = this.#at;
    const token = this.#take(NUMBER);
    if (token === undefined) return this.#fault('not_json', 'a value is missing');
    const value = Number(token);
    if (!Number.isFinite(value)) return this.#fault('invalid', 'a number beyond 1.8e308', from);
    // 1e-400 reads as 0, which is not what was written.
    const [digits = '', exponent] = token.split(/[eE]/);
    return exponent !== undefined && value === 0 && /[1-9]/.test(digits)
      ? this.#fault('invalid', 'a number too small to be told from 0', from)
      : undefined;
  }
}

/**
 * The first fault of a JSON text, or undefined. At most `depthMax` containers inside one another; with
 * `lines` line ends and tabs in texts are none.
 */
export const findJsonFault = (text: string, depthMax: number, lines = false): JsonFault | undefined =>
  new FaultFinder(text, depthMax, lines).find();

/** Pointer of the value in which a text that is good so far breaks off. */
export function pointerAtEnd(text: string, depthMax: number): string {
  return findJsonFault(text, depthMax)?.pointer ?? '';
}
