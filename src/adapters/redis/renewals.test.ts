import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Renewals } from './renewals.ts';

test('a log is due until it was done, and again a while later', () => {
  const renewals = new Renewals(100);
  equal(renewals.isDue('a', 0), true);
  equal(renewals.isDue('a', 1), true, 'a call that failed renewed nothing');
  renewals.done('a');
  equal(renewals.isDue('a', 99), false);
  equal(renewals.isDue('b', 99), true);
  equal(renewals.isDue('a', 100), true);
});

test('whatever is done and asked, nothing is taken for renewed that was not, in its while', () => {
  const step = fc.record({ key: fc.nat({ max: 50 }), ms: fc.nat({ max: 30 }), does: fc.boolean() });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const [renewals, doneAtMs] = [new Renewals(100), new Map<number, number>()];
    let nowMs = 0;
    for (const { key, ms, does } of steps) {
      nowMs += ms;
      if (!renewals.isDue(`k${key}`, nowMs)) equal(nowMs - (doneAtMs.get(key) ?? -Infinity) < 100, true);
      if (!does) continue;
      renewals.done(`k${key}`);
      doneAtMs.set(key, nowMs);
    }
  }));
});
