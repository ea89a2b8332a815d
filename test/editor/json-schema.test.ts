/** What the compiler takes, the JSON Schema takes; what it refuses for its structure, the schema refuses. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { eventSchema } from '#domain/field.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import { POLICY_KEYS } from '#policy/parse-head.ts';
import { RULE_KEYS } from '#policy/parse-rules.ts';
import { THEN_KEYS } from '#policy/parse-then.ts';
import { policyJsonSchema } from '#policy/policy-json-schema.ts';
import { schemaPlace } from '#editor/schema-place.ts';
import type { PathPart } from '#editor/cursor-place.ts';
import { RandomPolicy } from '../language/random-policy.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { scaled } from '../test-scale.ts';

const ROOT = new URL('../../', import.meta.url);
const SCHEMA = eventSchema();
const JSON_SCHEMA = policyJsonSchema(SCHEMA);
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(JSON_SCHEMA);

interface Found { readonly name: string; readonly text: string }

const filesIn = (folder: string, ending: string): readonly Found[] =>
  readdirSync(new URL(folder, ROOT)).filter((name) => name.endsWith(ending)).map((name) => (
    { name, text: readFileSync(new URL(`${folder}/${name}`, ROOT), 'utf8') }));

const LANGUAGE = readFileSync(new URL('docs/policy-language.md', ROOT), 'utf8');
const DOCUMENTS: readonly Found[] = [
  ...filesIn('policies', '.policy.yaml'), ...filesIn('policies/handbook', '.policy.yaml'),
  ...filesIn('test/language', '.policy.yaml'),
  ...filesIn('test/language/policy', '.case.txt').map(({ name, text }) => (
    { name, text: text.split('=== says ===\n')[0] ?? '' })),
  ...[...LANGUAGE.matchAll(/^```yaml policy\n([^]*?)^```$/gm)].map(({ 1: text = '' }, i) => (
    { name: `docs/policy-language.md, policy ${i + 1}`, text })),
  ...[...LANGUAGE.matchAll(/^```yaml part\n([^]*?)^```$/gm)].map(({ 1: text = '' }, i) => (
    { name: `docs/policy-language.md, part ${i + 1}`, text:
      `policy: part\nversion: 1\nevent: transaction.v1\n${text}`
      + 'scoring: { fraud: { bands: [{ else: review }] } }\n' })),
  ...Array.from({ length: scaled(120) }, (_, seed) => (
    { name: `seed ${seed}`, text: new RandomPolicy(new SeededRandom(seed)).document() })),
];

const isTaken = (text: string): boolean => 'policy' in compilePolicy(text, 'a.policy.yaml', SCHEMA);

test('what the compiler takes, the schema takes', () => {
  const taken = DOCUMENTS.filter(({ text }) => isTaken(text));
  assert.ok(taken.length > 100, `${taken.length} documents`);
  for (const { name, text } of taken) {
    assert.ok(validate(parse(text)), `${name}: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
  }
});

const BASE = `policy: base
version: 1
event: transaction.v1
kinds: [card]
time: { ahead: 5m, behind: 7d, outside: clamp }
references: { A: { text: "a" } }
params: { limit: 5 EUR, by_segment: { by: debtor.segment, cases: { a: 1 EUR }, otherwise: 2 EUR } }
lists: { blocked: { of: card, managed: true, validity: true } }
features: { count_1h: count(by card over 1h) }
rules:
  one: { when: count_1h > 3, then: { action: review, score: 3 }, unknown: miss, because: A }
scoring: { fraud: { bands: [{ below: 3, action: approve }, { else: review }] } }
tests:
  - { name: t, lists: { blocked: [k1, { value: k2, until: "2026-02-01T00:00:00Z" }] },
      given: [{ at: 0s, x: 2, card: k1, status: declined, expect: { one: miss, count_1h: 2 } }] }
`;

/** Each is refused by both: the part of BASE, and what stands there instead. */
const BROKEN: readonly (readonly [from: string, to: string])[] = [
  ['policy: base', 'policy: Base'], ['policy: base\n', ''], ['version: 1', 'version: 0'],
  ['version: 1', 'version: one'], ['version: 1', 'version: 1.5'], ['transaction.v1', 'transaction.v9'],
  ['kinds: [card]', 'kinds: [wire]'], ['outside: clamp', 'outside: drop'], ['behind: 7d', 'until: 7d'],
  ['{ text: "a" }', '{ url: "a" }'], ['{ text: "a" }', '{ text: "a", note: b }'],
  ['otherwise: 2 EUR', 'other: 2 EUR'], ['limit: 5 EUR', 'Limit: 5 EUR'],
  ['limit: 5 EUR', 'limit: [5 EUR]'], ['of: card', 'of: cards'], ['validity: true', 'validity: maybe'],
  ['managed: true', 'manged: true'], ['count_1h: count', 'Count-1h: count'],
  ['one: { when', 'One: { when'], ['one: { when', 'one: { if'], ['action: review', 'action: approve'],
  ['action: review', 'action: block'], ['score: 3 }', 'score: three }'], ['score: 3 }', 'points: 3 }'],
  ['unknown: miss', 'unknown: approve'], ['because: A', 'because: A, mode: dark'],
  ['because: A', 'because: A, axis: risk'], ['because: A', 'because: A, final: maybe'],
  ['fraud: { bands', 'risk: { bands'], ['{ else: review }', '{ else: block }'],
  ['[{ below: 3, action: approve }, { else: review }]', '[]'], ['bands: [', 'band: ['],
  ['name: t', 'title: t'], ['at: 0s', 'when: 0s'], ['x: 2', 'x: 0'], ['x: 2', 'x: 10001'],
  ['status: declined', 'status: refused'], ['card: k1, status', 'kard: k1, status'],
  ['card: k1, status', 'event: fact, status'], ['value: k2', 'valu: k2'], ['given: [', 'lines: ['],
];
test('what is wrong in structure is refused by the compiler and by the schema', () => {
  assert.ok(isTaken(BASE) && validate(parse(BASE)));
  for (const [from, to] of BROKEN) {
    assert.ok(BASE.includes(from), from);
    const text = BASE.replace(from, to);
    assert.equal(isTaken(text), false, `the compiler takes ${to}`);
    assert.equal(validate(parse(text)), false, `the schema takes ${to}`);
  }
});

test('every key that is read is offered, with a line on what it is', () => {
  const places: readonly (readonly [PathPart[], readonly string[]])[] = [
    [[], POLICY_KEYS], [['rules', 'any'], RULE_KEYS], [['rules', 'any', 'then'], THEN_KEYS],
    [['tests', 0], ['name', 'start', 'lists', 'given']],
    [['tests', 0, 'given', 0], ['at', 'x', 'id', 'event', 'transaction', 'degraded', 'expect',
      ...[...SCHEMA.byPath.keys()].filter((path) => path !== 't'),
      ...[...SCHEMA.aliases.keys()].filter((name) => name !== 'occurred_at')]],
  ];
  for (const [path, keys] of places) {
    const offered = schemaPlace(JSON_SCHEMA, path).keys;
    assert.deepEqual([...offered.keys()].toSorted(), [...new Set(keys)].toSorted());
    for (const [key, { description }] of offered) assert.ok(description.length > 3, key);
  }
});
