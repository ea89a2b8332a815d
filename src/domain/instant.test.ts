import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addMonths, formatDate, formatInstant, parseDate, parseInstant } from './instant.ts';

test('every day of 400 years is the day that Temporal says', () => {
  const start = Temporal.PlainDate.from('1900-01-01');
  for (let i = 0; i < 146_097; i += 13) {
    const date = start.add({ days: i });
    assert.equal(parseDate(date.toString()), Temporal.PlainDate.from('1970-01-01').until(date).days,
      date.toString());
  }
});

test('instants are read as Temporal reads them', () => {
  for (let i = 0; i < 5_000; i++) {
    const ms = Math.floor((i * 7_919_333_333) % 4e12) - 5e11;
    const text = formatInstant(ms);
    assert.equal(parseInstant(text), ms, text);
    const sign = i % 2 === 0 ? '+' : '-';
    const moved =
      `${text.slice(0, 19)}${sign}${String(i % 24).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}`;
    assert.equal(parseInstant(moved), Temporal.Instant.from(moved).epochMilliseconds, moved);
  }
});

test('decimals of a second are cut to ms', () => {
  const at = (decimals: string): number | undefined => parseInstant(`2026-11-23T10:00:00${decimals}Z`);
  const second = at('') ?? 0;
  assert.deepEqual(['.1', '.12', '.123', '.1239', '.123456789'].map((d) => (at(d) ?? 0) - second),
    [100, 120, 123, 123, 123]);
});

for (const text of [
  '', '2026-11-23', '2026-11-23T10:00:00', '2026-11-23 10:00:00Z', '2026-11-23T10:00Z',
    '2026-11-23t10:00:00z',
  '2026-02-29T10:00:00Z', '2026-13-01T10:00:00Z', '2026-11-31T10:00:00Z', '2026-11-23T24:00:00Z',
    '2026-11-23T10:60:00Z',
  '2026-11-23T10:00:60Z', '2026-11-23T10:00:00.Z', '2026-11-23T10:00:00.1234567890Z',
    '2026-11-23T10:00:00+0200',
  '2026-11-23T10:00:00+24:00', '2026-11-23T10:00:00+02:60', '2026-11-23T10:00:00Z ', '+2026-11-23T10:00:00Z',
  '2026-1-23T10:00:00ZZZ', '2026-11-23T1 :00:00Z', '2026/11/23T10:00:00Z',
]) {
  test(`not an instant: ${JSON.stringify(text)}`, () => assert.equal(parseInstant(text), undefined));
}

test('dates that do not exist are refused', () => {
  const wrong = ['2026-02-29', '2026-00-01', '2026-01-00', '2026-1-1', '20260101', '2026-01-01T',
    '0x10-01-01'];
  assert.deepEqual(wrong.map(parseDate), wrong.map(() => undefined));
  assert.equal(formatDate(parseDate('2024-02-29') ?? 0), '2024-02-29');
});

test('months are added as Temporal adds them, the last day standing in for a missing one', () => {
  for (let days = -800; days < 30_000; days += 29) {
    const date = Temporal.PlainDate.from('1970-01-01').add({ days });
    for (const months of [-13, -1, 0, 1, 3, 12, 14]) {
      assert.equal(formatDate(addMonths(days, months)), date.add({ months }).toString(),
        `${date.toString()} + ${months}`);
    }
  }
});
