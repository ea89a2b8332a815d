/**
 * The scan of a long log, as source: whole blocks by their partial sums, the others event by event. A block
 * is taken whole if all of it is older than the current event, in or out of each window, and its latest
 * changes are known at t. What it adds up to is made when it is first needed, with the conditions and values
 * of the scan itself, and kept until the block has another version. See docs/adr/0006-block-partials.md.
 */
import { Slot } from './accumulators.ts';
import { readsChanges } from './block-kept.ts';
import { BankPlan, BlockPartials, type BankShape } from './block-partials.ts';
import type { Planned, ScanParts, ScanSource, Value } from './scan-source.ts';

export interface BlockSource {
  /** An expression whose value is the scan: `(e, c, p, out, log, bank) => void`. */
  readonly text: string;
  readonly shape: BankShape;
}

type Kept = ReadonlyMap<Value, BlockPartials>;

export function blockSource(source: ScanSource): BlockSource {
  const { parts } = source;
  const plan = new BankPlan();
  const kept = new Map<Value, BlockPartials>();
  let names = 0;
  for (const value of valuesOf(parts)) {
    const slot = new Slot('', value.x, (prefix) => `${prefix}b_${names++}`);
    for (const { accumulators } of value.slots.values()) for (const { kind } of accumulators) slot.use(kind);
    kept.set(value, new BlockPartials(slot, plan, value.source));
  }
  const { shape } = plan;
  const constants = [...kept.values()].flatMap(({ slot }) => slot.accumulators).map((a) => a.constant);
  return {
    shape,
    text: `(()=>{${parts.constants}${constants.join('')}
const LATEST={numbers:[Infinity],texts:[]};
${fillSource(parts, kept)}
${walkSource(parts, kept, shape)}})()`,
  };
}

const valuesOf = ({ streams }: ScanParts): readonly Value[] => streams
  .flatMap(({ wheres }) => [...wheres.values()]).flatMap(({ values }) => [...values.values()]);

/**
 * What the block in rows[lo..hi) adds up to. Status and label are the latest: as known at any t from F[f+1]
 * on.
 */
function fillSource({ locals, streams, planned }: ScanParts, kept: Kept): string {
  const all = [...kept.values()];
  const body = streams.map(({ source, wheres }) => {
    const inner = [...wheres.values()].map((where) => {
      const updates = [...where.values.values()].map((value) => valueSource(value, kept.get(value))).join('');
      return where.source === '' ? updates : `if(${where.source}){${updates}}`;
    });
    return `if(${source}){${inner.join('')}}`;
  }).join('');
  const changes = planned.some(({ definition }) => readsChanges(definition))
    ? '{const k=K(r);if(k>known)known=k;}' : '';
  return `function fill(version,p,rows,times,lo,hi,F,f,g,U,u,E){
const e=LATEST,c=-1;let known=-Infinity;${locals}
${all.map((one) => one.start).join('')}
for(let i=hi;--i>=lo;){const at=times[i],r=rows[i];${changes}${body}}
${all.map((one) => one.store).join('')}F[f]=version;F[f+1]=known;}`;
}

function valueSource({ x, source, known }: Value, partials: BlockPartials | undefined): string {
  const updates = partials?.update ?? '';
  return source === '' ? updates : `{const ${x}=${source};if(${known}){${updates}}}`;
}

/** INVARIANT: the current event is in no block that is taken whole: all of such a block is older than it. */
function walkSource({ locals, begin, stop, body, results, planned }: ScanParts, kept: Kept,
  shape: BankShape): string {
  const edges = new Set(planned.flatMap(({ start, end }) => (end === 't' ? [start] : [start, end])));
  const crossed = [...edges].map((edge) => `oldest<=${edge}&&at>${edge}`).join('||');
  return `return function(e,c,p,out,log,bank){${locals}${begin}
const {rows,times,from,tiled}=log,{events:E,first,versions,start,length}=log.blocks;
const F=bank.figures,U=bank.codes,Z=${shape.figures}+${shape.series}*E;
let i=log.to;if(times[i-1]>t)i=H.newestAt(times,from,i,t);
while(i>from){const at=times[i-1];
if(${stop})break;
const place=first+i-1-from,lo=i-1-(place&(E-1));
if(lo>=from&&i-lo===E&&at<t){const oldest=times[lo];
if(!(${crossed})){
let s=place/E|0;if(s>=length)s-=length;s+=start;
const f=s*Z,g=f+${shape.figures},u=s*${shape.codes}*E;
if(F[f]!==versions[s])fill(versions[s],p,rows,times,lo,i,F,f,g,U,u,E);
if(t>=F[f+1]){${mergeSource(planned, kept)}i=lo;continue;}}}
const low=lo>from?lo:from;
while(--i>=low){const at=times[i];
if(${stop})break;
const r=rows[i];${body}}
i=low;}
${results}
}`;
}

function mergeSource(planned: readonly Planned[], kept: Kept): string {
  const merges = new Map<Slot, string>();
  for (const { slot, start, end } of planned) {
    if (merges.has(slot)) continue;
    const inside = end === 't' ? `oldest>${start}` : `oldest>${start}&&at<=${end}`;
    for (const [value, partials] of kept) {
      if (value.slots.get(slot.condition) === slot) merges.set(slot,
        `if(${inside}){${partials.mergeInto(slot)}}`);
    }
  }
  return [...merges.values()].join('');
}
