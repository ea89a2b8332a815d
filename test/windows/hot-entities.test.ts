import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '#domain/limits.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { compileFeatures } from '#features/compile-features.ts';
import type { FeatureValues } from '#features/definition.ts';
import { naiveFeature, type Happening, type NaiveResult } from '#features/naive-feature.ts';
import { makeEvent } from '../contracts/window-store.ts';
import { featureOf, randomFeatureText } from './random-feature.ts';
import { randomHistory, SCHEMA } from './random-history.ts';
import { scaled } from '../test-scale.ts';
import { Seeded } from './seeded.ts';
import { PARAMS, runtimeOf, SURROUNDINGS } from './test-world.ts';

const DAY_MS = 86_400_000;
const RETENTION_MS = 20 * DAY_MS;

/**
 * Says what is wrong with a value, given the truth; undefined where it is right or its bound holds the truth.
 */
function fault(values: FeatureValues, index: number, truth: NaiveResult): string | undefined {
  const [cell, reason, bound] = [values.cells[index], values.reasons[index], values.bounds[index]];
  // Sums over tiles are doubles: where they pass 2^53 the answer is that they do, for averages too.
  if (reason === 'overflow' && bound === undefined) return undefined;
  const isOut = (value: number): boolean => bound !== undefined && (value < bound.low || value > bound.high);
  if (typeof cell === 'number' && cell === cell && typeof truth.cell !== 'boolean' && reason === undefined
    && isOut(cell)) {
    return 'the value is outside its own bound';
  }
  if (bound !== undefined || reason === 'degraded') {
    const yesNo = truth.cell === 0 ? 0 : 1;
    const exact = bound?.high === 1 && reason === 'degraded' && (truth.cell === 2 || truth.cell === 0) ? yesNo
      : truth.cell;
    return truth.reason === undefined && typeof exact === 'number' && isOut(exact)
      ? 'the truth is outside the bound' : undefined;
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
  const store = new LocalWindowStore(SCHEMA,
    { retentionMs: RETENTION_MS, exactEventsMax: 1 + random.below(12) });
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
        `seed ${seed}: ${texts[index]} at event ${happened.length}: `
        + `${JSON.stringify(values.cells[index])} ${values.reasons[index]} `
        + `${JSON.stringify(values.bounds[index])}, true ${JSON.stringify(truth.cell)} ${truth.reason}`);
    });
  }
}

test('a bound holds the truth, and a value without one is the truth', () => {
  const seen = { bounds: 0, cases: 0 };
  for (let seed = 1; seed <= scaled(30); seed++) checkBounds(seed * 104_729,
    [1_800_000, 12 * 3_600_000, 3 * DAY_MS][seed % 3]!, seen);
  ok(seen.bounds > seen.cases / 20, `${seen.bounds} of ${seen.cases} had a bound`);
});

test('F45 50,000 events of one entity: bounds hold, and memory stays', () => {
  const texts = [
    'count(by merchant over 24h)', 'sum(amount as EUR by merchant over 24h)',
      'distinct(card by merchant over 7d)',
    'max(amount as EUR by merchant over 7d)', 'avg(amount as EUR by merchant over 24h)',
    'count(by merchant over 24h where status == "declined")', 'count(by (merchant, mcc) over 7d)',
    'first_seen(by merchant over 7d)', 'count(by merchant over 5m)',
  ];
  const store = new LocalWindowStore(SCHEMA, { retentionMs: RETENTION_MS });
  const runtime = runtimeOf(store);
  const program = compileFeatures(texts.map(featureOf), SCHEMA);
  const judge = program.bind(store, runtime);
  store.registerTiles(program.tilePlans(store, runtime));
  const random = new Seeded(5);
  const paid: { t: number; amount: number; card: string; declined: boolean; mcc: string }[] = [];
  let open = 0;
  for (let i = 0; i < 50_000; i++) {
    const t = Date.UTC(2026, 2, 4) + i * 10_000 - (random.chance(0.02) ? random.below(3_600_000) : 0);
    const one = {
      t, amount: random.below(10_000), card: `k${random.below(3_000)}`, declined: random.chance(0.1),
        mcc: `57${random.below(2)}`,
    };
    paid.push(one);
    const event = makeEvent(SCHEMA, {
      id: `tx_${i}`, at: t, received: Date.UTC(2026, 2, 4) + i * 10_000, position: i + 1,
      fields: {
        'merchant.id': 'm', 'card.id': one.card, amount: [one.amount, 'EUR'], 'merchant.mcc': one.mcc,
        status: one.declined ? 'declined' : 'approved',
      },
    });
    const row = store.append(event);
    if (i % 2_500 !== 2_499) continue;
    const { cells, bounds } = judge(event, row);
    const within = (spanMs: number): typeof paid => paid.filter((past) => past.t > t - spanMs && past.t <= t);
    const [day, week] = [within(DAY_MS), within(7 * DAY_MS)];
    const sum = day.reduce((total, past) => total + past.amount, 0);
    const truths = [
      day.length, sum, new Set(week.map((past) => past.card)).size,
        Math.max(...week.map((past) => past.amount)),
      Math.round(sum / day.length), day.filter((past) => past.declined).length,
      week.filter((past) => past.mcc === one.mcc).length, Math.min(...week.map((past) => past.t)),
        within(300_000).length,
    ];
    truths.forEach((truth, index) => {
      const { low, high } = bounds[index] ?? { low: truth, high: truth };
      const cell = Number(cells[index]);
      ok(low <= truth && truth <= high, `${texts[index]} at ${i}: true ${truth}, bound [${low}, ${high}]`);
      ok(bounds[index] === undefined ? cell === truth : low <= cell && cell <= high,
        `${texts[index]} at ${i}: ${cell}`);
    });
    if (i < 10_000) continue;
    // Where the window happens to begin between two tiles nothing is open.
    const { low, high } = bounds[0] ?? { low: day.length, high: day.length };
    if (high > low) open++;
    ok(high - low < day.length / 50, `the edge tile leaves ${high - low} of ${day.length} open`);
    strictEqual(bounds[8], undefined, 'five minutes are all kept one by one');
  }
  ok(open > 10, 'most windows begin inside a tile');
  // Every card has rows of its own, so only tiles and logs of the merchant are bounded: they do not grow with
  // events.
  const log = store.log('main', SCHEMA.byPath.get('merchant.id')!, 'm')!;
  strictEqual(log.to - log.from, LIMITS.exactEventsPerEntityMax);
  for (const plan of program.tilePlans(store, runtime)) {
    ok(log.tiled!.tiles(plan.fingerprint).count <= LIMITS.tilesPerFeatureMax);
  }
});

test('an entity that only itself has events for keeps its cap of rows', () => {
  const store = new LocalWindowStore(SCHEMA, { retentionMs: RETENTION_MS });
  const fill = (count: number, from: number): number => {
    for (let i = from; i < from + count; i++) {
      store.append(makeEvent(SCHEMA,
        { id: `tx_${i}`, at: i, position: i + 1, fields: { 'merchant.id': 'm' } }));
    }
    return store.size.bytes;
  };
  const before = fill(10_000, 0);
  strictEqual(fill(40_000, 10_000), before, 'ten or fifty thousand events take the same memory');
  strictEqual(store.size.events, LIMITS.exactEventsPerEntityMax);
});
