/** A test world on a real window store and the code that decides live payments. */
import { rateConverter, type RateTable } from '#domain/rates.ts';
import type { EventSchema } from '#domain/field.ts';
import type { ParsedEvent } from '#domain/event.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { makeRuntime, type RuntimeMark } from '#expression/emit-runtime.ts';
import { compileFeatures } from '#features/compile-features.ts';
import { bindPolicy } from './bind-policy.ts';
import type { BoundLists } from './lists.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { OpenTestWorld, TestWorld } from './test-world.ts';

const TENANT = 'test';

/** The latest mark of that name known at tMs: what `has_label` and `fact` ask of a store. */
export function latestMark(
  store: Pick<PersistentWindowStore, 'marks'>, schema: EventSchema, tenant: string,
): (path: string, value: string, name: string, tMs: number) => RuntimeMark | undefined {
  return (path, value, name, tMs) => {
    const field = schema.byPath.get(path);
    if (field === undefined) return undefined;
    let latest: RuntimeMark | undefined;
    for (const mark of store.marks(tenant, field, value)) {
      if (mark.name === name && mark.fromMs <= tMs &&
        mark.fromMs >= (latest?.fromMs ?? -Infinity)) latest = mark;
    }
    return latest;
  };
}

/** `openStore` gives an empty store of the policy's schema. */
export const storeWorld = (openStore: (schema: EventSchema) => PersistentWindowStore): OpenTestWorld =>
  (policy, lists, rates) => openWorld(policy, lists, rates, openStore(policy.schema));

function openWorld(policy: CompiledPolicy, lists: BoundLists, rates: RateTable,
  store: PersistentWindowStore): TestWorld {
  const runtime = makeRuntime({
    convert: rateConverter(rates),
    inList: (list, value, tMs) => lists.inList(list, value, tMs),
    statusAt: (row, tMs) => store.statusAt(row, tMs),
    labelAt: (row, tMs) => store.labelAt(row, tMs),
    mark: latestMark(store, policy.schema, TENANT),
  });
  const program = compileFeatures(policy.features, policy.schema);
  store.registerTiles(program.tilePlans(store, runtime, rates.version));
  const features = program.bind(store, runtime, rates.version);
  const bound = bindPolicy(policy, { runtime, rates });
  let position = 0;
  const append = (event: ParsedEvent): number => {
    event.position = ++position;
    return store.append(event);
  };
  return {
    tell: (event) => void append(event),
    change: (id, what, value, knownAtMs) => void store.change(TENANT, id, what, value, knownAtMs),
    decide(event) {
      const row = append(event);
      const params = bound.params(event);
      const values = features(event, row, params);
      const results = bound.judge(event, values.cells, params);
      const result = bound.decide(results, event, values);
      for (const effect of result.effects) {
        if (effect.kind !== 'label') continue;
        const { field, value, name, fromMs, untilMs } = effect;
        store.mark(TENANT, field, value, { name, value: 1, fromMs, untilMs });
      }
      return { answers: results.answers, values, result, world: bound.explain(event, values, params) };
    },
  };
}
