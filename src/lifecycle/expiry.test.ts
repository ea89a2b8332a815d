import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { expiryOf } from './expiry.ts';

test('a policy is past its day from 00:00 UTC of that day on, and one without a day never is', () => {
  const policies = [
    { name: 'cards', effective: { from: undefined, until: '2026-11-24' } },
    { name: 'wires', effective: { from: '2026-01-01', until: undefined } },
  ];
  const midnight = Date.UTC(2026, 10, 24);
  const expired = (nowMs: number) => expiryOf(policies, nowMs).map(({ isExpired }) => isExpired);
  deepEqual([expired(midnight - 1), expired(midnight)], [[false, false], [true, false]]);
});
