/**
 * Random policies over random histories: the generated program and the judge give the same answers, word
 * for word.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { eventSchema } from '#domain/field.ts';
import { parseRateTable } from '#domain/rates.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { bindLists } from '#policy/lists.ts';
import { naiveWorld } from '#policy/naive-world.ts';
import { renderDiagnostics } from '#policy/render-diagnostic.ts';
import { storeWorld } from '#policy/store-world.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { scaled } from '../test-scale.ts';
import { randomHistory, RandomPolicy } from './random-policy.ts';

const SCHEMA = eventSchema();
const SEEDS = scaled(120);
const EVENTS = 40;

const parsedRates = parseRateTable({
  version: 'test', base: 'EUR', rates: { USD: [{ from: '2025-01-01', rate: '1.0812' },
    { from: '2026-01-12', rate: '1.1' }] },
});
if ('problems' in parsedRates) throw new Error(parsedRates.problems.join());
const RATES = parsedRates.table;

const MANAGED = new Map([['managed', {
  name: 'managed',
  entries: [
    { value: 'c1', from: '2026-01-10T00:00:00Z', until: '2026-01-13T00:00:00Z' },
    { value: 'c1', from: '2026-01-20T00:00:00Z' }, { value: 'c2' },
  ],
}]]);

function compiled(source: string): CompiledPolicy {
  const result = compilePolicy(source, 'random', SCHEMA);
  if ('policy' in result) return result.policy;
  throw new Error(`${renderDiagnostics(result.diagnostics, source, 'random')}\n${source}`);
}

/** What was met, so that the test cannot pass on policies that never say anything. */
const met = {
  hit: 0, unknown: 0, excepted: 0, shadow: 0, replaced: 0, label: 0, decline: 0, withoutWindows: 0,
  onlyThen: 0, unasked: 0,
};

function meet(what: string): void {
  if (what === 'excepted' || what === 'shadow' || what === 'replaced' || what === 'label') met[what] += 1;
}

function compare(seed: number): void {
  const random = new SeededRandom(seed);
  const source = new RandomPolicy(random).document();
  const policy = compiled(source);
  const lists = bindLists(policy.lists, MANAGED);
  assert.ok(!('problems' in lists));
  const engine = storeWorld((schema) => new LocalWindowStore(schema))(policy, lists, RATES);
  const judge = naiveWorld(policy, lists, RATES);
  for (const step of randomHistory(random, SCHEMA, EVENTS)) {
    if (step.kind === 'change') {
      for (const world of [engine, judge]) world.change(step.id, step.what, step.value, step.atMs);
      continue;
    }
    const { event } = step;
    const copy = { ...event, numbers: [...event.numbers], texts: [...event.texts] };
    if (event.type !== 'transaction') {
      engine.tell(event);
      judge.tell(copy);
      continue;
    }
    const isDegraded = random.chance(0.25);
    const [fast, slow] = isDegraded ? [engine.decideDegraded(event), judge.decideDegraded(copy)]
      : [engine.decide(event), judge.decide(copy)];
    const where = `seed ${seed}, event ${event.id}\n${source}`;
    assert.deepEqual([...fast.values.cells], [...slow.values.cells], where);
    assert.deepEqual(Array.from(fast.answers), Array.from(slow.answers), where);
    assert.deepEqual(fast.result, slow.result, where);
    if (isDegraded) {
      met.withoutWindows += 1;
      const only = new Set(policy.rules.filter(({ during }) => during === 'degraded').map(({ id }) => id));
      met.onlyThen += fast.result.reasons.filter(({ rule }) => only.has(rule)).length;
      met.unasked += fast.result.unknown.filter(({ because }) => because.reason === 'degraded').length;
    }
    met.hit += fast.result.reasons.length;
    met.unknown += fast.result.unknown.length;
    for (const { effect } of fast.result.reasons) meet(effect);
    for (const { kind } of fast.result.effects) meet(kind);
    if (fast.result.outcome === 'decline') met.decline += 1;
  }
}

test(`generated policies and their judge agree: ${SEEDS} policies, ${EVENTS} steps each`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) compare(seed);
  for (const [what, count] of Object.entries(met)) assert.ok(count > 50, `${what} was met ${count} times`);
});
