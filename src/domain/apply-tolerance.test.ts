import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applyTolerance } from './apply-tolerance.ts';
import type { ParsedEvent } from './event.ts';

const RECEIVED_MS = Date.UTC(2026, 10, 23, 10);
const at = (t: number): ParsedEvent => ({
  type: 'transaction',
  tenant: 'a',
  id: '1',
  position: -1,
  receivedAtMs: RECEIVED_MS,
  numbers: [t, 7],
  texts: [],
});
const clamp = { aheadMs: 300_000, behindMs: 604_800_000, outside: 'clamp' } as const;
const refuse = { ...clamp, outside: 'refuse' } as const;

describe('occurred_at within the tolerance is t', () => {
  for (const offset of [0, 300_000, -604_800_000]) {
    test(`${offset} ms from arrival`, () => {
      const event = at(RECEIVED_MS + offset);
      deepEqual(applyTolerance(event, refuse), { event, adjusted: undefined });
    });
  }
});

describe('outside the tolerance, one ms or a century', () => {
  for (const [t, to, side] of [
    [RECEIVED_MS + 300_001, '2026-11-23T10:05:00.000Z', 'after'],
    [RECEIVED_MS - 604_800_001, '2026-11-16T10:00:00.000Z', 'before'],
    [Date.UTC(1926, 0, 1), '2026-11-16T10:00:00.000Z', 'before'],
    [Date.UTC(9999, 0, 1), '2026-11-23T10:05:00.000Z', 'after'],
  ] as const) {
    const from = new Date(t).toISOString();
    test(`${from} is clamped and says so`, () => {
      const event = at(t);
      const result = applyTolerance(event, clamp);
      ok('event' in result);
      deepEqual(result.event.numbers, [Date.parse(to), 7]);
      deepEqual(result.adjusted, { occurred_at: { from, to } });
      equal(event.numbers[0], t, 'the event that came in is left as it was');
    });
    test(`${from} is refused by a policy that refuses`, () => {
      const result = applyTolerance(at(t), refuse);
      ok('code' in result);
      deepEqual(
        [result.code, result.errors[0]?.pointer],
        ['outside_time_tolerance', '/transaction/occurred_at'],
      );
      ok(result.detail.includes(`${from} is ${side} ${to}`), result.detail);
    });
  }
});
