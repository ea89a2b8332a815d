/**
 * Features that several policies measure alike are measured once for a payment: those whose value depends on
 * the windows and the rates alone, and on no parameter, list or mark of one policy.
 */
import type { ParsedEvent } from '#domain/event.ts';
import type { RateTable } from '#domain/rates.ts';
import type { EmitRuntime } from '#expression/emit-runtime.ts';
import type { AggregateExpr, Expr } from '#expression/ast.ts';
import { MARK_CALLS } from '#expression/builtins.ts';
import { printAggregate } from '#expression/print.ts';
import { someNode } from '#expression/tree.ts';
import type { Cell } from '#expression/type.ts';
import { compileFeatures, type FeatureFunction } from '#features/compile-features.ts';
import { conditionsIn, type FeatureDefinition, type FeatureValues } from '#features/definition.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import type { PersistentWindowStore, TilePlan } from '#ports/window-store.ts';

/** What a policy measures, some of it with others; `of` is valid until the next call. */
export interface PooledFeatures {
  of(event: ParsedEvent, row: number, params: readonly Cell[]): FeatureValues;
  readonly tilePlans: readonly TilePlan[];
}

/** Features that are measured together; bound anew when one joins. */
interface Group {
  readonly definitions: FeatureDefinition[];
  readonly places: Map<string, number>;
  readonly runtime: EmitRuntime;
  readonly rates: RateTable;
  bound: FeatureFunction | undefined;
  event: ParsedEvent | undefined;
  values: FeatureValues | undefined;
}

const isPrivate = (node: Expr): boolean =>
  node.kind === 'param' || (node.kind === 'in' && node.set.kind === 'list')
  || (node.kind === 'call' && MARK_CALLS.has(node.name));

const isShareable = (aggregate: AggregateExpr): boolean =>
  !conditionsIn(aggregate).some((part) => someNode(part, isPrivate));

export class FeaturePool {
  readonly #store: PersistentWindowStore;
  readonly #groups = new Map<string, Group>();

  constructor(store: PersistentWindowStore) {
    this.#store = store;
  }

  /** Policies of other kinds of payment share nothing: they are not judged for the same payment. */
  join(policy: CompiledPolicy, rates: RateTable, runtime: EmitRuntime): PooledFeatures {
    const key = `${[...policy.kinds].toSorted().join()}|${JSON.stringify([rates.version, rates.base])}`;
    const group = this.#groups.get(key) ?? {
      definitions: [], places: new Map<string, number>(), runtime, rates, bound: undefined, event: undefined,
      values: undefined,
    };
    this.#groups.set(key, group);
    const own: FeatureDefinition[] = [];
    const ownAt: number[] = [];
    const shared: { readonly at: number; readonly from: number }[] = [];
    policy.features.forEach((definition, at) => {
      const aggregate = policy.aggregates[at];
      if (aggregate === undefined || !isShareable(aggregate)) {
        own.push(definition);
        ownAt.push(at);
      } else shared.push({ at, from: placeIn(group, printAggregate(aggregate), definition) });
    });
    const program = compileFeatures(own, policy.schema);
    const measureOwn = own.length === 0 ? undefined : program.bind(this.#store, runtime, rates.version);
    const all = compileFeatures(policy.features, policy.schema);
    const out = { cells: [], reasons: [], bounds: [] } satisfies FeatureValues as FeatureValues;
    return {
      tilePlans: all.tilePlans(this.#store, runtime, rates.version),
      of: (event, row, params) => {
        if (shared.length > 0) {
          const values = this.#valuesOf(group, event, row, policy);
          for (const { at, from } of shared) take(out, at, values, from);
        }
        if (measureOwn !== undefined) {
          const values = measureOwn(event, row, params);
          ownAt.forEach((at, from) => { take(out, at, values, from); });
        }
        return out;
      },
    };
  }

  /** An event object is judged once in its life, so it names the moment. */
  #valuesOf(group: Group, event: ParsedEvent, row: number, policy: CompiledPolicy): FeatureValues {
    if (group.event === event && group.values !== undefined) return group.values;
    group.bound ??= compileFeatures(group.definitions, policy.schema)
      .bind(this.#store, group.runtime, group.rates.version);
    group.event = event;
    group.values = group.bound(event, row);
    return group.values;
  }
}

function placeIn(group: Group, text: string, definition: FeatureDefinition): number {
  const known = group.places.get(text);
  if (known !== undefined) return known;
  const place = group.definitions.push(definition) - 1;
  group.places.set(text, place);
  group.bound = undefined;
  return place;
}

function take(out: FeatureValues, at: number, values: FeatureValues, from: number): void {
  out.cells[at] = values.cells[from];
  out.reasons[at] = values.reasons[from];
  out.bounds[at] = values.bounds[from];
}
