import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvReader } from './csv-mapping.ts';
import { csvCells } from './csv-rows.ts';
import { UsageError } from './shell.ts';

const MAPPING = `
transaction:
  id: tx
  kind: { is: card }
  amount.value: sum
  amount.currency: { is: EUR }
  location.lat: { number: lat }
  custom.first: { bool: first }
`;

function callsOf(...lines: readonly string[]): readonly unknown[] {
  const read = csvReader(MAPPING, 'map.yaml');
  return lines.flatMap((line) => {
    const call = read(line);
    return call === undefined ? [] : [JSON.parse(call) as unknown];
  });
}

test('columns become fields: texts as they are, numbers and truth values where the mapping says so', () => {
  const card = { kind: 'card' };
  assert.deepEqual(callsOf('\uFEFFsum,tx,first,lat', '007.50,"a,1",true,-48.10', '1,b,,', '2,c,yes,north'), [
    { transaction: { id: 'a,1', ...card, amount: { value: '007.50', currency: 'EUR' },
      location: { lat: -48.1 }, custom: { first: true } } },
    { transaction: { id: 'b', ...card, amount: { value: '1', currency: 'EUR' } } },
    { transaction: { id: 'c', ...card, amount: { value: '2', currency: 'EUR' },
      location: { lat: 'north' }, custom: { first: 'yes' } } },
  ]);
});

test('a mapping that cannot be read says what is wrong, and a lacking column is named', () => {
  const broken: readonly (readonly [string, RegExp])[] = [
    ['transaction: [', /map\.yaml: is not YAML/], ['payment: {}', /expected `transaction:`/],
    ['transaction: { id: { column: tx } }', /id is a column, \{ number: a column \}/], ['', /expected/],
  ];
  for (const [text, message] of broken) {
    assert.throws(() => csvReader(text, 'map.yaml'),
      (error: unknown) => error instanceof UsageError && message.test(error.message), text);
  }
  assert.throws(() => callsOf('tx,sum,lat'), /the file has no column first; it has tx, sum, lat/);
});

test('quoted cells hold commas and quotes, and an empty last cell is a cell', () => {
  assert.deepEqual(csvCells('a,"b, ""c""",'), ['a', 'b, "c"', '']);
  assert.deepEqual(csvCells('a,b,'), ['a', 'b', '']);
});
