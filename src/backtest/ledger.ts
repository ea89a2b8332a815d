/** Each judged payment in a few numbers, for what becomes known of it later. */
import { LIMITS } from '#domain/limits.ts';
import { HistoryRefused } from './history.ts';

export interface LedgerLine {
  /** See `idKey`. */
  readonly id: number;
  /** Minor units of the report's currency; NaN where it could not be converted. */
  readonly amount: number;
  /** See `idKey`; 0 where the payment names no customer, account or card. */
  readonly customer: number;
}

const FIRST_LINES = 16_384;

export class Ledger {
  #ids = new Float64Array(FIRST_LINES);
  #amounts = new Float64Array(FIRST_LINES);
  #customers = new Float64Array(FIRST_LINES);
  /** One array a side: the number of its verdict. */
  #verdicts: Uint32Array[];
  #count = 0;

  constructor(sides: number) {
    this.#verdicts = Array.from({ length: sides }, () => new Uint32Array(FIRST_LINES));
  }

  get count(): number { return this.#count; }

  /** `verdicts` has one number for each side. */
  add({ id, amount, customer }: LedgerLine, verdicts: ArrayLike<number>): void {
    if (this.#count === this.#ids.length) this.#grow();
    const at = this.#count++;
    this.#ids[at] = id;
    this.#amounts[at] = amount;
    this.#customers[at] = customer;
    for (let side = 0; side < this.#verdicts.length; side++) this.#verdicts[side]![at] = verdicts[side]!;
  }

  id(line: number): number { return this.#ids[line]!; }
  amount(line: number): number { return this.#amounts[line]!; }
  customer(line: number): number { return this.#customers[line]!; }
  verdict(side: number, line: number): number { return this.#verdicts[side]![line]!; }

  /** Payments by the number of their verdict, of which the side has so many. */
  countsOf(side: number, verdictCount: number): Float64Array {
    const counts = new Float64Array(verdictCount);
    for (let line = 0; line < this.#count; line++) counts[this.verdict(side, line)]! += 1;
    return counts;
  }

  #grow(): void {
    const size = 2 * this.#ids.length;
    if (this.#count >= LIMITS.backtestPaymentCountMax) {
      throw new HistoryRefused(
        `more than ${LIMITS.backtestPaymentCountMax} payments in the period: take a shorter one`);
    }
    const larger = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(size);
      grown.set(old);
      return grown;
    };
    this.#ids = larger(this.#ids);
    this.#amounts = larger(this.#amounts);
    this.#customers = larger(this.#customers);
    this.#verdicts = this.#verdicts.map((old) => {
      const grown = new Uint32Array(size);
      grown.set(old);
      return grown;
    });
  }

  save(): SavedLedger {
    const to = this.#count;
    return {
      ids: this.#ids.slice(0, to), amounts: this.#amounts.slice(0, to),
      customers: this.#customers.slice(0, to), verdicts: this.#verdicts.map((one) => one.slice(0, to)),
    };
  }

  load({ ids, amounts, customers, verdicts }: SavedLedger): void {
    for (let i = 0; i < ids.length; i++) {
      this.add({ id: ids[i]!, amount: amounts[i]!, customer: customers[i]! }, verdicts.map((one) => one[i]!));
    }
  }
}

export interface SavedLedger {
  readonly ids: Float64Array;
  readonly amounts: Float64Array;
  readonly customers: Float64Array;
  readonly verdicts: readonly Uint32Array[];
}
