import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListEntry } from '#policy/lists.ts';
import { publicationOf, POLICY } from '../../test/engine/engine-world.ts';
import { orderHash, type BacktestOrder } from './order.ts';

/** A list of one entry, which counts how often it is written. */
function counted(value: string): { readonly entry: ListEntry; readonly written: () => number } {
  let count = 0;
  const entry = { value, toJSON: () => ((count += 1), { value }) };
  return { entry, written: () => count };
}

const orderOf = (entries: readonly ListEntry[], candidates: number): BacktestOrder => {
  const lists = [{ name: 'trusted', entries }];
  const publication = { ...publicationOf(POLICY), lists };
  return {
    baseline: 'recorded', fromMs: -Infinity, untilMs: Infinity, capacityPerDay: undefined, labels: [],
    candidates: Array.from({ length: candidates }, (_, i) =>
      ({ name: `${i}`, publication: { ...publication } })),
  };
};

test('an order is named by all that is in it, and lists that candidates share are read once', () => {
  const { entry, written } = counted('a');
  const hash = orderHash(orderOf([entry], 31), 'log');
  assert.equal(written(), 1);
  assert.equal(orderHash(orderOf([counted('a').entry], 31), 'log'), hash);
  for (const other of [orderHash(orderOf([counted('b').entry], 31), 'log'),
    orderHash(orderOf([entry], 30), 'log'), orderHash(orderOf([entry], 31), 'file'),
    orderHash({ ...orderOf([entry], 31), fromMs: 0 }, 'log')]) assert.notEqual(other, hash);
});
