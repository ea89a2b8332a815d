import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { ParsedEvent } from '#domain/event.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { compileFeatures } from '#features/compile-features.ts';
import { naiveFeature, type Happening } from '#features/naive-feature.ts';
import { randomFeatureText, featureOf } from './random-feature.ts';
import { randomHistory, SCHEMA, type HistoryShape } from './random-history.ts';
import { scaled } from '../test-scale.ts';
import { Seeded } from './seeded.ts';
import { PARAMS, runtimeOf, SURROUNDINGS } from './test-world.ts';

const RETENTION_MS = 20 * 86_400_000;
const EVENTS = 70;
const FEATURES = 24;

const SHAPES: readonly (HistoryShape & { readonly name: string })[] = [
  { name: 'a busy day', late: 0.2, paceMs: 30 * 60_000, entities: 2 },
  { name: 'two busy weeks', late: 0.2, paceMs: 12 * 3_600_000, entities: 3 },
  { name: 'months, beyond the retention', late: 0.2, paceMs: 4 * 86_400_000, entities: 2 },
  { name: 'in order', late: 0, paceMs: 2 * 3_600_000, entities: 3 },
];

const tell = (event: ParsedEvent): string => JSON.stringify({
  t: event.numbers[0], id: event.id, type: event.type,
  numbers: event.numbers.map((x, i) => `${i}:${x}`).filter((x) => !x.endsWith('NaN')).join(' '),
  texts: event.texts.map((x, i) => `${i}:${x}`).filter((x) => !x.endsWith('undefined')).join(' '),
});

function compare(seed: number, shape: HistoryShape): number {
  const random = new Seeded(seed);
  const texts = Array.from({ length: FEATURES }, () => randomFeatureText(random));
  const definitions = texts.map(featureOf);
  const store = new LocalWindowStore(SCHEMA, { retentionMs: RETENTION_MS });
  const judge = compileFeatures(definitions, SCHEMA).bind(store, runtimeOf(store));
  const happened: Happening[] = [];
  let cases = 0;
  for (const one of randomHistory(random, shape)) {
    if (happened.push(one) > EVENTS) return cases;
    if (one.kind === 'change') {
      store.change(one.tenant, one.transactionId, one.what, one.value, one.knownAtMs);
      continue;
    }
    const row = store.append(one.event);
    const values = judge(one.event, row, PARAMS);
    definitions.forEach((definition, index) => {
      cases++;
      const { cell, reason } = naiveFeature(definition, happened, one.event, SURROUNDINGS, RETENTION_MS);
      deepStrictEqual({ cell: values.cells[index], reason: values.reasons[index] }, { cell, reason },
        `seed ${seed}: ${texts[index]} at event ${happened.length}: ${tell(one.event)}\n`
        + `scan ${JSON.stringify(values.cells[index])} ${values.reasons[index]}, `
        + `naive ${JSON.stringify(cell)} ${reason}`);
    });
  }
  return cases;
}

for (const { name, ...shape } of SHAPES) {
  test(`the scan gives what the definition says: ${name}`, () => {
    for (let seed = 1; seed <= scaled(12); seed++) compare(seed * 7_919 + name.length, shape);
  });
}
