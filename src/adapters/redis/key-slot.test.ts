import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { markOf, SLOT_COUNT, slotOf } from './key-slot.ts';

test('the slot of a key is the one that CLUSTER KEYSLOT says', () => {
  for (const [key, slot] of [
    ['123456789', 12_739], ['', 0], ['somekey', 11_058], ['foo{hash_tag}', 2_515], ['bar{hash_tag}', 2_515],
    ['foo', 12_182], ['a{foo}{bar}', 12_182],
  ] as const) equal(slotOf(key), slot, key);
});

test('empty braces and braces that are not closed are letters like others', () => {
  equal(new Set(['x{foo', 'x{}foo', 'xfoo', 'foo'].map(slotOf)).size, 4);
});

test('every slot has a mark that puts a key into it', () => {
  for (let slot = 0; slot < SLOT_COUNT; slot += 331) equal(slotOf(`assay:state${markOf(slot)}`), slot);
});
