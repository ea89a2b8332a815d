import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isZone, localClock, localDate, zoneOffsetMs } from './zone.ts';

const ZONES = ['UTC', 'Europe/Paris', 'America/Sao_Paulo', 'Asia/Kolkata', 'Australia/Lord_Howe',
  'Pacific/Apia', 'Africa/Casablanca'];
const HOUR_MS = 3_600_000;

function judge(tMs: number, zone: string): void {
  const at = Temporal.Instant.fromEpochMilliseconds(tMs).toZonedDateTimeISO(zone);
  const clock = Temporal.PlainTime.from('00:00').until(at.toPlainTime()).total('milliseconds');
  const date = Temporal.PlainDate.from('1970-01-01').until(at.toPlainDate()).days;
  assert.deepEqual([localClock(tMs, zone), localDate(tMs, zone)], [clock, date], `${tMs} in ${zone}`);
}

// First in this file, because it is about a fresh process.
test('before any zone was asked for, a missing one has no local time', () => {
  assert.ok(Number.isNaN(zoneOffsetMs(0, '')));
});

test('local time is what Temporal says, at any time and in any order of zones', () => {
  for (let i = 0; i < 3_000; i++) {
    judge(Math.floor((i * 7_919_333_333) % 3e12) - 1e12 + (i % 1_000), ZONES[i % ZONES.length] ?? 'UTC');
  }
});

test('F42 local time around every change of the clocks in 2026, to the ms', () => {
  for (const zone of ZONES) {
    let at = Temporal.Instant.from('2026-01-01T00:00:00Z').toZonedDateTimeISO(zone);
    for (;;) {
      const next = at.getTimeZoneTransition('next');
      if (next === null || next.year > 2026) break;
      for (const ms of [-HOUR_MS, -1, 0, 1, HOUR_MS - 1, HOUR_MS]) judge(next.epochMilliseconds + ms, zone);
      at = next;
    }
  }
});

test('what is no zone has no local time', () => {
  const wrong = ['', 'Europe/Pari', '+02:00', '[u-ca=iso8601]', '1', 'UTC]'];
  assert.deepEqual(wrong.map(isZone), wrong.map(() => false));
  assert.ok(Number.isNaN(zoneOffsetMs(0, 'Europe/Pari')));
  assert.ok(Number.isNaN(zoneOffsetMs(Number.NaN, 'Europe/Paris')));
  assert.ok(Number.isNaN(localClock(1e300, 'Europe/Paris')));
});

test('more zones than are kept are still right', () => {
  for (const zone of Intl.supportedValuesOf('timeZone')) judge(1_795_428_000_123, zone);
});
