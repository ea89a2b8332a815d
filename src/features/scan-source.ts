/**
 * The scan of one entity's log, as source: from the newest event with t <= the current one's back to where
 * the longest window begins, once, for all features of the key. Conditions and values that features share are
 * evaluated once:
 *
 *   row -> stream (key, type of event, `of`) -> gates (`last N`, `since`) -> `where` -> value -> figures
 */
import type { EventSchema } from '#domain/field.ts';
import { T_SLOT } from '#domain/event.ts';
import type { Expr } from '#expression/ast.ts';
import { emitExpression } from '#expression/emit.ts';
import { EmitUnit } from '#expression/emit-unit.ts';
import { printExpression } from '#expression/print.ts';
import { someNode, typeOf } from '#expression/tree.ts';
import { cellKind } from '#expression/type-rules.ts';
import { Slot } from './accumulators.ts';
import type { FeatureDefinition } from './definition.ts';
import { codeAt, keyTest, numberAt, type KeyTest } from './field-source.ts';
import { resultSource } from './result-source.ts';
import { windowGap } from './window-span.ts';

/** A feature and its place among the cells. */
export interface Placed { readonly index: number; readonly definition: FeatureDefinition }

export interface Value {
  /** Name and source of the variable; no source: the figures need no value. */
  readonly x: string;
  readonly source: string;
  /** Source of the test that the value is there. */
  readonly known: string;
  /** Source of the test that there is an amount, of which the conversion is missing; or empty. */
  readonly hasAmount: string;
  readonly slots: Map<string, Slot>;
}

export interface Where {
  readonly source: string;
  readonly starts: Set<string>;
  readonly values: Map<string, Value>;
}
interface Gate { readonly open: string; readonly seen: string; readonly source: string }
export interface Stream {
  readonly source: string;
  readonly gates: Map<string, Gate>;
  readonly wheres: Map<string, Where>;
}

/** What the source of a result needs to know of its feature. */
export interface Planned extends Placed {
  readonly slot: Slot;
  readonly start: string;
  readonly end: string;
  readonly gate: Gate | undefined;
  readonly keys: readonly KeyTest[];
  /** Are the values codes of texts? */
  readonly coded: boolean;
}

/** The parts of a scan, for functions that walk the log in their own way. */
export interface ScanParts {
  /** Stand once, outside the functions. */
  readonly constants: string;
  /** Stand first in each function that runs expressions; `e` is in scope. */
  readonly locals: string;
  /** Declares t, keys, starts of windows and running figures; `e` and `c` are in scope. */
  readonly begin: string;
  /** The test that no window reaches back to the time `at`. */
  readonly stop: string;
  /** What the event in row `r` at the time `at` does to the figures. */
  readonly body: string;
  readonly results: string;
  readonly streams: readonly Stream[];
  readonly planned: readonly Planned[];
}

export class ScanSource {
  readonly #schema: EventSchema;
  readonly #unit = new EmitUnit();
  readonly #streams = new Map<string, Stream>();
  readonly #sources = new Map<string, string>();
  readonly #keys = new Map<string, KeyTest>();
  readonly #starts = new Map<string, string>();
  readonly #planned: Planned[] = [];
  #names = 0;

  constructor(schema: EventSchema, features: readonly Placed[]) {
    this.#schema = schema;
    for (const feature of features) this.#plan(feature);
  }

  /** An expression whose value is the scan: `(e, c, p, out, log) => void`, where `log` may be undefined. */
  get text(): string {
    const { constants, locals, begin, stop, body, results } = this.parts;
    return `(()=>{${constants}
return function(e,c,p,out,log){${locals}${begin}
let tiled;
if(log!==undefined){tiled=log.tiled;const {rows,times,from}=log;let i=log.to;
if(times[i-1]>t)i=H.newestAt(times,from,i,t);
while(--i>=from){const at=times[i];
if(${stop})break;
const r=rows[i];${body}}}
${results}
}})()`;
  }

  get parts(): ScanParts {
    const slots = this.#slots();
    const accumulators = slots.flatMap((slot) => slot.accumulators);
    const streams = [...this.#streams.values()];
    return {
      constants: `${this.#unit.constants()}${accumulators.map((a) => a.constant).join('')}`,
      locals: this.#unit.locals(),
      begin: `const t=e.numbers[${T_SLOT}];
${[...this.#keys.values()].map((key) => key.declare).join('')}
${[...this.#starts.values()].join('')}
${slots.map((slot) => `let ${slot.missing}=0;`).join('')}${accumulators.map((a) => a.start).join('')}
${this.#gates().map((gate) => `let ${gate.open}=1,${gate.seen}=0;`).join('')}`,
      stop: this.#stop(),
      body: streams.map(streamSource).join(''),
      results: this.#planned.map(resultSource).join('\n'),
      streams, planned: this.#planned,
    };
  }

  #name(prefix: string): string {
    return `${prefix}_${this.#names++}`;
  }

  /**
   * Equal expressions have one source, and with it the same temporaries: they are never read across
   * expressions.
   */
  #emit(expr: Expr): string {
    return entry(this.#sources, printExpression(expr), () => emitExpression(expr, { unit: this.#unit }));
  }

  #holds(expr: Expr | undefined): string {
    return expr === undefined ? '' : `${this.#emit(expr)}===2`;
  }

  #plan({ index, definition }: Placed): void {
    const keys = definition.alsoEqual.map(({ past, current }) => this.#key(past.path, current.path));
    const type = definition.of === undefined ? `${codeAt(this.#eventSlot(), 'r')}===TX`
      : this.#holds(definition.of);
    const stream = entry(this.#streams, [...keys.map((key) => key.equal), type].join('&&'),
      (source): Stream => ({ source, gates: new Map(), wheres: new Map() }));
    const start = this.#start(index, definition);
    const where = entry(stream.wheres, this.#holds(definition.where),
      (source): Where => ({ source, starts: new Set(), values: new Map() }));
    where.starts.add(start);
    const gate = this.#gate(stream, definition);
    const { value, coded } = this.#value(where, definition);
    const gap = windowGap(definition.window);
    const end = gap === 0 ? 't' : `t-${gap}`;
    const condition = [
      `at>${start}`, gap === 0 ? '' : `at<=${end}`, definition.includesCurrent ? '' : 'r!==c',
      gate === undefined ? '' : `${gate.open}===1`,
    ].filter((part) => part !== '').join('&&');
    const slot = entry(value.slots, condition,
      (source) => new Slot(source, value.x, (prefix) => this.#name(prefix)));
    const planned: Planned = { index, definition, slot, start, end, gate, keys, coded };
    // Asking for the result's source names the figures it needs.
    resultSource(planned);
    this.#planned.push(planned);
  }

  #key(past: string, current: string): KeyTest {
    const { byPath } = this.#schema;
    return entry(this.#keys, `${past}\0${current}`,
      () => keyTest(byPath.get(past)!, byPath.get(current)!, this.#name('q')));
  }

  #eventSlot(): number {
    return this.#schema.byPath.get('event')!.textSlot;
  }

  /** The variable with the window's start. */
  #start(index: number, { window }: FeatureDefinition): string {
    const key = window.kind === 'last' ? '{"kind":"ever"}'
      : window.kind === 'sliding' ? String(window.fromMs) : JSON.stringify(window);
    const known = /^const (\w+)=/.exec(this.#starts.get(key) ?? '')?.[1];
    if (known !== undefined) return known;
    const name = this.#name('w');
    this.#starts.set(key, `const ${name}=starts[${index}](t);`);
    return name;
  }

  #gate(stream: Stream, { window, since, includesCurrent }: FeatureDefinition): Gate | undefined {
    if (window.kind !== 'last' && since === undefined) return undefined;
    const closes = since === undefined ? '' : `r!==c&&${this.#holds(since)}`;
    const count = window.kind === 'last' ? window.count : Infinity;
    return entry(stream.gates, `${closes}\0${count}\0${includesCurrent}`, () => {
      const open = this.#name('g');
      const seen = this.#name('g');
      const counts = `${includesCurrent ? '' : 'if(r!==c)'}if(++${seen}>${count})${open}=0;`;
      const step = closes === '' ? counts : `if(${closes})${open}=0;else{${counts}}`;
      return { open, seen, source: `if(${open}===1){${step}}` };
    });
  }

  #value(where: Where, definition: FeatureDefinition): { value: Value; coded: boolean } {
    const { value: expr } = definition;
    if (expr === undefined) {
      const value = entry(where.values, '',
        (): Value => ({ x: '', source: '', known: '', hasAmount: '', slots: new Map() }));
      return { value, coded: false };
    }
    const coded = definition.aggregate === 'distinct' && isPlainText(expr);
    const source = coded ? codeAt(expr.field.textSlot, 'r') : this.#emit(expr);
    const value = entry(where.values, source, (): Value => {
      const x = this.#name('x');
      const known = coded ? `${x}!==0` : knownTest(expr, x);
      return { x, source, known, hasAmount: amountTest(expr), slots: new Map() };
    });
    return { value, coded };
  }

  #stop(): string {
    const starts = (gated: boolean): string[] =>
      [...new Set(this.#planned.filter(({ gate }) => (gate !== undefined) === gated)
        .map(({ start }) => start))];
    const before = (names: readonly string[]): string => names.map((name) => `at<=${name}`).join('&&');
    const open = this.#gates().map((gate) => gate.open).join('|');
    const [free, gated] = [before(starts(false)), before(starts(true))];
    if (gated === '') return free;
    return [free, `((${open})===0||${gated})`].filter((part) => part !== '').join('&&');
  }

  #gates(): Gate[] {
    return [...this.#streams.values()].flatMap((stream) => [...stream.gates.values()]);
  }

  #slots(): Slot[] {
    return [...this.#streams.values()].flatMap((stream) => [...stream.wheres.values()])
      .flatMap((where) => [...where.values.values()]).flatMap((value) => [...value.slots.values()]);
  }
}

function streamSource({ source, gates, wheres }: Stream): string {
  const body = [...wheres.values()].map(whereSource).join('\n');
  return `if(${source}){${[...gates.values()].map((gate) => gate.source).join('')}${body}}\n`;
}

function whereSource({ source, starts, values }: Where): string {
  const inside = `(${[...starts].map((start) => `at>${start}`).join('||')})`;
  const test = source === '' ? inside : `${inside}&&${source}`;
  return `if(${test}){${[...values.values()].map(valueSource).join('')}}`;
}

function valueSource({ x, source, known, hasAmount, slots }: Value): string {
  const all = [...slots.values()];
  const updates = all.map((slot) =>
    `if(${slot.condition}){${slot.accumulators.map((a) => a.update).join('')}}`).join('');
  if (source === '') return updates;
  const why = hasAmount === '' ? '1' : `${hasAmount}?2:1`;
  const lacks = all.map((slot) => `if(${slot.condition})${slot.missing}=${why};`).join('');
  return `const ${x}=${source};if(${known}){${updates}}else if(r===c){${lacks}}`;
}

function entry<Entry>(map: Map<string, Entry>, key: string, make: (key: string) => Entry): Entry {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make(key);
  map.set(key, made);
  return made;
}

type FieldExpr = Extract<Expr, { kind: 'field' }>;

/**
 * A text of the past event that has a code of its own in the columns; status and label depend on the time of
 * asking.
 */
const isPlainText = (expr: Expr): expr is FieldExpr =>
  expr.kind === 'field' && expr.row === 'past' && expr.field.textSlot >= 0 && expr.field.numberSlot < 0
  && expr.field.path !== 'status' && expr.field.path !== 'label';

function knownTest(expr: Expr, x: string): string {
  const kind = cellKind(typeOf(expr));
  return kind === 'bool' ? `${x}!==1` : kind === 'number' ? `${x}===${x}` : `${x}!==undefined`;
}

function amountTest(expr: Expr): string {
  let test = '';
  someNode(expr, (node) => {
    if (node.kind !== 'convert' || node.value.kind !== 'field') return false;
    const amount = node.value.row === 'past'
      ? numberAt(node.value.field.numberSlot, 'r') : `e.numbers[${node.value.field.numberSlot}]`;
    test = `${amount}===${amount}`;
    return true;
  });
  return test;
}
