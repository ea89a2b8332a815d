/** The engine as the API asks for it. */
import type { ApiParts } from '#api/parts.ts';
import type { Engine } from '#decisioning/engine.ts';
import { expiryOf } from '#lifecycle/expiry.ts';
import type { KeyStore } from '#ports/key-store.ts';
import type { ExplainingThread } from './explaining-thread.ts';

export const apiParts = (
  engine: Engine, keys: Pick<KeyStore, 'find'>, explaining?: Pick<ExplainingThread, 'explain'>,
  now: () => number = Date.now,
): ApiParts => ({
  ...(explaining === undefined ? {} : { explain: explaining.explain }),
  decide: (call) => engine.decide(call),
  simulate: async (call) => engine.simulate(call),
  recordEvent: (call) => engine.record(call),
  findDecision: (tenant, id) => engine.findDecision(tenant, id),
  findByTransaction: (tenant, id) => engine.findByTransaction(tenant, id),
  policies: () => (engine.state.live?.policies ?? []).map(({ policy }) => ({
    name: policy.name, version: policy.version, hash: policy.hash, title: policy.title, kinds: policy.kinds,
    rule_count: policy.rules.length, feature_count: policy.features.length,
  })),
  readiness() {
    const { phase } = engine;
    return phase === 'ready'
      ? { ready: true }
      : { ready: false, code: 'log_unavailable', detail: `the engine is ${phase}` };
  },
  measurements: () => engine.measurements(),
  expiry: () => expiryOf((engine.state.live?.policies ?? []).map(({ policy }) => policy), now()),
  schema: () => engine.state.schema,
  keys,
});
