/**
 * The running figures of the scan, as source: how each begins, and what an event in the window does to it.
 */
import { LIMITS } from '#domain/limits.ts';
import { LIMB } from './exact-stats.ts';

export type AccumulatorKind =
  | 'newest' | 'oldest' | 'first' | 'last' | 'min' | 'max' | 'sum' | 'series' | 'codes' | 'values'
  | 'histogram'
  | 'valued' | 'count';

/** The order of updates: `newest`, `last` and `series` read the counts before the event counts. */
const ORDER: readonly AccumulatorKind[] = [
  'newest', 'oldest', 'first', 'last', 'min', 'max', 'sum', 'series', 'codes', 'values', 'histogram',
  'valued', 'count',
];

export interface Accumulator {
  readonly kind: AccumulatorKind;
  readonly name: string;
  /** Stands once, outside the scan function. */
  readonly constant: string;
  /** Stands where the scan begins. */
  readonly start: string;
  readonly update: string;
}

/**
 * One more than the exact tier holds, for the event that is only tried, and one for the entry at the edge.
 */
const SERIES_LENGTH = LIMITS.exactEventsPerEntityMax + 2;

function accumulator(kind: AccumulatorKind, name: string, x: string, counts: Counts): Accumulator {
  const made = (start: string, update: string, constant = ''): Accumulator =>
    ({ kind, name, constant, start, update });
  switch (kind) {
    case 'count': case 'valued': return made(`let ${name}=0;`, `${name}++;`);
    case 'newest': return made(`let ${name}=0;`, `if(${counts.count()}===0)${name}=at;`);
    case 'oldest': return made(`let ${name}=0;`, `${name}=at;`);
    case 'first': return made(`let ${name};`, `${name}=${x};`);
    case 'last': return made(`let ${name};`, `if(${counts.valued()}===0)${name}=${x};`);
    case 'min': return made(`let ${name}=Infinity;`, `if(${x}<${name})${name}=${x};`);
    case 'max': return made(`let ${name}=-Infinity;`, `if(${x}>${name})${name}=${x};`);
    case 'sum':
      return made(`let ${name}h=0,${name}l=0;`,
        `{const h=Math.floor(${x}*${1 / LIMB});${name}h+=h;${name}l+=${x}-h*${LIMB};}`);
    case 'series':
      return made('', `${name}[${counts.valued()}]=${x};`,
        `const ${name}=new Float64Array(${SERIES_LENGTH});`);
    case 'codes': return made(`${name}.clear();`, `${name}.add(${x});`,
      `const ${name}=new H.DistinctCodes();`);
    case 'values': return made(`${name}.clear();`, `${name}.add(${x});`, `const ${name}=new Set();`);
    case 'histogram': return made(`const ${name}=[0,0,0,0,0,0,0,0,0];`,
      `if(${x}>=1&&${x}<=9)${name}[${x}-1]++;`);
  }
}

interface Counts { count(): string; valued(): string }

/**
 * Figures over one set of events: the same conditions, value and window. Features that need the same share
 * it.
 */
export class Slot {
  /** Source of the test that an event is in the window; empty: always. */
  readonly condition: string;
  /** Set by the scan to 1 where the current event counts and has no value, 2 where it has no rate. */
  readonly missing: string;
  /** Name of the variable with the value. */
  readonly x: string;
  readonly #name: (prefix: string) => string;
  readonly #accumulators = new Map<AccumulatorKind, Accumulator>();

  constructor(condition: string, x: string, name: (prefix: string) => string) {
    this.condition = condition;
    this.x = x;
    this.#name = name;
    this.missing = name('m');
  }

  /** The name of the variable of this kind. */
  use(kind: AccumulatorKind): string {
    const known = this.#accumulators.get(kind);
    if (known !== undefined) return known.name;
    const counts = { count: () => this.use('count'), valued: () => this.use('valued') };
    const made = accumulator(kind, this.#name('a'), this.x, counts);
    this.#accumulators.set(kind, made);
    return made.name;
  }

  get accumulators(): readonly Accumulator[] {
    return [...this.#accumulators.values()].toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  }
}
