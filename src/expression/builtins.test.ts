import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benfordChiSquare } from './benford.ts';
import { BUILTINS, signatureOf } from './builtins.ts';
import { globMatches } from './glob.ts';
import { sampleHash } from './sample-hash.ts';

/** The definition, by trying everything. */
function naiveGlob(text: string, pattern: string): boolean {
  if (pattern === '') return text === '';
  if (pattern[0] === '*') return naiveGlob(text, pattern.slice(1)) ||
    (text !== '' && naiveGlob(text.slice(1), pattern));
  return text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) &&
    naiveGlob(text.slice(1), pattern.slice(1));
}

test('globs match what their definition matches, on every short text and pattern', () => {
  const words = (letters: string, length: number): string[] =>
    length === 0 ? [''] : words(letters, length - 1)
      .flatMap((word) => [word, ...Array.from(letters).map((c) => word + c)]);
  for (const pattern of new Set(words('ab*?', 4))) {
    for (const text of new Set(words('ab', 4))) {
      assert.equal(globMatches(text, pattern), naiveGlob(text, pattern), `${text} ~ ${pattern}`);
    }
  }
});

test('a hostile pattern takes no longer than text times pattern', () => {
  assert.equal(globMatches('a'.repeat(512), `${'*a'.repeat(256)}b`), false);
});

test('a sample is as large as its share, and the same for ever', () => {
  const places = Array.from({ length: 100_000 }, (_, i) => sampleHash('rule', `tx_${i}`));
  const tenths = Array.from({ length: 10 },
    (_, tenth) => places.filter((p) => Math.floor(p * 10) === tenth).length);
  // Six standard deviations of a binomial with n = 100,000 and p = 0.1.
  assert.ok(tenths.every((count) => Math.abs(count - 10_000) < 570), tenths.join());
  assert.equal(sampleHash('review-sample', 'tx_1'), 0.8013036474585533);
  assert.notEqual(sampleHash('a', 'b'), sampleHash('ab', ''));
});

test('Benford: perfect counts are near zero, even ones are far', () => {
  const perfect = [0, 301_030, 176_091, 124_939, 96_910, 79_181, 66_947, 57_992, 51_153, 45_757];
  assert.ok(benfordChiSquare(perfect) < 0.001);
  const even = [5, ...Array.from({ length: 9 }, () => 100)];
  const shares = Array.from({ length: 9 }, (_, i) => Math.log10(1 + 1 / (i + 1)) * 900);
  const expected = shares.reduce((sum, share) => sum + (100 - share) ** 2 / share, 0);
  assert.ok(Math.abs(benfordChiSquare(even) - expected) < 1e-6);
  assert.ok(Number.isNaN(benfordChiSquare([7, 0, 0])));
});

test('every function has a line for the handbook', () => {
  for (const builtin of BUILTINS.values()) {
    assert.match(builtin.doc, /^[A-Z].*[.?`]$/, builtin.name);
    assert.ok(signatureOf(builtin).startsWith(`${builtin.name}(`));
  }
});
