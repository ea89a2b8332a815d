/**
 * What a feature is once the scan is over, as source: from running figures to a cell, or why there is none.
 */
import type { Planned } from './scan-source.ts';

/** Asking for a figure by `slot.use` is what makes the scan keep it. */
export function resultSource(planned: Planned): string {
  const { index, definition, slot, start, end, gate, keys } = planned;
  const keyless = keys.map((key) => key.missing).join('||');
  const { plain, exact } = aggregateSource(planned);
  const open = gate === undefined ? '' : `&&${gate.open}===1`;
  const left = definition.window.kind === 'last' && gate !== undefined
    ? `${definition.window.count}-${gate.seen}` : 'Infinity';
  const tiled = `out.tiled(${index},tiled,${start},${end},t,${left},{${exact}})`;
  return (keyless === '' ? '' : `if(${keyless})out.miss(${index},"absent");else `)
    + (definition.value === undefined ? ''
      : `if(${slot.missing}!==0)out.lack(${index},${slot.missing});else `)
    + `if(tiled!==undefined&&${start}<tiled.lastMs${open})${tiled};else ${plain}`;
}

interface AggregateSource {
  /** Statement that fills the cell. */
  readonly plain: string;
  /** Members of `ExactFigures`, for the case that some events are only known in tiles. */
  readonly exact: string;
}

function aggregateSource({ index, definition, slot, coded }: Planned): AggregateSource {
  const { aggregate } = definition;
  const whole = definition.type.kind !== 'decimal';
  const ifAny = (count: string, value: string, least = 1): string =>
    `if(${count}<${least})out.miss(${index},"no_history");else out.set(${index},${value});`;
  switch (aggregate) {
    case 'count': {
      const n = slot.use('count');
      return { plain: `out.set(${index},${n});`, exact: `events:${n}` };
    }
    case 'exists': {
      const n = slot.use('count');
      return { plain: `out.set(${index},${n}>0?2:0);`, exact: `events:${n}` };
    }
    case 'time_since_last': {
      const [n, at] = [slot.use('count'), slot.use('newest')];
      return { plain: ifAny(n, `t-${at}`), exact: `events:${n},value:${at}` };
    }
    case 'first_seen': {
      const [n, at] = [slot.use('count'), slot.use('oldest')];
      return { plain: ifAny(n, at), exact: `events:${n},value:${at}` };
    }
    case 'distinct': {
      const set = slot.use(coded ? 'codes' : 'values');
      const values = coded ? 'codes' : 'values';
      return { plain: `out.set(${index},${set}.size);`, exact: `events:${set}.size,${values}:${set}` };
    }
    case 'sum': {
      const sum = `H.sumOf(${slot.use('sum')}h,${slot.use('sum')}l)`;
      return { plain: `out.whole(${index},${sum});`, exact: `events:${slot.use('valued')},value:${sum}` };
    }
    case 'avg': {
      const [sum, v] = [slot.use('sum'), slot.use('valued')];
      const average = `H.${whole ? 'wholeAverageOf' : 'averageOf'}(${sum}h,${sum}l,${v})`;
      return { plain: ifAny(v, average), exact: `events:${v},value:H.sumOf(${sum}h,${sum}l)` };
    }
    case 'stddev': {
      const [series, v, min, max] =
        [slot.use('series'), slot.use('valued'), slot.use('min'), slot.use('max')];
      const deviation = `H.${whole ? 'wholeDeviationOf' : 'deviationOf'}(${series},${v})`;
      return {
        plain: ifAny(v, deviation, 2),
        exact: `events:${v},value:${v}<2?NaN:${deviation},min:${min},max:${max}`,
      };
    }
    case 'min': case 'max': case 'first': case 'last': {
      const [value, v] = [slot.use(aggregate), slot.use('valued')];
      return { plain: ifAny(v, value), exact: `events:${v},value:${value}` };
    }
    case 'histogram': {
      const bins = slot.use('histogram');
      return { plain: `out.set(${index},${bins});`, exact: `events:0,value:${bins}` };
    }
  }
}
