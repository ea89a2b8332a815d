import { equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearestName } from './nearest-name.ts';

describe('a slip is answered with the name that was meant', () => {
  const names = ['customer_id', 'account_id', 'name', 'country', 'mcc', 'id', 'ip', 'birth_date'];
  for (const [written, meant] of [
    ['acount_id', 'account_id'],
    ['accountId', 'account_id'],
    ['contry', 'country'],
    ['nmae', 'name'],
    ['MCC', 'mcc'],
    ['birthdate', 'birth_date'],
    ['birth.date', 'birth_date'],
    ['di', 'id'],
    ['colour', undefined],
    ['zebra', undefined],
    ['', undefined],
    ['x'.repeat(60_000), undefined],
  ] as const) {
    test(`${written.slice(0, 20)} -> ${meant}`, () => equal(nearestName(written, names), meant));
  }
});

/** The definition, without a table. */
function slowDistance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [x, y] = [a.slice(0, -1), b.slice(0, -1)];
  const costs = [
    slowDistance(x, b) + 1,
    slowDistance(a, y) + 1,
    slowDistance(x, y) + (a.at(-1) === b.at(-1) ? 0 : 1),
  ];
  if (a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)) {
    costs.push(slowDistance(a.slice(0, -2), b.slice(0, -2)) + 1);
  }
  return Math.min(...costs);
}

test('the distance is the one of the definition', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 5 });
  fc.assert(
    fc.property(word, word, (a, b) => equal(editDistance(a, b), slowDistance(a, b))),
    { numRuns: 500 },
  );
});
