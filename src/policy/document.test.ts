import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Findings } from './diagnostic.ts';
import { offsetInScalar, type ScalarNode } from './document.ts';
import { parseDocument } from './parse-document.ts';

function scalarOf(source: string): ScalarNode {
  const findings = new Findings();
  const value = parseDocument(source, findings)?.entries[0]?.value;
  assert.deepEqual(findings.all, []);
  assert.equal(value?.kind, 'scalar');
  assert.ok(value?.kind === 'scalar');
  return value;
}

const word = fc.stringMatching(/^[a-z0-9_.>+]{1,6}$/);
const words = fc.array(fc.tuple(word, fc.constantFrom(' ', '  ', '\n')), { minLength: 1, maxLength: 8 });

type Style = 'plain' | 'single' | 'double' | 'folded' | 'literal';

/** The words as YAML text of a style; line breaks only where the style has them. */
function write(parts: readonly (readonly [string, string])[], style: Style): string {
  const text = parts.map(([one, gap], i) => (i === parts.length - 1 ? one : one + gap)).join('');
  const lines = text.replaceAll('\n', '\n    ');
  switch (style) {
    case 'plain': return `k: x${lines}\n`;
    case 'single': return `k: 'it''s ${lines} ''q'''\n`;
    case 'double': return `k: "a \\"b\\" \\u0041 ${lines} \\\\ end"\n`;
    case 'folded': return `k: >-\n    ${lines}\n`;
    case 'literal': return `k: |\n    ${lines}\n`;
  }
}

test('every character of a scalar is found again where it stands in the source', () => {
  const style = fc.constantFrom<Style>('plain', 'single', 'double', 'folded', 'literal');
  fc.assert(fc.property(words, style, (parts, chosen) => {
    const source = write(parts, chosen);
    const node = scalarOf(source);
    for (let i = 0; i < node.text.length; i++) {
      const char = node.text[i] ?? '';
      if (/\s/.test(char)) continue;
      const at = offsetInScalar(source, node, i);
      const escaped = source[at] === '\\' || (chosen === 'single' && char === "'");
      assert.ok(escaped || source[at] === char, `${JSON.stringify(source)} [${i}] ${char} at ${at}`);
    }
  }), { seed: 11, numRuns: 1_000 });
});

test('an escape is one character', () => {
  const source = 'k: "a \\"b\\" c"\n';
  const node = scalarOf(source);
  assert.equal(node.text, 'a "b" c');
  assert.equal(source[offsetInScalar(source, node, 6)], 'c');
});

test('a word of YAML 1.1 stays the word it is', () => {
  const findings = new Findings();
  const root = parseDocument('a: no\nb: 22:00\nc: 0x1F\nd: 1_000\ne: 2026-04-01\nn: ~\n', findings);
  const texts = root?.entries.map(({ value }) => (value.kind === 'scalar' ? value.text : ''));
  assert.deepEqual(texts, ['no', '22:00', '0x1F', '1_000', '2026-04-01', '~']);
  assert.deepEqual(root?.entries.map(({ key }) => key), ['a', 'b', 'c', 'd', 'e', 'n']);
});

test('a document of 10,000 rules, or of brackets without end, is refused with one sentence', () => {
  const rules = Array.from({ length: 10_000 },
    (_, i) => `  rule-${i}:\n    when: true\n    then: { score: 1 }`).join('\n');
  for (const [source, sentence] of [
    [`policy: p\nrules:\n${rules}\n`, 'the policy has 10000 rules; the limit is 500'],
    [`policy: ${'['.repeat(100_000)}`, undefined],
    [`policy: p # ${'x'.repeat(5_000_000)}`, 'the document has 5000012 bytes; the limit is 4194304'],
  ] as const) {
    const findings = new Findings();
    assert.equal(parseDocument(source, findings), undefined);
    assert.equal(findings.all.length, 1);
    if (sentence !== undefined) assert.equal(findings.all[0]?.message, sentence);
  }
});
