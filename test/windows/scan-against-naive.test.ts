import { test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { compareWithNaive } from './against-naive.ts';
import { randomFeatureText } from './random-feature.ts';
import { randomHistory, SCHEMA, type HistoryShape } from './random-history.ts';
import { scaled } from '../test-scale.ts';
import { Seeded } from './seeded.ts';

const RETENTION_MS = 20 * 86_400_000;
const EVENTS = 70;
const FEATURES = 24;

const SHAPES: readonly (HistoryShape & { readonly name: string })[] = [
  { name: 'a busy day', late: 0.2, paceMs: 30 * 60_000, entities: 2 },
  { name: 'two busy weeks', late: 0.2, paceMs: 12 * 3_600_000, entities: 3 },
  { name: 'months, beyond the retention', late: 0.2, paceMs: 4 * 86_400_000, entities: 2 },
  { name: 'in order', late: 0, paceMs: 2 * 3_600_000, entities: 3 },
];

function compare(seed: number, shape: HistoryShape): void {
  const random = new Seeded(seed);
  const texts = Array.from({ length: FEATURES }, () => randomFeatureText(random));
  const store = new LocalWindowStore(SCHEMA, { retentionMs: RETENTION_MS });
  const history = randomHistory(random, shape);
  const told = `seed ${seed}`;
  compareWithNaive({ texts, store, retentionMs: RETENTION_MS, history, count: EVENTS, told });
}

for (const { name, ...shape } of SHAPES) {
  test(`the scan gives what the definition says: ${name}`, () => {
    for (let seed = 1; seed <= scaled(12); seed++) compare(seed * 7_919 + name.length, shape);
  });
}
