import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '#domain/limits.ts';
import { generatedFunction } from './generated-function.ts';

type Maker = (start: number) => () => number;
const counter = 'let count=start;return ()=>count++;';

test('the same source is the same function, and what it makes is not shared', () => {
  const make = generatedFunction<Maker>(['start'], counter);
  assert.equal(generatedFunction<Maker>(['start'], counter), make);
  const [one, other] = [make(1), make(10)];
  assert.deepEqual([one(), one(), other(), other()], [1, 2, 10, 11]);
});

test('with other parameters it is another function', () => {
  assert.equal(generatedFunction<(a: number, b: number) => number>(['a', 'b'], 'return a-b;')(5, 3), 2);
  assert.equal(generatedFunction<(a: number, b: number) => number>(['b', 'a'], 'return a-b;')(5, 3), -2);
});

test('beyond the limit those that were not used longest are made anew, and the one in use stays', () => {
  const used = generatedFunction<Maker>(['start'], counter);
  const left = generatedFunction<Maker>(['start'], `${counter}//left`);
  const filler = 'x'.repeat(LIMITS.generatedCharsKeptMax / 8);
  for (let i = 0; i < 12; i++) {
    generatedFunction<() => void>([], `//${i}${filler}`);
    assert.equal(generatedFunction<Maker>(['start'], counter), used);
  }
  assert.notEqual(generatedFunction<Maker>(['start'], `${counter}//left`), left);
});
