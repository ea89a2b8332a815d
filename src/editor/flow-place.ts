/** Where in brackets the cursor stands: `{ at: 0s, expect: { bu`. */
import type { CursorPlace, PathPart } from './cursor-place.ts';

export type FlowPlace =
  | { readonly kind: 'closed'; readonly end: number }
  /** Undefined where nothing can be written: in a comment, or behind a whole value. */
  | { readonly kind: 'open'; readonly place: CursorPlace | undefined }
  /** A line of the block outside follows, so the bracket was never closed; `end` is where it starts. */
  | { readonly kind: 'broken'; readonly end: number };

interface Frame { readonly open: string; key: string | undefined; index: number }

/** The text begins with a bracket at `start` and ends at the cursor; `indent` is that of its key. */
export const readFlow = (text: string, start: number, indent: number): FlowPlace =>
  new FlowReader(text, start, indent).read();

const CLOSING: Readonly<Record<string, string>> = { '}': '{', ']': '[' };

class FlowReader {
  readonly #text: string;
  readonly #indent: number;
  readonly #frames: Frame[] = [];
  #at: number;
  /** Where a plain text began. */
  #word: number | undefined;
  /** A quoted text or a closed bracket: nothing follows it but a comma, a colon or a bracket. */
  #whole: string | undefined;

  constructor(text: string, start: number, indent: number) {
    this.#text = text;
    this.#at = start;
    this.#indent = indent;
  }

  read(): FlowPlace {
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at] ?? '';
      const ended = char === '\n' ? this.#lineEnd()
        : this.#word === undefined && (char === '"' || char === "'") ? this.#quoted(char)
        : char === '#' && /\s/.test(this.#text[this.#at - 1] ?? '') ? this.#comment()
        : this.#sign(char);
      if (ended !== undefined) return ended;
    }
    return { kind: 'open', place: this.#place() };
  }

  #sign(char: string): FlowPlace | undefined {
    const frame = this.#frames.at(-1);
    if ((char === '{' || char === '[') && this.#word === undefined) {
      this.#frames.push({ open: char, key: undefined, index: 0 });
      this.#whole = undefined;
    } else if (frame !== undefined && CLOSING[char] === frame.open) {
      this.#frames.pop();
      this.#word = undefined;
      this.#whole = '';
      if (this.#frames.length === 0) return { kind: 'closed', end: this.#at + 1 };
    } else if (char === ',' && frame !== undefined) {
      frame.key = undefined;
      frame.index += 1;
      this.#word = undefined;
      this.#whole = undefined;
    } else if (char === ':' && this.#endsKey(frame)) {
      if (frame !== undefined) frame.key = this.#whole ?? this.#text.slice(this.#word ?? this.#at, this.#at);
      this.#word = undefined;
      this.#whole = undefined;
    } else if (!/\s/.test(char)) this.#word ??= this.#at;
    return undefined;
  }

  #endsKey(frame: Frame | undefined): boolean {
    const after = this.#text[this.#at + 1];
    return frame?.open === '{' && frame.key === undefined
      && (after === undefined || /[\s,{}[\]]/.test(after));
  }

  #quoted(quote: '"' | "'"): FlowPlace | undefined {
    const end = endOfQuote(this.#text, this.#at, this.#text.length);
    if (end === -1) return this.#openQuote(quote);
    this.#whole = this.#text.slice(this.#at + 1, end);
    this.#at = end;
    return undefined;
  }

  #openQuote(quote: '"' | "'"): FlowPlace {
    const from = this.#at + 1;
    for (let i = this.#text.indexOf('\n', from); i !== -1; i = this.#text.indexOf('\n', i + 1)) {
      if (this.#isOutside(i + 1)) return { kind: 'broken', end: i + 1 };
    }
    const { path, isKey } = this.#path();
    return { kind: 'open', place: { path, kind: isKey ? 'key' : 'value', typed: this.#text.slice(from),
      style: quote } };
  }

  #comment(): FlowPlace | undefined {
    const end = this.#text.indexOf('\n', this.#at);
    if (end === -1) return { kind: 'open', place: undefined };
    this.#at = end - 1;
    return undefined;
  }

  #lineEnd(): FlowPlace | undefined {
    return this.#isOutside(this.#at + 1) ? { kind: 'broken', end: this.#at + 1 } : undefined;
  }

  /** Is this the line of a key, no deeper than the one whose value the bracket is? */
  #isOutside(start: number): boolean {
    const line = /^( *)(?:- +)?[\w."'-]+:(?:\s|$)/.exec(this.#text.slice(start, start + 200));
    return line?.[1] !== undefined && line[1].length <= this.#indent;
  }

  #path(): { path: readonly PathPart[]; isKey: boolean } {
    const path: PathPart[] = [];
    let isKey = false;
    for (const { open, key, index } of this.#frames) {
      if (open === '[') path.push(index);
      else if (key === undefined) isKey = true;
      else path.push(key);
    }
    return { path, isKey };
  }

  #place(): CursorPlace | undefined {
    if (this.#whole !== undefined) return undefined;
    const { path, isKey } = this.#path();
    const typed = this.#word === undefined ? '' : this.#text.slice(this.#word);
    // Right behind the colon nothing can be written: a blank comes first.
    if (!isKey && this.#text.endsWith(':')) return undefined;
    return { path, kind: isKey ? 'key' : 'value', typed, style: 'plain' };
  }
}

/** Where the quote that opens at `start` closes, or -1. */
export function endOfQuote(text: string, start: number, end: number): number {
  const quote = text[start];
  for (let i = start + 1; i < end; i++) {
    if (quote === '"' && text[i] === '\\') i += 1;
    else if (text[i] !== quote) continue;
    else if (quote === "'" && text[i + 1] === "'") i += 1;
    else return i;
  }
  return -1;
}
