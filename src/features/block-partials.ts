/** What is kept of a block for one value: a place for each running figure, how it gets there and back. */
import type { AccumulatorKind, Slot } from './accumulators.ts';

/** How many of each a block has. Series and codes are lists with room for every event of the block. */
export interface BankShape {
  readonly figures: number;
  readonly series: number;
  readonly codes: number;
}

const DIGITS = 9;
/** Kinds that are no figures, or not alone: lists of codes or rows have a figure with their number. */
const OTHER: Partial<Record<AccumulatorKind, keyof BankShape>> =
  { values: 'codes', series: 'series', codes: 'codes' };

/** Places are counted out as kinds ask for them. */
export class BankPlan {
  // Figure 0 is the version of the block, 1 the time from which its changes are known.
  readonly #next = { figures: 2, series: 0, codes: 0 };

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
 * codes; `E` events of a block. Of values that may be texts it is the row that is written down: while the
 * block has its version, the row has the value.
 */
export class BlockPartials {
  /** Its figures are those of the block itself. */
  readonly slot: Slot;
  /** Source of the value of the event in row `r`. */
  readonly #value: string;
  readonly #figures = new Map<AccumulatorKind, number>();
  readonly #others = new Map<AccumulatorKind, number>();

  constructor(slot: Slot, plan: BankPlan, value: string) {
    this.slot = slot;
    this.#value = value;
    for (const { kind } of slot.accumulators) {
      const other = OTHER[kind];
      if (other !== undefined) this.#others.set(kind, plan.take(other));
      if (kind === 'series') continue;
      this.#figures.set(kind, plan.take('figures', kind === 'sum' ? 2 : kind === 'histogram' ? DIGITS : 1));
    }
  }

  /** Statements before the first event of the block. */
  get start(): string {
    return this.slot.accumulators.map(({ kind, name, start }) =>
      (kind === 'first' || kind === 'last' ? `let ${name}=0;` : start)).join('');
  }

  /** Statements for an event of the block. */
  get update(): string {
    return this.slot.accumulators
      .map(({ kind, name, update }) => this.#rowUpdate(kind, name) ?? update).join('');
  }

  /** Statements that write the figures of the block down. */
  get store(): string {
    return this.slot.accumulators.map(({ kind, name }) => this.#store(kind, name)).join('');
  }

  /** Statements that add the block to the figures of a window. */
  mergeInto(window: Slot): string {
    return window.accumulators.map(({ kind, name }) => this.#merge(kind, name, window)).join('');
  }

  /** Of the kinds that keep the row. */
  #rowUpdate(kind: AccumulatorKind, a: string): string | undefined {
    if (kind === 'first') return `${a}=r;`;
    if (kind === 'last') return `if(${this.slot.use('valued')}===0)${a}=r;`;
    if (kind !== 'values') return undefined;
    return `{const n=${a}.size;${a}.add(${this.slot.x});`
      + `if(${a}.size>n)U[u+${this.#others.get(kind) ?? 0}*E+n]=r;}`;
  }

  #store(kind: AccumulatorKind, a: string): string {
    switch (kind) {
      case 'count': case 'valued': case 'newest': case 'oldest': case 'min': case 'max':
      case 'first': case 'last':
        return `${this.#figure(kind)}=${a};`;
      case 'sum': return `${this.#figure(kind)}=${a}h;${this.#figure(kind, 1)}=${a}l;`;
      case 'series': {
        const count = this.slot.use('valued');
        return `for(let k=0;k<${count};k++)${this.#listed('F', 'g', kind)}=${a}[k];`;
      }
      case 'codes':
        return `${this.#figure(kind)}=${a}.size;${a}.writeTo(U,u+${this.#others.get(kind) ?? 0}*E);`;
      case 'values': return `${this.#figure(kind)}=${a}.size;`;
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
      case 'first': return `if(${valued}){const r=${partial};${m}=${this.#value};}`;
      case 'last':
        return `if(${window.use('valued')}===0&&${valued}){const r=${partial};${m}=${this.#value};}`;
      case 'min': return `if(${partial}<${m})${m}=${partial};`;
      case 'max': return `if(${partial}>${m})${m}=${partial};`;
      case 'sum': return `${m}h+=${partial};${m}l+=${this.#figure(kind, 1)};`;
      case 'series': {
        const [count, to] = [this.#figure('valued'), window.use('valued')];
        return `for(let k=0,n=${count};k<n;k++)${m}[${to}+k]=${this.#listed('F', 'g', kind)};`;
      }
      case 'codes': return `for(let k=0,n=${partial};k<n;k++)${m}.add(${this.#listed('U', 'u', kind)});`;
      case 'values':
        return `for(let k=0,n=${partial};k<n;k++){`
          + `const r=${this.#listed('U', 'u', kind)};${m}.add(${this.#value});}`;
      case 'histogram': {
        const first = this.#figures.get(kind) ?? 0;
        return `for(let k=0;k<${DIGITS};k++)${m}[k]+=F[f+${first}+k];`;
      }
    }
  }

  #figure(kind: AccumulatorKind, next = 0): string {
    return `F[f+${(this.#figures.get(kind) ?? 0) + next}]`;
  }

  /** Entry `k` of a list. */
  #listed(array: string, begin: string, kind: AccumulatorKind): string {
    return `${array}[${begin}+${this.#others.get(kind) ?? 0}*E+k]`;
  }
}
