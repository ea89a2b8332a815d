import { uint32s, withRoom } from './growing-array.ts';

/** What one Map of V8 holds is limited to 2^24 entries; a little less leaves it room to grow. */
const MAP_ENTRY_COUNT_MAX = 16_000_000;

/** What a Map entry and the header of a text cost, measured; for the estimate of `bytes`. */
const ENTRY_BYTES = 72;

/**
 * Texts as numbers: each different text has one code while anything refers to it. Code 0 is missing. Codes
 * are counted, so that memory follows what is retained, and a code that nobody refers to is given to the next
 * new text.
 */
export class Dictionary {
  /** Code to text; grows in place. */
  readonly texts: (string | undefined)[] = [undefined];
  #counts = uint32s(64);
  /** The code freed last, or 0; each has the one before as its count. */
  #freed = 0;
  #freedCount = 0;
  readonly #codes: Map<string, number>[] = [new Map<string, number>()];
  #charCount = 0;

  get size(): number {
    return this.texts.length - 1 - this.#freedCount;
  }

  get bytes(): number {
    return this.size * ENTRY_BYTES + this.#charCount + this.#counts.byteLength;
  }

  /** The code of a text, 0 where it has none. */
  codeOf(text: string): number {
    for (let i = 0; i < this.#codes.length; i++) {
      const code = this.#codes[i]!.get(text);
      if (code !== undefined) return code;
    }
    return 0;
  }

  /** The code of a text, which counts as one more reference to it. */
  take(text: string): number {
    const known = this.codeOf(text);
    const code = known === 0 ? this.#add(text) : known;
    this.#counts[code]! += 1;
    return code;
  }

  /** One more reference to a code that is in use. */
  retain(code: number): void {
    this.#counts[code]! += 1;
  }

  /** One reference less; the last one frees the code. */
  release(code: number): void {
    const left = this.#counts[code]! - 1;
    this.#counts[code] = left;
    if (left > 0) return;
    const text = this.texts[code]!;
    this.#charCount -= text.length;
    for (const codes of this.#codes) if (codes.delete(text)) break;
    this.texts[code] = undefined;
    this.#counts[code] = this.#freed;
    this.#freed = code;
    this.#freedCount++;
  }

  #add(text: string): number {
    const code = this.#freed === 0 ? this.texts.length : this.#freed;
    this.#counts = withRoom(this.#counts, code + 1, uint32s);
    if (this.#freed > 0) {
      this.#freed = this.#counts[code]!;
      this.#freedCount--;
    }
    this.#counts[code] = 0;
    this.texts[code] = text;
    this.#charCount += text.length;
    let codes = this.#codes.find((map) => map.size < MAP_ENTRY_COUNT_MAX);
    if (codes === undefined) this.#codes.push((codes = new Map<string, number>()));
    codes.set(text, code);
    return code;
  }
}
