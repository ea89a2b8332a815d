import type { LogBlocks } from '#domain/history.ts';
import type { BankShape } from './block-partials.ts';

/**
 * Partial sums of the blocks of many logs: each stands where the version of its block stands in the store's
 * array, so that no log has an object of its own. Generated code fills and reads them.
 */
export class BlockBank {
  readonly figures: Float64Array;
  readonly codes: Uint32Array;

  constructor({ versions, events }: LogBlocks, shape: BankShape) {
    this.figures = new Float64Array(versions.length * (shape.figures + shape.series * events));
    this.codes = new Uint32Array(versions.length * shape.codes * events);
  }
}

/** The banks of one scan, one for each array of versions that its logs have their blocks in. */
export class BlockBanks {
  readonly #shape: BankShape;
  readonly #banks: (BlockBank | undefined)[] = [];

  constructor(shape: BankShape) {
    this.#shape = shape;
  }

  of(blocks: LogBlocks): BlockBank {
    return this.#banks[blocks.slab] ??= new BlockBank(blocks, this.#shape);
  }
}
