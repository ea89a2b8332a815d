/** The numbers a decision was made from, each as something that can be changed alone. */
import type { ParsedEvent } from '#domain/event.ts';
import type { FieldDefinition } from '#domain/field.ts';
import type { Expr } from '#expression/ast.ts';
import type { Type } from '#expression/type.ts';
import type { FeatureDefinition, FeatureValues } from '#features/definition.ts';
import type { CompiledPolicy, Param, Rule } from '#policy/compiled-policy.ts';
import { nodesOf } from '#policy/walk.ts';

export interface NumericValue {
  readonly name: string;
  readonly kind: 'feature' | 'field';
  /** Feature index, or number slot of the field. */
  readonly index: number;
  readonly type: Type;
  /** Currency of money whose type does not say it. */
  readonly currency: string | undefined;
  readonly now: number;
  /** What it can change by: 1, or for decimals, ratios, distances and speeds a millionth. */
  readonly unit: number;
  readonly least: number;
}

const WHOLE: ReadonlySet<Type['kind']> = new Set(['int', 'money', 'duration', 'instant', 'date']);
const REAL: ReadonlySet<Type['kind']> = new Set(['decimal', 'ratio', 'distance', 'speed']);
const REAL_UNIT = 1e-6;
const COUNTED: ReadonlySet<string> = new Set(['count', 'distinct', 'stddev', 'time_since_last']);

/** Numbers that the conditions of these rules read, by themselves or through parameters; none is missing. */
export function numericValues(
  policy: CompiledPolicy, rules: readonly Rule[], event: ParsedEvent, values: FeatureValues,
): readonly NumericValue[] {
  const features = new Set<number>();
  const fields = new Map<string, FieldDefinition>();
  for (const expr of rules.flatMap((rule) => conditionsOf(rule))) {
    for (const node of withParams(expr, policy)) {
      if (node.kind === 'feature') features.add(node.index);
      if (node.kind === 'field' && node.field.path !== 't') fields.set(node.field.path, node.field);
    }
  }
  return [
    ...[...features].toSorted((a, b) => a - b).flatMap((index) => {
      const feature = policy.features[index];
      return feature === undefined ? [] : ofFeature(feature, index, values.cells[index]);
    }),
    ...[...fields.values()].flatMap((field) => ofField(field, event)),
  ];
}

export const conditionsOf = ({ when, unless }: Rule): readonly Expr[] =>
  (unless === undefined ? [when] : [when, unless]);

/** All nodes, and those of the parameters among them. */
export function* withParams(expr: Expr, policy: CompiledPolicy): Generator<Expr> {
  for (const node of nodesOf(expr)) {
    yield node;
    const param = node.kind === 'param' ? policy.params[node.index] : undefined;
    for (const part of param === undefined ? [] : partsOf(param)) yield* nodesOf(part);
  }
}

function partsOf({ value }: Param): readonly Expr[] {
  switch (value.kind) {
    case 'fixed': return [value.value];
    case 'cases': return [value.by, ...value.cases.values(), value.otherwise];
    case 'dated': return value.values.map((dated) => dated.value);
  }
}

function ofFeature(
  { name, type, aggregate, value }: FeatureDefinition, index: number, cell: unknown,
): readonly NumericValue[] {
  // What is counted or timed is not negative, nor is anything made of amounts.
  const read = value === undefined ? [] : [...nodesOf(value)];
  const ofAmounts = read.every((node) => node.kind !== 'field' || node.field.path === 'amount')
    && type.kind === 'money';
  const least = COUNTED.has(aggregate) || ofAmounts ? 0 : -Infinity;
  return made({ name, kind: 'feature', index, type, currency: undefined, least }, cell);
}

function ofField(field: FieldDefinition, event: ParsedEvent): readonly NumericValue[] {
  const { path, type, numberSlot, textSlot } = field;
  const shown: Type = type.kind === 'money' ? { kind: 'money', currency: null } : type;
  const currency = type.kind === 'money' ? event.texts[textSlot] : undefined;
  const least = path === 'amount' || type.kind === 'duration' ? 0 : -Infinity;
  const head = { name: path, kind: 'field', index: numberSlot, type: shown, currency, least } as const;
  return made(head, event.numbers[numberSlot]);
}

function made(value: Omit<NumericValue, 'now' | 'unit'>, cell: unknown): readonly NumericValue[] {
  if (typeof cell !== 'number' || Number.isNaN(cell)) return [];
  const { kind } = value.type;
  if (!WHOLE.has(kind) && !REAL.has(kind)) return [];
  return [{ ...value, now: cell, unit: WHOLE.has(kind) ? 1 : REAL_UNIT }];
}
