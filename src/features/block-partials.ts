/** What is kept of a block for one value: a place for each running figure, how it gets there and back. */
import type { AccumulatorKind, Slot } from './accumulators.ts';

/**
 * How many of each a block has. Series and codes are lists with room for every event of the block; cells are
 * values of any kind.
 */
export interface BankShape {
  readonly figures: number;
  readonly series: number;
  readonly codes: number;
  readonly cells: number;
}

const DIGITS = 9;
/** Kinds that are no figures, or not alone: codes have a figure with their number. */
const OTHER: Partial<Record<AccumulatorKind, keyof BankShape>> =
  { first: 'cells', last: 'cells', values: 'cells', series: 'series', codes: 'codes' };

/** Places are counted out as kinds ask for them. */
export class BankPlan {
  // Figure 0 is the version of the block, 1 the time from which its changes are known.
  readonly #next = { figures: 2, series: 0, codes: 0, cells: 0 };

  get shape(): BankShape {
    return { ...this.#next };
  }

  take(part: keyof BankShape, width = 1): number {
    const place = this.#next[part];
    this.#next[part] += width;
    return place;
  }
}

/**
 * In the sources: `F` figures and `f` where those of the block begin, `g` where its series do; `U`, `u`
 * codes; `O`, `o` cells; `E` events of a block.
 */
export class BlockPartials {
  /** Its figures are those of the block itself. */
  readonly slot: Slot;
  readonly #figures = new Map<AccumulatorKind, number>();
  readonly #others = new Map<AccumulatorKind, number>();

  constructor(slot: Slot, plan: BankPlan) {
    this.slot = slot;
    for (const { kind } of slot.accumulators) {
      const other = OTHER[kind];
      if (other !== undefined) this.#others.set(kind, plan.take(other));
      if (other !== undefined && kind !== 'codes') continue;
      this.#figures.set(kind, plan.take('figures', kind === 'sum' ? 2 : kind === 'histogram' ? DIGITS : 1));
    }
  }

  /** Statements that write the figures of the block down. */
  get store(): string {
    return this.slot.accumulators.map(({ kind, name }) => this.#store(kind, name)).join('');
  }

  /** Statements that add the block to the figures of a window. */
  mergeInto(window: Slot): string {
    return window.accumulators.map(({ kind, name }) => this.#merge(kind, name, window)).join('');
  }

  #store(kind: AccumulatorKind, a: string): string {
    switch (kind) {
      case 'count': case 'valued': case 'newest': case 'oldest': case 'min': case 'max':
        return `${this.#figure(kind)}=${a};`;
      case 'first': case 'last': return `${this.#cell(kind)}=${a};`;
      case 'sum': return `${this.#figure(kind)}=${a}h;${this.#figure(kind, 1)}=${a}l;`;
      case 'series': {
        const count = this.slot.use('valued');
        return `for(let k=0;k<${count};k++)${this.#listed('F', 'g', kind)}=${a}[k];`;
      }
      case 'codes':
        return `${this.#figure(kind)}=${a}.size;${a}.writeTo(U,u+${this.#others.get(kind) ?? 0}*E);`;
      case 'values': return `${this.#cell(kind)}=[...${a}];`;
      case 'histogram': return `F.set(${a},f+${this.#figures.get(kind) ?? 0});`;
    }
  }

  #merge(kind: AccumulatorKind, m: string, window: Slot): string {
    const counted = `${this.#figure('count')}>0`;
    const valued = `${this.#figure('valued')}>0`;
    const partial = this.#figure(kind);
    switch (kind) {
      case 'count': case 'valued': return `${m}+=${partial};`;
      // Blocks come newest first: what an empty one leaves is overwritten, or never read.
      case 'newest': return `if(${window.use('count')}===0)${m}=${partial};`;
      case 'oldest': return `if(${counted})${m}=${partial};`;
      case 'first': return `if(${valued})${m}=${this.#cell(kind)};`;
      case 'last': return `if(${window.use('valued')}===0)${m}=${this.#cell(kind)};`;
      case 'min': return `if(${partial}<${m})${m}=${partial};`;
      case 'max': return `if(${partial}>${m})${m}=${partial};`;
      case 'sum': return `${m}h+=${partial};${m}l+=${this.#figure(kind, 1)};`;
      case 'series': {
        const [count, to] = [this.#figure('valued'), window.use('valued')];
        return `for(let k=0,n=${count};k<n;k++)${m}[${to}+k]=${this.#listed('F', 'g', kind)};`;
      }
      case 'codes': return `for(let k=0,n=${partial};k<n;k++)${m}.add(${this.#listed('U', 'u', kind)});`;
      case 'values': return `for(const y of ${this.#cell(kind)})${m}.add(y);`;
      case 'histogram': {
        const first = this.#figures.get(kind) ?? 0;
        return `for(let k=0;k<${DIGITS};k++)${m}[k]+=F[f+${first}+k];`;
      }
    }
  }

  #figure(kind: AccumulatorKind, next = 0): string {
    return `F[f+${(this.#figures.get(kind) ?? 0) + next}]`;
  }

  #cell(kind: AccumulatorKind): string {
    return `O[o+${this.#others.get(kind) ?? 0}]`;
  }

  /** Entry `k` of a list. */
  #listed(array: string, begin: string, kind: AccumulatorKind): string {
    return `${array}[${begin}+${this.#others.get(kind) ?? 0}*E+k]`;
  }
}
