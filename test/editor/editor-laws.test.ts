/** Laws of the editor's clever parts, against slow and plain readings of the same documents. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventSchema } from '#domain/field.ts';
import { checkExpression } from '#expression/check.ts';
import { tokensOf } from '#expression/lex.ts';
import { parseExpression } from '#expression/parse.ts';
import { completeDocument } from '#editor/complete-document.ts';
import { completeExpression } from '#editor/complete-expression.ts';
import { cursorPlace } from '#editor/cursor-place.ts';
import { keysIn, nodePlace, scalarsIn } from '#editor/node-place.ts';
import { outlineOf, withAggregates } from '#editor/outline.ts';
import { roleAt } from '#editor/role.ts';
import { TextDocument } from '#editor/text-document.ts';
import { MessageStream, encodeMessage } from '#editor/message-stream.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import { policyJsonSchema } from '#policy/policy-json-schema.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { scaled } from '../test-scale.ts';

const below = (random: SeededRandom, count: number): number => random.between(0, count - 1);

const FOLDER = new URL('../../policies/', import.meta.url);
const POLICIES = readdirSync(FOLDER).filter((name) => name.endsWith('.policy.yaml'))
  .map((name) => ({ name, text: readFileSync(new URL(name, FOLDER), 'utf8') }));
const SCHEMA = eventSchema();
const JSON_SCHEMA = policyJsonSchema(SCHEMA);

test('at the end of every key and value, the text before says what the whole tree says', () => {
  let count = 0;
  for (const { name, text } of POLICIES) {
    const { root } = outlineOf(text, SCHEMA);
    for (const { path, node } of scalarsIn(root)) {
      // Behind a closed quote and an empty value nothing is written.
      if (node.style === 'quoted' || node.text === '') continue;
      const place = cursorPlace(text, node.style === 'block' ? node.end - 1 : node.end);
      assert.deepEqual(place?.path, path, `${name}: ${text.slice(node.start, node.end)}`);
      if (node.style === 'plain') assert.equal(place?.typed, node.text);
      count += 1;
    }
    for (const { path, entry: { key, keyPlace } } of keysIn(root)) {
      const place = cursorPlace(text, keyPlace.end);
      const is = [place?.path, place?.typed, place?.kind];
      assert.deepEqual(is, [path.slice(0, -1), key, 'key'], `${name}: ${key}`);
      assert.deepEqual(nodePlace(root, keyPlace.end)?.path, path);
      count += 1;
    }
  }
  assert.ok(count > 2_000, `${count} places`);
});

/** Values as they may stand at the end of an expression, and whether it is sound with each. */
test('what is offered first fits, what fits is offered, by the checker on the whole text', () => {
  let [fits, others] = [0, 0];
  for (const { text } of POLICIES) {
    const outline = outlineOf(text, SCHEMA);
    const { params, features, defines } = outline.scope;
    const names = [...params.keys(), ...features.keys(), ...defines.keys(),
      ...SCHEMA.byPath.keys(), ...SCHEMA.aliases.keys()];
    const sound = (expression: string): boolean => {
      const parsed = parseExpression(expression);
      const checked = 'expr' in parsed ? checkExpression(parsed.expr, withAggregates(outline.scope))
        : undefined;
      return checked !== undefined && 'expr' in checked && checked.expr.type.kind === 'bool';
    };
    for (const { path, node } of scalarsIn(outline.root)) {
      if (roleAt(path).kind !== 'condition') continue;
      const last = tokensOf(node.text).at(-2);
      if (last === undefined || last.kind === 'operator') continue;
      const before = node.text.slice(0, last.span.start);
      const offered = new Map(completeExpression(before, 'condition', outline).proposals
        .map(({ label, rank }) => [label, rank]));
      for (const name of names) {
        const rank = offered.get(name);
        const isSound = sound(before + name);
        assert.equal(rank !== undefined && rank < 2, isSound, `${before}¦${name} rank ${rank}`);
        if (isSound) fits += 1;
        else others += 1;
      }
    }
  }
  assert.ok(fits > 200 && others > 2_000, `${fits} fit, ${others} do not`);
});

test('no prefix of a document, and no damaged one, makes completion or the outline throw', () => {
  const random = new SeededRandom(7);
  const noise = ['"', "'", '{', '[', '}', ']', ':', '#', '- ', '\n', '\n      ', '|', '>', '&a', '*a', '%',
    '(', '\t', '😀', '\r\n'];
  for (let i = 0; i < scaled(150); i++) {
    const { text } = POLICIES[below(random, POLICIES.length)] ?? { text: '' };
    const from = below(random, text.length);
    const length = below(random, 1_500);
    const part = text.slice(below(random, 2) === 0 ? 0 : from, from + length);
    const at = below(random, part.length + 1);
    const damaged = part.slice(0, at) + (noise[below(random, noise.length)] ?? '') + part.slice(at);
    const outline = outlineOf(damaged, SCHEMA);
    for (const offset of [at, at + 1, damaged.length, below(random, damaged.length + 1)]) {
      completeDocument(damaged, offset, outline, JSON_SCHEMA);
    }
    compilePolicy(damaged, 'damaged.policy.yaml', SCHEMA);
  }
});

test('offsets and positions are each other, and changes in parts are the change of the whole', () => {
  const random = new SeededRandom(11);
  for (let i = 0; i < scaled(300); i++) {
    const pieces = Array.from({ length: below(random, 12) },
      () => ['a', '😀', '\n', '\r\n', 'é', ''][below(random, 6)] ?? '');
    const text = pieces.join('');
    let document = new TextDocument('file:///a', 1, text);
    for (let offset = 0; offset <= text.length; offset++) {
      const before = text.slice(0, offset).split('\n');
      const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
      assert.deepEqual(document.positionAt(offset), position);
      // Between CR and LF no cursor stands.
      if (text.slice(offset - 1, offset + 1) !== '\r\n') assert.equal(document.offsetAt(position), offset);
    }
    const [a, b] = [0, 0].map(() => below(random, text.length + 1)).toSorted((x, y) => x - y);
    if (a === undefined || b === undefined) continue;
    if ([a, b].some((offset) => text.slice(offset - 1, offset + 1) === '\r\n')) continue;
    document = document.changed(2, [{ range: document.rangeOf({ start: a, end: b }), text: 'XY\n' }]);
    assert.equal(document.text, `${text.slice(0, a)}XY\n${text.slice(b)}`);
  }
  const document = new TextDocument('file:///a%20b', 1, 'one\ntwo');
  assert.deepEqual([
    document.offsetAt({ line: 0, character: 99 }), document.offsetAt({ line: 9, character: 0 }),
    document.offsetAt({ line: -1, character: -1 })], [3, 7, 0]);
  assert.equal(document.fileName, 'a b');
});

test('frames are the same in whatever portions they come', () => {
  const random = new SeededRandom(13);
  for (let i = 0; i < scaled(100); i++) {
    const messages = Array.from({ length: 1 + below(random, 4) },
      (_, n) => ({ n, text: '😀'.repeat(below(random, 5)) }));
    const bytes = Buffer.concat(messages.map(encodeMessage));
    const stream = new MessageStream();
    const got: unknown[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = 1 + below(random, 30);
      got.push(...stream.push(bytes.subarray(at, at + size)));
      at += size;
    }
    assert.deepEqual(got, messages.map((value) => ({ kind: 'message', value })));
  }
});
