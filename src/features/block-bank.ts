import type { LogBlocks } from '#domain/history.ts';
import type { Cell } from '#expression/type.ts';
import type { BankShape } from './block-partials.ts';

const NONE: Cell[] = [];

/**
 * Partial sums of the blocks of one log, block after block of its ring. Generated code fills and reads them.
 */
export class BlockBank {
  readonly versions: Float64Array;
  readonly figures: Float64Array;
  readonly codes: Uint32Array;
  readonly cells: Cell[];

  constructor({ versions, events }: LogBlocks, shape: BankShape) {
    const count = versions.length;
    this.versions = versions;
    this.figures = new Float64Array(count * (shape.figures + shape.series * events));
    this.codes = new Uint32Array(count * shape.codes * events);
    this.cells = shape.cells === 0 ? NONE : Array.from({ length: count * shape.cells }, () => undefined);
  }
}

/**
 * The banks of one scan. They go with the log or with the scan, whichever goes first; nobody else refers to
 * them.
 */
export class BlockBanks {
  readonly #shape: BankShape;
  readonly #banks = new WeakMap<LogBlocks, BlockBank>();

  constructor(shape: BankShape) {
    this.#shape = shape;
  }

  of(blocks: LogBlocks): BlockBank {
    const known = this.#banks.get(blocks);
    if (known !== undefined && known.versions === blocks.versions) return known;
    const bank = new BlockBank(blocks, this.#shape);
    this.#banks.set(blocks, bank);
    return bank;
  }
}
