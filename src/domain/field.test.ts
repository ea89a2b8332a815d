import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventSchema, type CustomField } from './field.ts';

const items: CustomField = { name: 'items', type: 'int', history: true, description: 'items' };

test('schemas that keep other columns have other names', () => {
  const variants: readonly (readonly CustomField[])[] = [
    [], [items], [{ ...items, history: false }], [{ ...items, type: 'decimal' }], [{ ...items, name: 'n' }],
    [items, { ...items, name: 'n' }], [{ ...items, name: 'n' }, items],
  ];
  const names = variants.map((custom) => eventSchema(custom).name);
  assert.equal(new Set(names).size, variants.length, names.join('\n'));
});

test('what a field is described as is not part of the name', () => {
  assert.equal(eventSchema([items]).name, eventSchema([{ ...items, description: 'other' }]).name);
});
