import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { listFaults } from './list-faults.ts';

test('a list of whole numbers takes no other values, and one of texts no numbers', async () => {
  const faultsOf = async (kind: 'int' | 'string') => {
    const add = [1, 1.5, 1e300, 'x'].map((value) => ({ value }));
    const declared = { name: 'l', of: { kind }, validity: 'none' } as const;
    return (await listFaults({ kind: 'amend', add, remove: [] }, [], [declared]))
      .map(({ pointer, detail }) => `${pointer} ${detail}`);
  };
  deepEqual(await faultsOf('int'), ['/add/1 1.5 is not a whole number', '/add/2 1e+300 is not a whole number',
    '/add/3 "x" is not a whole number']);
  deepEqual(await faultsOf('string'), ['/add/0 1 is not a text', '/add/1 1.5 is not a text',
    '/add/2 1e+300 is not a text']);
});

test('a note says why in a sentence or two, and no more', async () => {
  const add = [280, 281].map((count) => ({ value: `c${count}`, note: 'n'.repeat(count) }));
  const declared = { name: 'l', of: { kind: 'string' }, validity: 'none' } as const;
  deepEqual(await listFaults({ kind: 'amend', add, remove: [] }, [], [declared]), [{
    pointer: '/add/1',
    detail: '"c281" has a note of 281 characters; the limit is 280: name the case, and keep the rest there',
  }]);
});
