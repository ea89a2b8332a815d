import { strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { calendarStart } from './calendar-start.ts';

const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds;

test('F42 days begin at local midnight, on the days that are 23 or 25 hours long too', () => {
  const day = calendarStart('day', 'America/New_York');
  for (const [instant, start] of [
    ['2026-03-08T04:59:59.999Z', '2026-03-07T05:00:00Z'],
    ['2026-03-08T05:00:00Z', '2026-03-08T05:00:00Z'],
    ['2026-03-09T03:59:59.999Z', '2026-03-08T05:00:00Z'],
    ['2026-03-09T04:00:00Z', '2026-03-09T04:00:00Z'],
    ['2026-11-02T04:59:59.999Z', '2026-11-01T04:00:00Z'],
    ['2026-11-02T05:00:00Z', '2026-11-02T05:00:00Z'],
  ] as const) strictEqual(day(at(instant)), at(start), instant);
});

test('a day whose midnight the clocks skip begins an hour later', () => {
  // Beirut put its clocks forward at 00:00 on 2024-03-31.
  strictEqual(calendarStart('day', 'Asia/Beirut')(at('2024-03-31T10:00:00Z')), at('2024-03-30T22:00:00Z'));
});

test('weeks begin on Monday, months on the first', () => {
  strictEqual(calendarStart('week', 'UTC')(at('2026-03-08T23:59:59Z')), at('2026-03-02T00:00:00Z'));
  strictEqual(calendarStart('week', 'UTC')(at('2026-03-09T00:00:00Z')), at('2026-03-09T00:00:00Z'));
  strictEqual(calendarStart('month', 'Asia/Kolkata')(at('2026-01-31T18:29:59Z')), at('2025-12-31T18:30:00Z'));
  strictEqual(calendarStart('month', 'Asia/Kolkata')(at('2026-01-31T18:30:00Z')), at('2026-01-31T18:30:00Z'));
});

test('what is kept from earlier questions changes no answer', () => {
  const zones = ['Europe/Paris', 'Pacific/Apia', 'Australia/Lord_Howe', 'America/Sao_Paulo'];
  for (const zone of zones) {
    for (const unit of ['day', 'week', 'month'] as const) {
      const kept = calendarStart(unit, zone);
      fc.assert(fc.property(fc.integer({ min: at('2010-01-01T00:00:00Z'), max: at('2013-01-01T00:00:00Z') }),
        (t) => {
        strictEqual(kept(t), calendarStart(unit, zone)(t));
      }), { numRuns: 100 });
    }
  }
});
