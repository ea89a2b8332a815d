/**
 * Where in the document the cursor stands, from the text before it alone: what follows, or is half typed,
 * cannot hide it. Indentation tells the blocks, brackets tell the rest.
 */
import { endOfQuote, readFlow } from './flow-place.ts';

export type PathPart = string | number;
export type ScalarStyle = 'plain' | '"' | "'" | 'block';

export interface CursorPlace {
  /** Keys and indexes from the root: to the value that is being written, or to the map of a key. */
  readonly path: readonly PathPart[];
  /** In a block, the first word of a line may be a key of a map or a value on a line of its own: `key`. */
  readonly kind: 'key' | 'value';
  /** What stands of it before the cursor, without an opening quote. */
  readonly typed: string;
  readonly style: ScalarStyle;
}

/** A key or a dash that the lines below may belong to. */
interface Level {
  readonly indent: number;
  readonly part: PathPart;
  readonly isItem: boolean;
  itemCount: number;
  /** Where a text begins that deeper lines go on with. */
  text?: { readonly start: number; readonly style: ScalarStyle };
}

const KEY = /^(?:"([^"]*)"|'([^']*)'|([^\s"'{}[\],#&*!|>%@`-][^\s{}[\],]*?|-[^\s{}[\],]+?)):(?=\s|$)/;

/** Undefined in a comment, and where nothing of the document can stand. */
export function cursorPlace(source: string, offset: number): CursorPlace | undefined {
  const text = source.slice(0, offset);
  const blocks = new Blocks(text);
  let at = 0;
  for (;;) {
    const newline = text.indexOf('\n', at);
    const isLast = newline === -1;
    const end = isLast ? text.length : newline;
    const from = skipBlanks(text, at, end);
    const isEmpty = from === end && !isLast;
    if (text[from] === '#' && isLast) return undefined;
    if (isEmpty || text[from] === '#') {
      at = end + 1;
      continue;
    }
    if (blocks.continues(from - at)) {
      if (isLast) return blocks.inText();
      at = end + 1;
      continue;
    }
    const { value, hasKey } = blocks.open(at, from, end);
    if (text[value] === '{' || text[value] === '[') {
      const flow = readFlow(text, value, blocks.indent);
      if (flow.kind === 'open') {
        return flow.place && { ...flow.place, path: [...blocks.path, ...flow.place.path] };
      }
      const next = flow.kind === 'broken' ? flow.end - 1 : text.indexOf('\n', flow.end);
      if (next === -1) return undefined;
      at = next + 1;
      continue;
    }
    if (isLast) return blocks.lastPlace(value, hasKey);
    blocks.startText(value, end);
    at = end + 1;
  }
}

class Blocks {
  readonly #text: string;
  readonly #levels: Level[] = [];
  #rootItemCount = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get path(): readonly PathPart[] {
    return this.#levels.map((level) => level.part);
  }

  get indent(): number {
    return this.#levels.at(-1)?.indent ?? -1;
  }

  /** Does a line at this indentation go on with the text above it? */
  continues(indent: number): boolean {
    return this.#levels.at(-1)?.text !== undefined && indent > this.indent;
  }

  /** Levels for the dashes and the key of a line; where its value starts. */
  open(start: number, from: number, end: number): { value: number; hasKey: boolean } {
    let at = from;
    const isDash = (i: number): boolean => this.#text[i] === '-' && /[ \t]/.test(this.#text[i + 1] ?? ' ');
    this.#close(at - start, isDash(at));
    while (at < end && isDash(at)) {
      const parent = this.#levels.at(-1);
      const index = parent === undefined ? this.#rootItemCount++ : parent.itemCount++;
      this.#levels.push({ indent: at - start, part: index, isItem: true, itemCount: 0 });
      at = skipBlanks(this.#text, at + 1, end);
    }
    const key = KEY.exec(this.#text.slice(at, end));
    if (key === null) return { value: at, hasKey: false };
    const part = key[1] ?? key[2] ?? key[3] ?? '';
    this.#levels.push({ indent: at - start, part, isItem: false, itemCount: 0 });
    return { value: skipBlanks(this.#text, at + key[0].length, end), hasKey: true };
  }

  /** A list may stand at the indentation of its key. */
  #close(indent: number, isItem: boolean): void {
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      if (level.indent < indent || (level.indent === indent && isItem && !level.isItem)) return;
      this.#levels.pop();
    }
  }

  /** Notes that deeper lines below go on with the text that starts here. */
  startText(value: number, end: number): void {
    const level = this.#levels.at(-1);
    const first = this.#text[value];
    if (level === undefined || value >= end || first === '#') return;
    if (first === '|' || first === '>') level.text = { start: end + 1, style: 'block' };
    else if (first !== '"' && first !== "'") level.text = { start: value, style: 'plain' };
    else if (endOfQuote(this.#text, value, end) === -1) level.text = { start: value + 1, style: first };
  }

  /** The cursor is in a text that began on a line above. */
  inText(): CursorPlace | undefined {
    const text = this.#levels.at(-1)?.text;
    if (text === undefined) return undefined;
    const { style, start } = text;
    const typed = this.#text.slice(start);
    const ended = style === 'plain' ? hasComment(typed)
      : style !== 'block' && endOfQuote(this.#text, start - 1, this.#text.length) !== -1;
    return ended ? undefined : { path: this.path, kind: 'value', typed, style };
  }

  /** The cursor is on this line, behind its key and dashes. */
  lastPlace(value: number, hasKey: boolean): CursorPlace | undefined {
    const { path } = this;
    const typed = this.#text.slice(value);
    const first = typed[0];
    if (first === '"' || first === "'") {
      if (endOfQuote(this.#text, value, this.#text.length) !== -1) return undefined;
      return { path, kind: 'value', typed: typed.slice(1), style: first };
    }
    if ((hasKey && (first === '|' || first === '>')) || hasComment(typed)) return undefined;
    // Right behind the colon nothing can be written: a blank comes first.
    if (hasKey && this.#text.endsWith(':')) return undefined;
    return { path, kind: hasKey ? 'value' : 'key', typed, style: 'plain' };
  }
}

const hasComment = (typed: string): boolean => /(?:^|\s)#/.test(typed);

function skipBlanks(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && (text[at] === ' ' || text[at] === '\t' || text[at] === '\r')) at += 1;
  return at;
}
