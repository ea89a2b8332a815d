import { ok, equal } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { ListSource } from '#policy/lists.ts';
import { publicationContent, publicationHash, type Publication } from './publication.ts';

const publication = (lists: readonly ListSource[], more: Partial<Publication> = {}): Publication => ({
  format: 1, policies: [{ file: 'a.yaml', source: 'policy: "a"\nü €' }], lists,
  rates: { version: 'v', base: 'EUR', rates: {} }, custom: [], ...more,
});
const entries = (count: number): ListSource['entries'] => Array.from({ length: count }, (_, i) =>
  ({ value: i % 2 === 0 ? `é"${i}` : i, ...(i % 3 === 0 ? { until: '2027-01-01T00:00:00Z' } : {}) }));

const CHANGE = { id: 'l1', kind: 'replace', author: 'a.ng', approvers: ['b'] } as const;
const CASES = [
  publication([]),
  publication([{ name: 'none', entries: [] }], { person: 'a.ng', because: '"entries":[]' }),
  publication([{ name: '"entries":[]', entries: entries(3) }, { entries: entries(2_001), name: 'first' }]),
  publication([1, 999, 1_000, 1_001, 20_000].map((count) =>
    ({ name: `of ${count}`, entries: entries(count), changes: [CHANGE] }))),
];

test('what stands in the log is the JSON of the publication, whatever its lists, made in many steps', () => {
  for (const one of CASES) {
    const making = publicationContent(one);
    let steps = 0;
    let step = making.next();
    for (; step.done !== true; step = making.next()) steps += 1;
    equal(Buffer.from(step.value).toString('utf8'), JSON.stringify(one));
    const count = one.lists.reduce((sum, list) => sum + list.entries.length, 0);
    ok(steps >= count / 4_000);
  }
});

test('its hash is that of the JSON of what is decided by, and not of who published it', () => {
  for (const { format, policies, lists, rates, custom, ...more } of CASES) {
    const content = { format, policies, lists, rates, custom };
    const expected = createHash('sha256').update(JSON.stringify(content)).digest('hex');
    equal(publicationHash({ ...more, ...content }), `sha256:${expected}`);
  }
});
