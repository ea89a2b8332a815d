import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '#domain/limits.ts';
import { LocalWindowStore } from '#adapters/local/window-store.ts';
import { compileFeatures } from '#features/compile-features.ts';
import type { FeatureValues } from '#features/definition.ts';
import { naiveFeature, type Happening, type NaiveResult } from '#features/naive-feature.ts';
import { makeEvent } from '../contracts/window-store.ts';
import { featureOf, randomFeatureText } from './random-feature.ts';
import { randomHistory, SCHEMA } from './random-history.ts';
import { Seeded } from './seeded.ts';
import { PARAMS, runtimeOf, SURROUNDINGS } from './test-world.ts';

const DAY_MS = 86_400_000;
const RETENTION_MS = 20 * DAY_MS;

/** Says what is wrong with a value, given the truth; undefined where it is right or its bound holds the truth. */
function fault(values: FeatureValues, index: number, truth: NaiveResult): string | undefined {
  const [cell, reason, bound] = [values.cells[index], values.reasons[index], values.bounds[index]];
  // Sums over tiles are doubles: where they pass 2^53 the answer is that they do, for averages too.
  if (reason === 'overflow' && bound === undefined) return undefined;
  const isOut = (value: number): boolean => bound !== undefined && (value < bound.low || value > bound.high);
  if (typeof cell === 'number' && cell === cell && typeof truth.cell !== 'boolean' && reason === undefined && isOut(cell)) {
    return 'the value is outside its own bound';
  }
  if (bound !== undefined || reason === 'degraded') {
    const yesNo = truth.cell === 0 ? 0 : 1;
    const exact = bound?.high === 1 && reason === 'degraded' && (truth.cell === 2 || truth.cell === 0) ? yesNo : truth.cell;
    return truth.reason === undefined && typeof exact === 'number' && isOut(exact) ? 'the truth is outside the bound' : undefined;
  }
  try {
    deepStrictEqual({ cell, reason }, { cell: truth.cell, reason: truth.reason });
    return undefined;
  } catch {
    return 'it is not the truth, and has no bound';
  }
}

function checkBounds(seed: number, paceMs: number, seen: { bounds: number; cases: number }): void {
  const random = new Seeded(seed);
  const texts = Array.from({ length: 24 }, () => randomFeatureText(random));
  const definitions = texts.map(featureOf);
  const store = new LocalWindowStore(SCHEMA, { retentionMs: RETENTION_MS, exactEventsMax: 1 + random.below(12) });
  const runtime = runtimeOf(store);
  const program = compileFeatures(definitions, SCHEMA);
  const judge = program.bind(store, runtime);
  const happened: Happening[] = [];
  // Features come and go: what left before a feature was known is only known to have been.
  const registeredAt = random.chance(0.5) ? 0 : 30;
  for (const one of randomHistory(random, { late: 0.2, paceMs, entities: 2 })) {
    if (happened.length === registeredAt) store.registerTiles(program.tilePlans(store, runtime));
    if (happened.push(one) > 80) return;
    if (one.kind === 'change') {
      store.change(one.tenant, one.transactionId, one.what, one.value, one.knownAtMs);
      continue;
    }
    const values = judge(one.event, store.append(one.event), PARAMS);
    definitions.forEach((definition, index) => {
      const truth = naiveFeature(definition, happened, one.event, SURROUNDINGS, RETENTION_MS);
      seen.cases++;
      if (values.bounds[index] !== undefined) seen.bounds++;
      strictEqual(fault(values, index, truth), undefined,
        `seed ${seed}: ${texts[index]} at event ${happened.length}: ${String(values.cells[index])} ${values.reasons[index]} `
        + `${JSON.stringify(values.bounds[index])}, true ${String(truth.cell)} ${truth.reason}`);
    });
  }
}

test('a bound holds the truth, and a value without one is the truth', () => {
  const seen = { bounds: 0, cases: 0 };
  for (let seed = 1; seed <= 30; seed++) checkBounds(seed * 104_729, [1_800_000, 12 * 3_600_000, 3 * DAY_MS][seed % 3]!, seen);
  ok(seen.bounds > seen.cases / 20, `${seen.bounds} of ${seen.cases} had a bound`);
});
