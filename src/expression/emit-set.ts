import { T_SLOT } from '#domain/event.ts';
import type { Expr, InSet } from './ast.ts';
import { emitEquality, joinSources } from './emit-binary.ts';
import { bound, type Emission } from './emission.ts';
import { cellKind } from './type-rules.ts';
import { typeOf } from './tree.ts';

/** Up to here comparing one by one beats hashing. */
const CHAIN_MAX = 8;

/** `value in set`, Kleene. */
export function emitSet(value: Expr, set: InSet, emission: Emission): string {
  switch (set.kind) {
    case 'list': {
      const cell = bound(emission.emit(value), emission.unit);
      const call = `$.inList(${listIndex(set)},${cell.again},e.numbers[${T_SLOT}])`;
      return `(${missing(value, cell.first)}?1:${call})`;
    }
    case 'values':
      return emitValues(value, set.values, emission);
    case 'interval':
      return emitInterval(value, set, emission);
  }
}

function listIndex(set: Extract<InSet, { kind: 'list' }>): number {
  if (set.index === undefined) throw new TypeError('the list was not resolved');
  return set.index;
}

function missing(value: Expr, source: string): string {
  switch (cellKind(typeOf(value))) {
    case 'bool': return `${source}===1`;
    // Only a missing number fails both: nothing else here repeats the source.
    case 'number': return `Number.isNaN(${source})`;
    case 'text': case 'object': return `${source}===undefined`;
  }
}

function emitValues(value: Expr, items: readonly Expr[], emission: Emission): string {
  const type = typeOf(value);
  const cell = bound(emission.emit(value), emission.unit);
  const sources = items.map((item) => emission.emit(item));
  if (items.every((item) => item.kind === 'literal') && type.kind !== 'bool') {
    const found = items.length > CHAIN_MAX
      ? `${emission.unit.constant(`new Set([${sources.join(',')}])`)}.has(${cell.again})`
      : sources.map((source) => `${cell.again}===${source}`).join('||');
    return `(${missing(value, cell.first)}?1:${found}?2:0)`;
  }
  const equalities = sources.map((source) => emitEquality(type, true, cell.again, source, emission));
  return `(${cell.first},${joinSources('or', equalities, emission)})`;
}

function emitInterval(value: Expr, set: Extract<InSet, { kind: 'interval' }>, emission: Emission): string {
  const { low, high, lowClosed, highClosed } = set;
  const source = emission.emit(value);
  const clock = typeOf(value).kind === 'clock';
  const literal = low.kind === 'literal' && high.kind === 'literal';
  if (!literal) {
    const ends = `${emission.emit(low)},${emission.emit(high)},${lowClosed},${highClosed}`;
    return `$.within${clock ? 'Clock' : ''}(${source},${ends})`;
  }
  const cell = bound(source, emission.unit);
  const overMidnight = clock && Number(low.value) > Number(high.value);
  const above = `${cell.again}${lowClosed ? '>=' : '>'}${emission.emit(low)}`;
  const below = `${cell.again}${highClosed ? '<=' : '<'}${emission.emit(high)}`;
  return `(${missing(value, cell.first)}?1:${above}${overMidnight ? '||' : '&&'}${below}?2:0)`;
}
