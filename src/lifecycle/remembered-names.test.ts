import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { rememberedNames } from './remembered-names.ts';

test('the last thousand names are remembered', () => {
  const names = rememberedNames();
  for (let count = 0; count < 1_000; count++) names.add(`n${count}`);
  names.add('n0');
  names.add('n1000');
  deepEqual(['n0', 'n1', 'n2', 'n1000'].map((name) => names.has(name)), [true, false, true, true]);
});
