import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { messageOf } from './message-of.ts';

test('an error says its message alone, and what is no error says itself', () => {
  class Refused extends TypeError {}
  const thrown = [new Error('a'), new Refused('b'), new Error(''), 'c', undefined, 7, { message: 'd' }];
  deepEqual(thrown.map(messageOf), ['a', 'b', '', 'c', 'undefined', '7', '[object Object]']);
});
