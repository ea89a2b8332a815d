/** A test world on a real window store and the code that decides live payments. */
import type { EventSchema } from '#domain/field.ts';
import type { ParsedEvent } from '#domain/event.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { policyOnStore, UNASKED, type PolicyOnStore } from './policy-on-store.ts';
import type { OpenTestWorld, TestWorld } from './test-world.ts';

const TENANT = 'test';

/** `openStore` gives an empty store of the policy's schema. */
export const storeWorld = (openStore: (schema: EventSchema) => PersistentWindowStore): OpenTestWorld =>
  (policy, lists, rates) => {
    const store = openStore(policy.schema);
    return worldOn(store, policyOnStore(policy, lists, rates, store));
  };

function worldOn(store: PersistentWindowStore, live: PolicyOnStore): TestWorld {
  store.registerTiles(live.tilePlans);
  let position = 0;
  const append = (event: ParsedEvent): number => {
    event.position = ++position;
    return store.append(event);
  };
  return {
    tell: (event) => void append(event),
    change: (id, what, value, knownAtMs) => void store.change(TENANT, id, what, value, knownAtMs),
    decide(event) {
      const { values, results, result } = live.judge(event, append(event));
      for (const effect of result.effects) {
        if (effect.kind !== 'label') continue;
        const { field, value, name, fromMs, untilMs } = effect;
        store.mark(event.tenant, field, value, { name, value: 1, fromMs, untilMs });
      }
      return { answers: results.answers, values, result, world: live.explain(event, values, results.params) };
    },
    decideDegraded(event) {
      append(event);
      const { values, results, result } = live.judgeDegraded(event);
      return { answers: results.answers, values, result, world: live.worldMeasured(event, values, UNASKED) };
    },
  };
}
