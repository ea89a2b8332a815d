/** One expression read twice: by generated code and by the interpreter. */
import type { ParsedEvent } from '#domain/event.ts';
import type { Columns } from '#domain/history.ts';
import { rateConverter } from '#domain/rates.ts';
import type { Expr } from '#expression/ast.ts';
import { emitExpression } from '#expression/emit.ts';
import { makeRuntime, type EmitRuntime } from '#expression/emit-runtime.ts';
import { EmitUnit } from '#expression/emit-unit.ts';
import { interpret } from '#expression/interpret.ts';
import { typeOf } from '#expression/tree.ts';
import type { Cell } from '#expression/type.ts';
import { cellOfValue } from '#expression/value.ts';
import type { World } from '#expression/world.ts';
import { FEATURES, PARAMS, SCHEMA } from './language-world.ts';

type Emitted = (
  e: ParsedEvent, f: readonly Cell[], p: readonly Cell[], columns: Columns, r: number, c: number,
) => Cell;

/** A row that is not the first of its page nor on the first page, so that a wrong shift shows. */
const ROW = 4_096 + 7;

/** The generated function and its source. */
function compile(expr: Expr, runtime: EmitRuntime, salt: string): { run: Emitted; source: string } {
  const unit = new EmitUnit();
  const body = emitExpression(expr, { unit, salt });
  const source =
    `${unit.constants()}return (e,f,p,{numbers:N,codes:C,texts:D},r,c)=>{${unit.locals()}return ${body};}`;
  // oxlint-disable-next-line typescript/no-implied-eval -- what is tested here is generated code
  const make: unknown = new Function('$', source);
  // The source is the one just emitted: its shape is known here and nowhere else.
  return { run: (make as (runtime: EmitRuntime) => Emitted)(runtime), source };
}

function runtimeOf(world: World): EmitRuntime {
  return makeRuntime({
    convert: rateConverter(world.rates),
    inList: (list, value, tMs) => (world.inList(list, value, tMs) ? 2 : 0),
    statusAt: (_, tMs) => world.past?.statusAt(tMs),
    labelAt: (_, tMs) => world.past?.labelAt(tMs),
    mark: (path, value, name, tMs, holding) => world.mark(path, value, name, tMs, holding),
  });
}

/** The past event as the only row that is not missing. Fields without history have no pages at all. */
function columnsOf(event: ParsedEvent): Columns {
  const texts: (string | undefined)[] = [undefined];
  const numberPages = (slot: number): Float64Array[] => {
    const page = new Float64Array(4_096).fill(Number.NaN);
    page[ROW & 4_095] = event.numbers[slot] ?? Number.NaN;
    return [new Float64Array(0), page];
  };
  const codePages = (slot: number): Uint32Array[] => {
    const page = new Uint32Array(4_096);
    const text = event.texts[slot];
    if (text !== undefined) page[ROW & 4_095] = texts.push(text) - 1;
    return [new Uint32Array(0), page];
  };
  const numbers: Float64Array[][] = event.numbers.map(() => []);
  const codes: Uint32Array[][] = event.texts.map(() => []);
  for (const field of SCHEMA.fields.filter(({ history }) => history)) {
    for (const slot of [field.numberSlot, field.secondNumberSlot]) if (slot >= 0) numbers[slot] =
      numberPages(slot);
    if (field.textSlot >= 0) codes[field.textSlot] = codePages(field.textSlot);
  }
  return { numbers, codes, texts, positions: [] };
}

export interface Readings { readonly emitted: Cell; readonly interpreted: Cell; readonly source: string }

export function readTwice(expr: Expr, world: World): Readings {
  const type = typeOf(expr);
  const { run, source } = compile(expr, runtimeOf(world), world.salt);
  const cells = (names: typeof FEATURES, read: World['feature']): Cell[] =>
    names.map(({ name, index, type: of }) => cellOfValue(read(index, name), of));
  const past = world.past?.event ?? world.current;
  const row = world.past?.isCurrent === true ? ROW : -1;
  const features = cells(FEATURES, (i, name) => world.feature(i, name));
  const params = cells(PARAMS, (i, name) => world.param(i, name));
  const emitted = run(world.current, features, params, columnsOf(past), ROW, row);
  return { emitted, interpreted: cellOfValue(interpret(expr, world), type), source };
}
