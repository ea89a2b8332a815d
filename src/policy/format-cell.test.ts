import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Cell, Type } from '#expression/type.ts';
import { formatCell, formatSpan, sayCell } from './format-cell.ts';
import { parseSpan, readValue, sameCell } from './parse-value.ts';

const EUR: Type = { kind: 'money', currency: 'EUR' };

test('values are written as people read them', () => {
  const written: readonly (readonly [Cell, Type, unknown])[] = [
    [12_050, EUR, '120.50 EUR'], [4, { kind: 'int' }, 4], [0.125, { kind: 'decimal' }, 0.125],
    [0.9, { kind: 'ratio' }, '90%'], [86_400_000, { kind: 'duration' }, '24h'],
    [2_592_000_000, { kind: 'duration' }, '30d'], [3_599_000, { kind: 'duration' }, '59m59s'],
    [2, { kind: 'bool' }, true], [0, { kind: 'bool' }, false], [1, { kind: 'bool' }, null],
    [Number.NaN, EUR, null], [undefined, { kind: 'string' }, null],
      ['k1', { kind: 'entity', entity: 'card' }, 'k1'],
    [0, { kind: 'instant' }, '1970-01-01T00:00:00.000Z'], [-1, { kind: 'date' }, '1969-12-31'],
    [72_000_000, { kind: 'clock' }, '20:00'], [5_000, { kind: 'distance' }, '5 km'],
      [250, { kind: 'speed' }, '900 km/h'],
    [{ lat: 51.5, lon: -0.12 }, { kind: 'geo' }, '51.5 -0.12'],
  ];
  for (const [cell, type, form] of written) assert.deepEqual(formatCell(cell, type), form);
  assert.equal(formatCell(500, { kind: 'money', currency: null }, 'JPY'), '500 JPY');
});

test('a sentence has short numbers, and a word for what is missing', () => {
  assert.equal(sayCell(10 / 3, { kind: 'decimal' }), '3.33');
  assert.equal(sayCell(10 / 3, { kind: 'ratio' }), '333.33%');
  assert.equal(sayCell(90_061_007, { kind: 'duration' }), '25h1m1s');
  assert.equal(sayCell(Number.NaN, EUR), 'unknown');
});

test('a span that is written is read back', () => {
  fc.assert(fc.property(fc.integer({ min: -4e10, max: 4e10 }), (ms) => {
    assert.equal(parseSpan(formatSpan(ms)), ms);
  }), { seed: 3, numRuns: 2_000 });
});

test('a value that is written is read back as the same value', () => {
  const types: readonly Type[] = [
    EUR, { kind: 'money', currency: 'JPY' }, { kind: 'int' }, { kind: 'decimal' }, { kind: 'ratio' },
    { kind: 'duration' }, { kind: 'date' }, { kind: 'instant' }, { kind: 'distance' }, { kind: 'speed' },
  ];
  fc.assert(fc.property(fc.constantFrom(...types), fc.integer({ min: -90_000, max: 90_000 }),
    (type, cell) => {
    const read = readValue(String(formatCell(cell, type)), type, 0);
    assert.ok('number' in read && read.number !== undefined, JSON.stringify(read));
    // Six decimals of a percentage or of a kilometre are all that is written.
    const near = type.kind === 'speed' ? Math.abs(read.number - cell) < 1e-5 : sameCell(read.number, cell);
    assert.ok(near, `${cell} ${type.kind}: ${read.number}`);
  }), { seed: 5, numRuns: 2_000 });
});

test('what is no value of the type is refused with what would be one', () => {
  const refused: readonly (readonly [string, Type, string])[] = [
    ['1.234 EUR', EUR, 'money (EUR has 2 decimals; 1.234 has 3)'], ['5 USD', EUR, 'money in EUR'],
    ['ten', { kind: 'int' }, 'a whole number'], ['yes', { kind: 'bool' }, '`true` or `false`'],
    ['5 minutes', { kind: 'duration' }, 'a duration such as 59m59s'],
    ['maybe', { kind: 'enum', values: ['a', 'b'] }, 'one of a, b'],
      ['2026-02-30', { kind: 'date' }, 'a date such as 1990-05-17'],
  ];
  for (const [text, type, problem] of refused) assert.deepEqual(readValue(text, type, 0), { problem });
});
