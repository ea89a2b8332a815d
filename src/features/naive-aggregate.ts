/** What each aggregate makes of the events that count, in the plainest form: exact arithmetic in BigInt. */
import type { MissingReason } from '#domain/missing.ts';
import { cellOfValue } from '#expression/value.ts';
import type { Cell } from '#expression/type.ts';
import type { FeatureDefinition } from './definition.ts';

interface Result { readonly cell: Cell; readonly reason: MissingReason | undefined }

/** `times` and `values` of the events that count and have the value, oldest first. */
export function naiveAggregate(
  definition: FeatureDefinition, t: number, times: readonly number[], values: readonly Cell[],
): Result {
  const { type } = definition;
  const none = (reason: MissingReason): Result =>
    ({ cell: cellOfValue({ kind: 'missing', reason, because: '' }, type), reason });
  const some = (cell: Cell): Result => ({ cell, reason: undefined });
  const numbers = values.map(Number);
  switch (definition.aggregate) {
    case 'count': return some(times.length);
    case 'exists': return some(times.length > 0 ? 2 : 0);
    case 'distinct': return some(new Set(values).size);
    case 'histogram': return some([1, 2, 3, 4, 5, 6, 7, 8, 9]
      .map((bin) => numbers.filter((n) => n === bin).length));
    case 'time_since_last': return times.length === 0 ? none('no_history') : some(t - times.at(-1)!);
    case 'first_seen': return times.length === 0 ? none('no_history') : some(times[0]);
    case 'sum': {
      const sum = total(numbers);
      return sum <= MOST && sum >= -MOST ? some(Number(sum)) : none('overflow');
    }
    case 'avg': {
      if (numbers.length === 0) return none('no_history');
      const sum = total(numbers);
      if (type.kind === 'decimal') return some(Number(sum) / numbers.length);
      return some(halfEvenOf(sum, BigInt(numbers.length)));
    }
    case 'stddev': {
      if (numbers.length < 2) return none('no_history');
      const n = BigInt(numbers.length);
      const sum = total(numbers);
      const squares = numbers.reduce((so, x) => so + BigInt(x) ** 2n, 0n);
      const [numerator, denominator] = [n * squares - sum * sum, n * (n - 1n)];
      if (type.kind === 'decimal') return some(Math.sqrt(Number(numerator) / Number(denominator)));
      return some(halfEvenRoot(numerator, denominator));
    }
    case 'min': return numbers.length === 0 ? none('no_history') : some(numbers.toSorted((a, b) => a - b)[0]);
    case 'max': return numbers.length === 0 ? none('no_history') : some(numbers.toSorted((a, b) => b - a)[0]);
    case 'first': return values.length === 0 ? none('no_history') : some(values[0]);
    case 'last': return values.length === 0 ? none('no_history') : some(values.at(-1));
  }
}

const MOST = BigInt(Number.MAX_SAFE_INTEGER);

const total = (numbers: readonly number[]): bigint => numbers.reduce((sum, x) => sum + BigInt(x), 0n);

/** The nearest whole number: count up from the floor in halves. */
function halfEvenOf(numerator: bigint, denominator: bigint): number {
  let halves = (2n * numerator) / denominator;
  if (halves * denominator > 2n * numerator) halves--;
  return fromHalves(halves, halves * denominator === 2n * numerator);
}

/** The nearest whole number to a square root: the root of four times the square, counted in halves. */
function halfEvenRoot(numerator: bigint, denominator: bigint): number {
  const square = (4n * numerator) / denominator;
  let [low, high] = [0n, square + 1n];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle * middle <= square) low = middle;
    else high = middle;
  }
  return fromHalves(low, low * low * denominator === 4n * numerator);
}

/** Rounds `halves / 2`; `exact` where nothing was cut off, so an odd number of halves is a tie. */
function fromHalves(halves: bigint, exact: boolean): number {
  const floor = halves >= 0n || halves % 2n === 0n ? halves / 2n : (halves - 1n) / 2n;
  if (halves % 2n === 0n) return Number(floor);
  return Number(exact && floor % 2n === 0n ? floor : floor + 1n);
}
