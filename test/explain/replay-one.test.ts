/** Decisions whose record does not hold all they were made from: the log is read again, within a limit. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import type { EventSchema } from '#domain/field.ts';
import { makeState } from '#decisioning/make-state.ts';
import { explain } from '#explain/explain.ts';
import { replayOne, ReplayTooLong, type ReplayOneParts } from '#explain/replay-one.ts';
import { sentences } from '#explain/sentences.ts';
import { EngineWorld, POLICY, publicationOf } from '../engine/engine-world.ts';
import { explainWorld, type ExplainWorld } from './explain-world.ts';

/** Every payment with a card fails: the hold ends where no calendar has a day. */
const FAILING = POLICY
  .replace('action: review, reason_code: VEL-01', 'action: hold, reason_code: VEL-01, for: 99999999d')
  .replace('card_count_1h > 3', 'card_count_1h >= 1').replace('x: 4, ', '');

/** No feature: its facts are empty whether it failed or not. */
const WITHOUT_FEATURES = `
policy: small
title: A policy that measures nothing
version: 1
event: transaction.v1
kinds: [card]
currency: EUR
rules:
  any:
    title: Any payment
    when: amount as EUR > 1 EUR
    then: { action: hold, reason_code: VEL-01, for: 99999999d }
    unknown: miss
    reason: "{amount}"
tests:
  - name: cheap
    given:
      - { at: 0s, kind: card, card.id: c, amount: 1 EUR, expect: { any: miss } }
`;

async function failedWorld(source: string): Promise<{ past: ExplainWorld; schema: EventSchema }> {
  const world = new EngineWorld();
  world.publication = publicationOf(source);
  const engine = await world.open();
  for (let i = 0; i < 20; i++) await world.decide();
  const { state } = engine;
  await engine.close();
  return { past: await explainWorld(world, state), schema: state.schema };
}

const FAILED = { 'a policy': FAILING, 'one without features': WITHOUT_FEATURES };
for (const [what, source] of Object.entries(FAILED)) {
  test(`a payment on which ${what} failed is made again by replay, and that is told`, async () => {
    const { past } = await failedWorld(source);
    const record = await past.record(past.decisions.at(-1) ?? 0);
    const explanation = await explain(record, past.sources, { aml: true });
    const { derived, rules, counterfactual, decision } = explanation;
    deepEqual(decision.degraded.map(({ part }) => part), ['policy']);
    deepEqual([derived.equal, derived.from, rules], [true, 'replay', []]);
    equal(counterfactual.meaning, 'the policy failed, and its fallback stands');
    ok(sentences(explanation, true).some((line) => line.includes('the policy failed')));
    const byNone = { ...decision, policy: { name: 'none', version: 0, hash: 'none' } };
    const [head = ''] = sentences({ ...explanation, decision: byNone }, true);
    match(head, /^Payment \S+: \w+, by no policy, at /);
  });
}

test('what is bounded is the records to read, not where the decision stands', async () => {
  const { past, schema } = await failedWorld(FAILING);
  const record = await past.record(past.decisions.at(-1) ?? 0);
  const { log } = past;
  const newWindowStore = (): LocalWindowStore => new LocalWindowStore(schema);
  const none = { latest: () => Promise.resolve(undefined), save: () => Promise.resolve() };
  const whole: ReplayOneParts = { log, schema, newWindowStore, snapshots: none, recordsMax: 5 };
  await rejects(replayOne(record, whole), (error) => error instanceof ReplayTooLong
    && /at most 5 are read again/.test(error.message));
  const near = record.position - 4;
  const state = await makeState({ schema, newWindowStore, snapshots: none, log: {
    ...whole.log, durable: { position: near, hash: '' }, get: (position) => log.get(position),
    async *read(from) {
      for await (const one of log.read(from)) {
        if (one.position > near) return;
        yield one;
      }
    },
  } });
  const snapshot = { position: near, publication: state.live?.position ?? 0,
    windows: [...state.store.saveState()] };
  const snapshots = { ...none, latest: () => Promise.resolve(snapshot) };
  const { decision } = await replayOne(record, { ...whole, snapshots });
  equal(decision.id, (await replayOne(record, { ...whole, recordsMax: 100 })).decision.id);
});
