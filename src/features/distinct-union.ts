import type { Columns } from '#domain/history.ts';
import type { ValueListener } from '#domain/tile.ts';
import type { Cell } from '#expression/type.ts';
import { DistinctCodes } from './distinct-codes.ts';

/**
 * How many different values the events kept one by one and tiles have together. It is used again and again.
 */
export class DistinctUnion implements ValueListener {
  readonly #texts: Columns['texts'];
  readonly #codes = new DistinctCodes();
  readonly #cells = new Set<Cell>();
  #isCoded = false;

  constructor(texts: Columns['texts']) {
    this.#texts = texts;
  }

  get size(): number {
    return this.#codes.size + this.#cells.size;
  }

  /** Begins with the values of the events kept one by one: codes of texts, or cells. */
  begin(codes: DistinctCodes | undefined, cells: ReadonlySet<Cell> | undefined): void {
    this.#codes.clear();
    this.#cells.clear();
    this.#isCoded = codes !== undefined;
    for (const code of codes?.values() ?? []) this.#codes.add(code);
    for (const cell of cells ?? []) this.#cells.add(cell);
  }

  number(value: number): void {
    this.#cells.add(value);
  }

  code(code: number): void {
    if (this.#isCoded) this.#codes.add(code);
    else this.#cells.add(this.#texts[code]);
  }
}
