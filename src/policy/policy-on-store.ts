/** A policy on a window store: the one way in which payments, replays and tests of policies are judged. */
import type { ParsedEvent } from '#domain/event.ts';
import type { EventSchema } from '#domain/field.ts';
import { rateConverter, type RateTable } from '#domain/rates.ts';
import type { PersistentWindowStore, TilePlan } from '#ports/window-store.ts';
import { makeRuntime, type RuntimeMark } from '#expression/emit-runtime.ts';
import type { Cell } from '#expression/type.ts';
import type { World } from '#expression/world.ts';
import { compileFeatures } from '#features/compile-features.ts';
import type { FeatureValues } from '#features/definition.ts';
import { bindPolicy } from './bind-policy.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { BoundLists } from './lists.ts';
import type { PolicyResult, RuleResults } from './policy-result.ts';

/** `results` is valid until the next judgement. */
export interface Judgement {
  readonly values: FeatureValues;
  readonly results: RuleResults;
  readonly result: PolicyResult;
}

export interface PolicyOnStore {
  /** For `store.registerTiles`. */
  readonly tilePlans: readonly TilePlan[];
  /** The event is in the store, in this row. */
  judge(event: ParsedEvent, row: number): Judgement;
  /** What expressions saw, to explain the answers of a judgement. */
  explain(event: ParsedEvent, values: FeatureValues, params: readonly Cell[]): Omit<World, 'salt'>;
}

export function policyOnStore(
  policy: CompiledPolicy, lists: BoundLists, rates: RateTable, store: PersistentWindowStore,
): PolicyOnStore {
  // Marks belong to a tenant, and generated code does not know of tenants: it is set before each judgement.
  let tenant = '';
  const runtime = makeRuntime({
    convert: rateConverter(rates),
    inList: (list, value, tMs) => lists.inList(list, value, tMs),
    statusAt: (row, tMs) => store.statusAt(row, tMs),
    labelAt: (row, tMs) => store.labelAt(row, tMs),
    mark: (path, value, name, tMs, holding = false) =>
      latestMark(store, policy.schema, tenant, { path, value, name, tMs, holding }),
  });
  const program = compileFeatures(policy.features, policy.schema);
  const features = program.bind(store, runtime, rates.version);
  const bound = bindPolicy(policy, { runtime, rates });
  return {
    tilePlans: program.tilePlans(store, runtime, rates.version),
    explain: (event, values, params) => bound.explain(event, values, params),
    judge(event, row) {
      tenant = event.tenant;
      const params = bound.params(event);
      const values = features(event, row, params);
      const results = bound.judge(event, values.cells, params);
      return { values, results, result: bound.decide(results, event, values) };
    },
  };
}

interface AskedMark {
  readonly path: string;
  readonly value: string;
  readonly name: string;
  readonly tMs: number;
  /** Only marks that have not ended at tMs. */
  readonly holding: boolean;
}

/** The latest mark of that name known at tMs: what `has_label` and `fact` ask of a store. */
function latestMark(
  store: PersistentWindowStore, schema: EventSchema, tenant: string,
  { path, value, name, tMs, holding }: AskedMark,
): RuntimeMark | undefined {
  const field = schema.byPath.get(path);
  if (field === undefined) return undefined;
  let latest: RuntimeMark | undefined;
  for (const mark of store.marks(tenant, field, value)) {
    if (mark.name !== name || mark.fromMs > tMs || (holding && mark.untilMs <= tMs)) continue;
    if (mark.fromMs >= (latest?.fromMs ?? -Infinity)) latest = mark;
  }
  return latest;
}
