/**
 * The smallest change that lowers an outcome, held against trying every value: generated policies, generated
 * histories, and every whole number within a radius of what was measured.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { eventSchema } from '#domain/field.ts';
import { outcomeRank, type Outcome } from '#domain/outcome.ts';
import { parseRateTable } from '#domain/rates.ts';
import { boundPolicy, livePolicy, type LivePolicy } from '#decisioning/live-policy.ts';
import { counterfactual, type Trial } from '#explain/counterfactual.ts';
import { numericValues, type NumericValue } from '#explain/numeric-value.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { bindLists } from '#policy/lists.ts';
import { MarkNotRecorded } from '#policy/policy-on-store.ts';
import { randomHistory, RandomPolicy } from '../language/random-policy.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { scaled } from '../test-scale.ts';

const SCHEMA = eventSchema();
const SEEDS = scaled(60);
const EVENTS = 25;
/** How far every value is tried: further for money, whose thresholds are thousands of minor units apart. */
const RADIUS = { money: 2_500, other: 60 };
/** Trying is dear: every so many events. */
const EVERY = 4;

const parsedRates = parseRateTable({
  version: 'test', base: 'EUR', rates: { USD: [{ from: '2025-01-01', rate: '1.0812' }] },
});
if ('problems' in parsedRates) throw new Error(parsedRates.problems.join());
const rates = { table: parsedRates.table, text: 'test' };

function compiled(source: string): CompiledPolicy {
  const result = compilePolicy(source, 'random', SCHEMA);
  assert.ok('policy' in result, source);
  return result.policy;
}

interface Nearest { readonly by: number; readonly outcome: Outcome }

/** The oracle: one step further in both directions, the lower value first. */
function nearestByTrying(trial: Trial, value: NumericValue, outcome: Outcome): Nearest | undefined {
  const radius = value.type.kind === 'money' ? RADIUS.money : RADIUS.other;
  for (let distance = 1; distance <= radius; distance++) {
    for (const by of [-distance, distance]) {
      if (value.now + by < value.least) continue;
      const changed = outcomeWith(trial, value, value.now + by);
      if (changed === undefined || outcomeRank(changed) >= outcomeRank(outcome)) continue;
      return { by, outcome: changed };
    }
  }
  return undefined;
}

function outcomeWith(
  { live, event, values, marks, axis }: Trial, value: NumericValue, to: number,
): Outcome | undefined {
  const numbers = value.kind === 'field' ? event.numbers.with(value.index, to) : event.numbers;
  const cells = value.kind === 'feature' ? values.cells.with(value.index, to) : values.cells;
  try {
    const { result } = live.judgeAgain({ ...event, numbers }, { ...values, cells }, marks);
    return axis === undefined ? result.outcome : result[axis].outcome;
  } catch (error) {
    if (error instanceof MarkNotRecorded) return undefined;
    throw error;
  }
}

const met = { lower: 0, none: 0, field: 0, feature: 0, up: 0 };

function compare(
  live: LivePolicy, event: ParsedEvent, store: LocalWindowStore, axis: 'fraud' | undefined, where: string,
): void {
  const { values, asked } = live.judge(event, store.append(event));
  const kept = { cells: [...values.cells], reasons: [...values.reasons], bounds: [...values.bounds] };
  const trial: Trial = { live, event, values: kept, marks: [...asked], axis };
  const rules = live.policy.rules.filter((rule) => axis === undefined || rule.axis === axis);
  const { outcome, changes } = counterfactual(trial, rules);
  if (outcome === 'approve') return;
  const acting = rules.filter(({ mode }) => mode === 'live');
  const numbers = numericValues(live.policy, acting, event, kept).filter(({ unit }) => unit === 1);
  for (const value of numbers) {
    const found = changes.find(({ name, kind }) => name === value.name && kind === value.kind);
    const tried = nearestByTrying(trial, value, outcome);
    const radius = value.type.kind === 'money' ? RADIUS.money : RADIUS.other;
    const told = found === undefined || found.by === null || Math.abs(found.by) > radius ? undefined
      : { by: found.by, outcome: found.outcome };
    const what: string = `${where}: ${value.name} from ${value.now}, ${outcome}\n${live.policy.source}`;
    assert.deepEqual(told, tried, what);
    met[tried === undefined ? 'none' : 'lower'] += 1;
    if (tried !== undefined) met[value.kind] += 1;
    if (tried !== undefined && tried.by > 0) met.up += 1;
  }
}

test(`the smallest change is the one that trying every value finds: ${SEEDS} policies`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new SeededRandom(seed);
    const policy = compiled(new RandomPolicy(random).document());
    const lists = bindLists(policy.lists, new Map());
    assert.ok(!('problems' in lists));
    const store = new LocalWindowStore(SCHEMA);
    const live = livePolicy(boundPolicy(policy, lists, rates, store), undefined);
    store.registerTiles(live.tilePlans);
    let position = 0;
    for (const step of randomHistory(random, SCHEMA, EVENTS)) {
      if (step.kind === 'change') {
        store.change('test', step.id, step.what, step.value, step.atMs);
        continue;
      }
      const { event } = step;
      event.position = ++position;
      const axis = seed % 2 === 0 ? 'fraud' : undefined;
      if (event.type !== 'transaction' || position % EVERY !== 0) store.append(event);
      else compare(live, event, store, axis, `seed ${seed}, ${event.id}`);
    }
  }
  for (const [what, count] of Object.entries(met)) assert.ok(count > 5, `${what} was met ${count} times`);
});
