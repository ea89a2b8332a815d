/**
 * A rule that the brake holds does what the same rule with `mode: shadow` in its document does; a snoozed one
 * too, under another name. On random policies and histories, against a policy that was changed by hand.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { T_SLOT } from '#domain/event.ts';
import { eventSchema } from '#domain/field.ts';
import { emptyRateTable } from '#domain/rates.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import type { Interventions } from '#policy/interventions.ts';
import { bindLists } from '#policy/lists.ts';
import { policyOnStore } from '#policy/policy-on-store.ts';
import type { PolicyResult } from '#policy/policy-result.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { scaled } from '../test-scale.ts';
import { randomHistory, RandomPolicy } from './random-policy.ts';

const SCHEMA = eventSchema();
const KIND = SCHEMA.byPath.get('kind')?.textSlot ?? -1;
const met = { shadow: 0, excepted: 0, degraded: 0 };

function onStore(policy: CompiledPolicy) {
  const lists = bindLists(policy.lists, new Map());
  if ('problems' in lists) throw new Error(lists.problems.join());
  const store = new LocalWindowStore(SCHEMA);
  return { store, bound: policyOnStore(policy, lists, emptyRateTable('EUR'), store) };
}

/** Without what says how a rule was kept from acting. */
function plain(result: PolicyResult, index: ReadonlyMap<string, number>): object {
  const effectOf = (rule: string, effect: string): string => (index.has(rule) ? 'kept' : effect);
  const text = (words: string): string => words.replace(/ \((in shadow since|snoozed until) [^)]*\)$/, '');
  return {
    outcome: result.outcome, fraud: result.fraud, aml: result.aml, effects: result.effects,
    unknown: result.unknown.map((one) => ({ ...one, effect: effectOf(one.rule, one.effect) })),
    reasons: result.reasons.map((one) =>
      ({ ...one, effect: one.effect === 'excepted' ? one.effect : effectOf(one.rule, one.effect) }))
      .map((one) => ({ ...one, effect: index.has(one.rule) ? 'kept' : one.effect, text: text(one.text) }))
      .toSorted((a, b) => (a.rule < b.rule ? -1 : 1)),
  };
}

function compare(seed: number): void {
  const random = new SeededRandom(seed);
  const compiled = compilePolicy(new RandomPolicy(random).document(), 'random', SCHEMA);
  assert.ok('policy' in compiled);
  const { policy } = compiled;
  const [fromMs, untilMs] = [0, Number.MAX_SAFE_INTEGER];
  const snooze = (value: string) =>
    [value, [{ id: 'sn', slot: KIND, value, fromMs, untilMs, until: 'ever' }]] as const;
  const interventions: Interventions = policy.rules.map((rule) => {
    if (rule.final || rule.mode !== 'live' || random.chance(0.5)) return undefined;
    if (random.chance(0.5)) {
      const kinds = ['card', 'transfer', 'cash', 'wallet', 'crypto'];
      return { brakes: [], snoozes: new Map([[KIND, new Map(kinds.map(snooze))]]) };
    }
    return { brakes: [{ segment: undefined, since: 's', because: 'b' }], snoozes: new Map() };
  });
  const kept = new Map(policy.rules.flatMap(({ id, index }) =>
    (interventions[index] === undefined ? [] : [[id, index] as const])));
  const byHand = { ...policy, rules: policy.rules.map((rule) =>
    (kept.has(rule.id) ? { ...rule, mode: 'shadow' as const } : rule)) };
  const [amended, changed] = [onStore(policy), onStore(byHand)];
  for (const step of randomHistory(random, SCHEMA, 30)) {
    if (step.kind === 'change') continue;
    const { event } = step;
    event.texts[KIND] ??= 'card';
    const copy = { ...event, numbers: [...event.numbers], texts: [...event.texts] };
    const rows = [amended.store.append(event), changed.store.append(copy)] as const;
    if (event.type !== 'transaction' || Number.isNaN(event.numbers[T_SLOT])) continue;
    const held = amended.bound.judge(event, rows[0], interventions).result;
    const hand = changed.bound.judge(copy, rows[1]).result;
    assert.deepEqual(plain(held, kept), plain(hand, kept), `seed ${seed}`);
    met.degraded += held.degraded?.length ?? 0;
    for (const { rule, effect } of held.reasons) {
      if (kept.has(rule) && (effect === 'shadow' || effect === 'excepted')) met[effect] += 1;
    }
  }
}

test(`rules that are kept from acting are as rules in shadow: ${scaled(100)} policies`, () => {
  for (let seed = 1; seed <= scaled(100); seed++) compare(seed);
  for (const [what, count] of Object.entries(met)) assert.ok(count > 50, `${what} was met ${count} times`);
});
