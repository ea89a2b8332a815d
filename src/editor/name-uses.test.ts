import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventSchema } from '#domain/field.ts';
import { usesIn } from './name-uses.ts';
import { outlineOf } from './outline.ts';

const policyWith = (lines: string): string => `policy: p
version: 1
params:
  limit: 100 EUR
rules:
  one:
    title: One
    then: { action: review }
${lines}
`;

/** How many times the name is found, each where it stands. */
function found(lines: string): number {
  const source = policyWith(lines);
  const { uses, unread } = usesIn(source, outlineOf(source, eventSchema([])));
  assert.deepEqual(unread, [], lines);
  const limits = uses.filter(({ kind, name }) => kind === 'parameter' && name === 'limit');
  for (const { start, end } of limits) assert.equal(source.slice(start, end), 'limit', lines);
  return limits.length;
}

const REASONS: readonly (readonly [written: string, count: number])[] = [
  ['"over {limit}"', 1],
  ['"over {limit}} or so"', 1],
  ['"a brace {{ and {limit}"', 1],
  ['"{{limit}} is no value"', 0],
  ['"{{{limit}}} is one in braces"', 1],
  ['"{limit}{limit}"', 2],
  ['\'{limit} is "{limit}"\'', 2],
  ['"{amount > limit and channel == \\"}\\"} {limit}"', 2],
  ['over {limit} 😀 {limit}', 2],
  ['|\n      over {limit}\n      and {limit}', 2],
  ['>-\n      over {limit}\n\n      and {limit}', 2],
];

for (const [written, count] of REASONS) {
  test(`names in a reason written ${JSON.stringify(written)}`, () => {
    assert.equal(found(`    when: amount > 1 EUR\n    reason: ${written}`), count);
  });
}

test('names in a condition of several lines', () => {
  for (const style of ['', ' >-', ' |']) {
    assert.equal(found(`    when:${style}\n      amount > limit\n      and amount > limit`), 2, style);
  }
});
