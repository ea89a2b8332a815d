import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { countProblems } from './count-problems.ts';

test('counts without gap or tie, in whatever order they were answered, are no problem', () => {
  const payments = [
    { card: 'a', position: 9, count: 2 },
    { card: 'b', position: 3, count: 1 },
    { card: 'a', position: 2, count: 1 },
  ];
  deepEqual(countProblems(payments), []);
});

test('a gap, a tie and a position given out twice are problems', () => {
  deepEqual(countProblems([{ card: 'a', position: 2, count: 2 }]), [
    'a: payment 1, at position 2, saw the count 2',
  ]);
  const tie = [
    { card: 'a', position: 2, count: 1 },
    { card: 'a', position: 3, count: 1 },
  ];
  deepEqual(countProblems(tie), ['a: payment 2, at position 3, saw the count 1']);
  const twice = [
    { card: 'a', position: 2, count: 1 },
    { card: 'b', position: 2, count: 1 },
  ];
  deepEqual(countProblems(twice), ['position 2 was given out twice']);
});
