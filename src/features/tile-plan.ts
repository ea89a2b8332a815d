/** Which part of a feature can be decided when an event leaves the exact tier, long before anyone asks. */
import type { EventSchema } from '#domain/field.ts';
import type { Columns } from '#domain/history.ts';
import type { TilePlan } from '#ports/window-store.ts';
import type { Expr } from '#expression/ast.ts';
import { emitExpression } from '#expression/emit.ts';
import type { EmitRuntime } from '#expression/emit-runtime.ts';
import { EmitUnit } from '#expression/emit-unit.ts';
import { MARK_CALLS } from '#expression/builtins.ts';
import { printExpression } from '#expression/print.ts';
import { someNode, typeOf } from '#expression/tree.ts';
import { cellKind } from '#expression/type-rules.ts';
import type { FeatureDefinition } from './definition.ts';
import { codeAt } from './field-source.ts';
import { generatedFunction } from './generated-function.ts';
import { windowReach } from './window-span.ts';

/** Tiles that a window spans at most. */
const TILES_PER_WINDOW = 96;
const COUNTED = new Set(['count', 'exists', 'time_since_last', 'first_seen', 'histogram']);

export interface Tiling {
  readonly fingerprint: string;
  readonly hopMs: number;
  /** True where all conditions are decided: then events of a tile inside the window count for certain. */
  readonly certain: boolean;
  /** True where the value is known with the past event alone. */
  readonly valued: boolean;
}

const TIMELY_CALLS = new Set([...MARK_CALLS, 'age']);

/** Does it say the same whenever, and for whomever, it is asked? */
const isLasting = (expr: Expr): boolean => !someNode(expr, isTimely);

function isTimely(node: Expr): boolean {
  switch (node.kind) {
    case 'name': case 'param': case 'feature': case 'aggregate': return true;
    case 'field':
      return node.row === 'current' || node.field.path === 'status' || node.field.path === 'label';
    case 'in': return node.set.kind === 'list';
    case 'call': return TIMELY_CALLS.has(node.name);
    case 'literal': case 'local': case 'unary': case 'binary': case 'convert': case 'let': case 'require':
      return false;
  }
}

const conditionsOf = ({ of, where }: FeatureDefinition): readonly Expr[] =>
  [of, where].filter((condition) => condition !== undefined);

/** `world` names what else decides, such as the version of the exchange rates. */
export function tilingOf(definition: FeatureDefinition, retentionMs: number, world: string): Tiling {
  const { aggregate, key, of, where, value, window, since, alsoEqual } = definition;
  const lasting = conditionsOf(definition).every(isLasting);
  const parts = [of, where, value].map((part) => (part === undefined ? '' : printExpression(part)));
  const kind = COUNTED.has(aggregate) ? 'count' : aggregate === 'distinct' ? 'distinct' : 'value';
  const hopMs = Math.ceil(windowReach(window, retentionMs) / TILES_PER_WINDOW);
  return {
    fingerprint: [kind, key.past.path, hopMs, ...parts, world].join('\n'),
    hopMs,
    certain: lasting && alsoEqual.length === 0 && since === undefined && window.kind !== 'last',
    valued: value === undefined || isLasting(value),
  };
}

type PlanMaker = (
  N: Columns['numbers'], C: Columns['codes'], D: Columns['texts'], $: EmitRuntime, TX: number,
) => Pick<TilePlan, 'admits' | 'valueAt'>;

export function tilePlan(
  definition: FeatureDefinition, schema: EventSchema, columns: Columns, runtime: EmitRuntime,
  { retentionMs, transaction, world }: { retentionMs: number; transaction: number; world: string },
): TilePlan {
  const { fingerprint, hopMs } = tilingOf(definition, retentionMs, world);
  const { numbers, codes, texts } = columns;
  const make = generatedFunction<PlanMaker>(['N', 'C', 'D', '$', 'TX'], planSource(definition, schema));
  return {
    fingerprint, hopMs, field: definition.key.past,
    keepMs: windowReach(definition.window, retentionMs),
    withValues: definition.aggregate === 'distinct',
    ...make(numbers, codes, texts, runtime, transaction),
  };
}

function planSource(definition: FeatureDefinition, schema: EventSchema): string {
  const unit = new EmitUnit();
  const slot = schema.byPath.get('event')?.textSlot ?? -1;
  // What is not decided yet admits: the event may count.
  const tests = conditionsOf(definition).filter(isLasting)
    .map((expr) => `${emitExpression(expr, { unit })}===2`);
  if (definition.of === undefined) tests.push(`${codeAt(slot, 'r')}===TX`);
  const { value } = definition;
  const source = value === undefined || !isLasting(value) ? 'undefined' : valueSource(value, unit);
  return `${unit.constants()}
return{admits(r){${unit.locals()}return ${tests.length === 0 ? 'true' : tests.join('&&')};},
valueAt(r){${unit.locals()}return ${source};}};`;
}

/** A missing yes or no is the cell 1; a tile is told of it as of any other missing value. */
function valueSource(value: Expr, unit: EmitUnit): string {
  const source = emitExpression(value, { unit });
  if (cellKind(typeOf(value)) !== 'bool') return source;
  const cell = unit.local();
  return `(${cell}=${source})===1?undefined:${cell}`;
}
