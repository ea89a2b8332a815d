import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatInstant } from '#domain/instant.ts';
import {
  bindLists, bindListSteps, ListIndex, type ListDeclaration, type ListEntry, type ListSource,
} from './lists.ts';

const STRING = { kind: 'string' } as const;
const at = (hours: number): string => formatInstant(hours * 3_600_000);

const entry = fc.record({ value: fc.constantFrom('a', 'b', 'c'), from: fc.nat(9),
  length: fc.integer({ min: 1, max: 5 }),
  open: fc.constantFrom('none', 'from', 'until', 'both') });

test('a list holds exactly the entries whose [from, until) holds the instant', () => {
  fc.assert(fc.property(fc.array(entry, { maxLength: 8 }), (drawn) => {
    const entries = drawn.map(({ value, from, length, open }): ListEntry & { low: number; high: number } => ({
      value,
      ...(open === 'from' || open === 'both' ? { from: at(from) } : {}),
      ...(open === 'until' || open === 'both' ? { until: at(from + length) } : {}),
      low: open === 'from' || open === 'both' ? from : -Infinity,
      high: open === 'until' || open === 'both' ? from + length : Infinity,
    }));
    const made = ListIndex.of({ name: 'l', entries });
    assert.ok('index' in made);
    for (const value of ['a', 'b', 'c', 'd']) {
      for (let hour = -1; hour < 16; hour++) {
        const naive = entries.some((one) => one.value === value && one.low <= hour && hour < one.high);
        assert.equal(made.index.has(value, hour * 3_600_000), naive, `${value} at ${hour}`);
      }
    }
  }), { seed: 7, numRuns: 300 });
});

test('the version of a list is that of its entries, in any order', () => {
  const version = (entries: readonly ListEntry[]): string => {
    const made = ListIndex.of({ name: 'l', entries });
    return 'index' in made ? made.index.version : 'refused';
  };
  const [one, two] = [{ value: 'a', from: at(1) }, { value: 'b' }];
  assert.equal(version([one, two]), version([two, one]));
  assert.notEqual(version([one]), version([{ value: 'a', from: at(2) }]));
  assert.match(version([]), /^sha256:[0-9a-f]{64}$/);
});

test('the version of a long list is the hash of its sorted lines', () => {
  for (const count of [0, 1, 999, 1_000, 1_001, 4_321]) {
    const entries = Array.from({ length: count }, (_, i): ListEntry => ({
      value: `${String.fromCodePoint(0x20 + ((i * 7_919) % 0xd000))}${(i * 104_729) % 5_003}`,
      ...(i % 3 === 0 ? { until: at(i % 7) } : {}),
    }));
    const lines = entries.map(({ value, until = '' }) => JSON.stringify([value, '', until]));
    const naive = createHash('sha256').update(lines.toSorted().join('\n')).digest('hex');
    const made = ListIndex.of({ name: 'l', entries });
    assert.equal('index' in made && made.index.version, `sha256:${naive}`, `${count} entries`);
  }
});

test('binding a long list is done in many steps; the same entries, whole numbers too, only once', () => {
  const stepsOf = (kind: 'string' | 'int', source: ListSource): number => {
    const binding = bindListSteps([declared({ of: { kind } })], new Map([['l', source]]));
    let steps = 0;
    for (let step = binding.next(); step.done !== true; step = binding.next()) steps += 1;
    return steps;
  };
  for (const kind of ['string', 'int'] as const) {
    const source = { name: 'l', entries: Array.from({ length: 20_000 }, (_, i) => ({ value: `${i}` })) };
    assert.ok(stepsOf(kind, source) >= 30);
    assert.equal(stepsOf(kind, source), 5, 'it is looked through, and no more');
  }
});

test('of a list in which everything is wrong, twenty sentences are enough', () => {
  const entries = Array.from({ length: 5_000 }, (_, i) => ({ value: `${i}`, until: 'soon' }));
  for (const validity of ['none', 'required'] as const) {
    const bound = bindLists([declared({ validity })], new Map([['l', { name: 'l', entries }]]));
    const { length } = 'problems' in bound ? bound.problems : [];
    assert.ok(length >= 20 && length <= 40, `${length}`);
  }
});

const declared = (over: Partial<ListDeclaration>): ListDeclaration =>
  ({ name: 'l', of: STRING, validity: 'none', ...over });

test('what does not fit its declaration is refused with a sentence', () => {
  const refusals = [
    [declared({ of: { kind: 'int' } }), { value: 'a' }, 'l: "a" is not a number'],
    [declared({}), { value: 'a', until: at(1) }, 'l: "a" has dates; the list is declared without validity'],
    [declared({ validity: 'required' }), { value: 'a' }, 'l: "a" has no end; the list requires one'],
    [declared({ validity: 'optional' }), { value: 'a', from: 'today' },
      'l: "a" is listed from today, which is not an instant such as 2026-05-01T00:00:00Z'],
    [declared({ validity: 'optional' }), { value: 'a', from: at(2), until: at(2) },
      'l: "a" is listed until before it is listed'],
  ] as const;
  for (const [declaration, bad, sentence] of refusals) {
    const bound = bindLists([declaration], new Map([['l', { name: 'l', entries: [bad] }]]));
    assert.deepEqual('problems' in bound ? bound.problems : [], [sentence]);
  }
});

test('a managed list that nobody has published is empty, and one in the document needs no publication',
  () => {
  const bound = bindLists([declared({}), declared({ name: 'm', values: ['a'] })], new Map());
  assert.ok('inList' in bound);
  assert.deepEqual([bound.inList(0, 'a', 0), bound.inList(1, 'a', 0), bound.inList(1, 'b', 0)], [0, 2, 0]);
  assert.deepEqual(Object.keys(bound.versions), ['l', 'm']);
});
