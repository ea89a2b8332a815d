import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../bench/random.ts';
import { scaled } from '../../test/test-scale.ts';
import { overlapOf, type HitGroup } from './overlap.ts';

test('rules that hit together, alone, and never', () => {
  const report = overlapOf([
    { hits: ['a', 'b'], acting: ['a', 'b'], flagged: true, payments: 3 },
    { hits: ['a'], acting: ['a'], flagged: true, payments: 2 },
    { hits: ['b'], acting: [], flagged: false, payments: 5 },
    { hits: [], acting: [], flagged: false, payments: 90 },
  ], ['a', 'b', 'c']);
  assert.deepEqual(report.rules, [
    { rule: 'a', hits: 5, acting: 5, unique: 2, decisive: 2, verdict: 'used' },
    { rule: 'b', hits: 8, acting: 3, unique: 5, decisive: 0, verdict: 'never_decisive' },
    { rule: 'c', hits: 0, acting: 0, unique: 0, decisive: 0, verdict: 'dead' },
  ]);
  assert.deepEqual(report.overlaps, [
    { first: 'a', second: 'b', both: 3, jaccard: 0.3, ofFirst: 0.6, ofSecond: 0.375 },
  ]);
});

test('counts of groups are counts of payments, one by one', () => {
  const random = seededRandom(5);
  const names = ['a', 'b', 'c', 'd'];
  for (let round = 0; round < scaled(50); round++) {
    const groups = Array.from({ length: 12 }, (): HitGroup => {
      const hits = names.filter(() => random() < 0.4);
      const acting = names.filter((name) => random() < (hits.includes(name) ? 0.6 : 0.1));
      return { hits, acting, flagged: random() < 0.5, payments: Math.floor(random() * 9) };
    });
    const each = groups.flatMap(({ payments, ...group }) => Array.from({ length: payments }, () => group));
    const report = overlapOf(groups, names);
    for (const { rule, hits, unique, decisive, verdict } of report.rules) {
      const seen = each.some((one) => one.hits.includes(rule) || one.acting.includes(rule));
      assert.equal(verdict, !seen ? 'dead' : decisive === 0 ? 'never_decisive' : 'used');
      assert.equal(hits, each.filter((one) => one.hits.includes(rule)).length);
      assert.equal(unique, each.filter((one) => one.hits.join() === rule).length);
      assert.equal(decisive, each.filter((one) => one.flagged && one.acting.join() === rule).length);
    }
    for (const { first, second, jaccard } of report.overlaps) {
      const [a, b] = [first, second].map((rule) =>
        new Set(each.flatMap((one, i) => (one.hits.includes(rule) ? [i] : []))));
      if (a === undefined || b === undefined || a.union(b).size === 0) continue;
      assert.ok(Math.abs(jaccard - a.intersection(b).size / a.union(b).size) < 1e-12);
    }
  }
});
