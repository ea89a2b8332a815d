/** A document as the editor has it now: text, version, and positions to offsets and back. */
import type { Place } from '#policy/diagnostic.ts';
import type { Position, Range } from './protocol.ts';

export interface TextChange { readonly range?: Range; readonly text: string }

export class TextDocument {
  readonly uri: string;
  readonly version: number;
  readonly text: string;
  #starts: readonly number[] | undefined;

  constructor(uri: string, version: number, text: string) {
    this.uri = uri;
    this.version = version;
    this.text = text;
  }

  /** Its last part, decoded: what messages call the file. */
  get fileName(): string {
    const last = this.uri.split(/[/\\]/).at(-1) ?? this.uri;
    try {
      return decodeURIComponent(last);
    } catch {
      return last;
    }
  }

  /** Changes in order, each on what the one before it made; without a range the whole text. */
  changed(version: number, changes: readonly TextChange[]): TextDocument {
    let document = new TextDocument(this.uri, version, this.text);
    for (const { range, text } of changes) {
      const { text: before } = document;
      const start = range === undefined ? 0 : document.offsetAt(range.start);
      const end = range === undefined ? before.length : Math.max(start, document.offsetAt(range.end));
      const after = before.slice(0, start) + text + before.slice(end);
      document = new TextDocument(this.uri, version, after);
    }
    return document;
  }

  /** Beyond the end of a line is its end, beyond the last line the end of the text. */
  offsetAt({ line, character }: Position): number {
    const starts = this.#lineStarts();
    if (line < 0) return 0;
    const start = starts[line];
    if (start === undefined) return this.text.length;
    const next = starts[line + 1] ?? this.text.length + 1;
    let end = next - 1;
    if (starts[line + 1] !== undefined && this.text[end - 1] === '\r') end -= 1;
    return Math.min(start + Math.max(0, character), Math.max(start, end));
  }

  positionAt(offset: number): Position {
    const starts = this.#lineStarts();
    const at = Math.max(0, Math.min(offset, this.text.length));
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? Infinity) <= at) low = middle;
      else high = middle;
    }
    return { line: low, character: at - (starts[low] ?? 0) };
  }

  rangeOf({ start, end }: Place): Range {
    return { start: this.positionAt(start), end: this.positionAt(Math.max(start, end)) };
  }

  /** Lines are ended by LF or CRLF, as the checker counts them. */
  #lineStarts(): readonly number[] {
    if (this.#starts !== undefined) return this.#starts;
    const starts = [0];
    for (let i = this.text.indexOf('\n'); i !== -1; i = this.text.indexOf('\n', i + 1)) starts.push(i + 1);
    this.#starts = starts;
    return starts;
  }
}
