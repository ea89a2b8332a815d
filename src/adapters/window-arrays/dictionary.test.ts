import { strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Dictionary } from './dictionary.ts';

test('a text has one code while anything refers to it', () => {
  const step = fc.record({ text: fc.constantFrom('', 'a', 'b', 'c', '__proto__', '\u{1f600}'),
    take: fc.boolean() });
  fc.assert(fc.property(fc.array(step), (steps) => {
    const dictionary = new Dictionary();
    const counts = new Map<string, number>();
    for (const { text, take } of steps) {
      const count = counts.get(text) ?? 0;
      const code = dictionary.codeOf(text);
      strictEqual(code !== 0, count > 0);
      if (take) {
        const taken = dictionary.take(text);
        if (count > 0) strictEqual(taken, code);
        strictEqual(dictionary.texts[taken], text);
        counts.set(text, count + 1);
      } else if (count > 0) {
        dictionary.release(code);
        counts.set(text, count - 1);
      }
    }
    strictEqual(dictionary.size, [...counts.values()].filter((count) => count > 0).length);
  }));
});

test('codes of texts that are gone are given to new ones', () => {
  const dictionary = new Dictionary();
  for (let i = 0; i < 1_000; i++) dictionary.release(dictionary.take(`text ${i}`));
  strictEqual(dictionary.texts.length, 2);
  strictEqual(dictionary.size, 0);
});
