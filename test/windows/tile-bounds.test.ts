import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { unknownTile, type Tile } from '#domain/tile.ts';
import { compileFeatures } from '#features/compile-features.ts';
import { DistinctUnion } from '#features/distinct-union.ts';
import { tileBounds, type Bounded } from '#features/tile-bounds.ts';
import { makeEvent } from '../contracts/window-store.ts';
import { addToTile, emptyTile } from './naive-tiles.ts';
import { featureOf } from './random-feature.ts';
import { SCHEMA } from './random-history.ts';
import { runtimeOf } from './test-world.ts';

const MOST = Number.MAX_SAFE_INTEGER;
const ASKED = { after: 0, upTo: 100, t: 100, left: Infinity, certain: true, valued: true } as const;

function tileOf(tMs: number, ...values: readonly number[]): Tile {
  const tile = emptyTile(false);
  for (const value of values) addToTile(tile, tMs, value);
  return { ...tile, values: undefined };
}

function over(text: string, exact: number, tiles: readonly Tile[]): Bounded {
  return tileBounds(featureOf(text), { events: 1, value: exact },
    { count: tiles.length, at: (index) => tiles[index]!, tellValues: () => undefined }, ASKED,
    new DistinctUnion([]));
}

test('a sum over tiles that leaves the safe range on the way is exact, or says that it overflows', () => {
  const sum = 'sum(custom.huge by card over 1h)';
  const avg = 'avg(custom.huge by card over 1h)';
  // In doubles MOST + 2 is MOST + 3 rounded to even, and taking MOST off again leaves 1 where 2 is right.
  const back = [tileOf(10, 2), tileOf(20, -MOST)];
  deepStrictEqual(over(sum, MOST, back), { cell: 2, low: 2, high: 2 });
  deepStrictEqual(over(avg, MOST, back), { cell: 2 / 3 });
  deepStrictEqual(over(sum, MOST, [tileOf(10, 2), tileOf(20, -1)]), { reason: 'overflow' });
  deepStrictEqual(over(avg, MOST, [tileOf(10, 2), tileOf(20, -1)]), { reason: 'overflow' });
});

test('the bound of a sum is exact too where what may count cancels out', () => {
  const edge: Tile = { ...tileOf(10, -MOST), firstMs: 0 };
  const other: Tile = { ...tileOf(20, -2), lastMs: 101 };
  deepStrictEqual(over('sum(custom.huge by card over 1h)', MOST, [edge, other]),
    { cell: MOST, low: -2, high: MOST });
  // The edge would make it overflow, so the greatest number is no certainty.
  deepStrictEqual(over('sum(custom.huge by card over 1h)', MOST, [{ ...tileOf(10, 5), firstMs: 0 }]),
    { reason: 'overflow' });
});

test('a missing yes or no that fell into a tile is no value of its own', () => {
  const store = new LocalWindowStore(SCHEMA, { exactEventsMax: 1 });
  const program = compileFeatures([featureOf('prior_distinct(custom.vip by card over 1h)')], SCHEMA);
  const runtime = runtimeOf(store);
  store.registerTiles(program.tilePlans(store, runtime));
  const judge = program.bind(store, runtime);
  const pay = (position: number, vip: number | undefined): number => store.append(payment(position, vip));
  pay(1, 1);
  pay(2, undefined);
  pay(3, undefined);
  const { cells, bounds } = judge(payment(4, undefined), pay(4, undefined), []);
  deepStrictEqual([cells[0], bounds[0]], [1, undefined]);
});

const payment = (position: number, vip: number | undefined): ParsedEvent => makeEvent(SCHEMA, {
  id: `tx_${position}`, at: position * 1_000, position,
  fields: { 'card.id': 'k1', ...(vip === undefined ? {} : { 'custom.vip': vip }) },
});

test('several events of an unknown value can take a sum anywhere', () => {
  const tile = unknownTile(10, 20, 2);
  deepStrictEqual(over('sum(custom.huge by card over 1h)', -MOST, [tile]),
    { cell: -MOST, low: -MOST, high: MOST });
});
