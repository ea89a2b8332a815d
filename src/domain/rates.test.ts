import assert from 'node:assert/strict';
import { test } from 'node:test';
import { convertExact, emptyRateTable, parseRateTable, rateConverter, type RateTable } from './rates.ts';

const DAY_MS = 86_400_000;

function tableOf(rates: Record<string, { from: string; rate: string }[]>): RateTable {
  const parsed = parseRateTable({ version: 'v1', base: 'EUR', rates });
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  return parsed.table;
}

const TABLE = tableOf({
  USD: [{ from: '2026-01-02', rate: '1.08' }, { from: '2026-01-01', rate: '1.25' }],
  JPY: [{ from: '1970-01-01', rate: '162.5' }],
  BHD: [{ from: '1970-01-01', rate: '0.4' }],
});
const JANUARY_1 = Date.UTC(2026, 0, 1);

test('a rate holds from 00:00 UTC of its date', () => {
  const convert = rateConverter(TABLE);
  assert.equal(convert(100, 'EUR', 'USD', JANUARY_1 - 1), Number.NaN);
  assert.equal(convert(100, 'EUR', 'USD', JANUARY_1), 125);
  assert.equal(convert(100, 'EUR', 'USD', JANUARY_1 + DAY_MS - 1), 125);
  assert.equal(convert(100, 'EUR', 'USD', JANUARY_1 + DAY_MS), 108);
  assert.equal(convert(100, 'EUR', 'USD', JANUARY_1), 125);
});

test('minor units shift with the currency', () => {
  const convert = rateConverter(TABLE);
  assert.equal(convert(100, 'EUR', 'JPY', 0), 162);
  assert.equal(convert(300, 'EUR', 'JPY', 0), 488);
  assert.equal(convert(325, 'JPY', 'EUR', 0), 200);
  assert.equal(convert(100, 'EUR', 'BHD', 0), 400);
  assert.equal(convert(1_000, 'BHD', 'JPY', 0), 406);
});

test('without a rate, a currency or an amount there is nothing', () => {
  const convert = rateConverter(TABLE);
  assert.ok([
    convert(1, 'CHF', 'EUR', JANUARY_1), convert(1, 'EUR', 'CHF', JANUARY_1),
      convert(1, undefined, 'EUR', JANUARY_1),
    convert(Number.NaN, 'USD', 'EUR', JANUARY_1), convert(1, 'USD', 'EUR', Number.NaN),
      convert(2 ** 53 - 1, 'EUR', 'JPY', 0),
  ].every(Number.isNaN));
  assert.equal(rateConverter(emptyRateTable('EUR'))(7, 'CHF', 'CHF', 0), 7);
});

test('the quick conversion is the exact one, over amounts of every size', () => {
  const convert = rateConverter(TABLE);
  const currencies = ['EUR', 'USD', 'JPY', 'BHD', 'CHF'];
  for (let i = 0; i < 30_000; i++) {
    const minor = i < 10_000 ? i - 5_000 : Math.floor(2 ** (i % 53) + ((i * 104_729) % 100_000));
    const [from = 'EUR', to = 'EUR'] = [currencies[i % 5], currencies[Math.floor(i / 5) % 5]];
    const tMs = JANUARY_1 + ((i % 7) - 3) * DAY_MS;
    const exact = convertExact(TABLE, minor, from, to, tMs);
    assert.equal(convert(minor, from, to, tMs), 'minor' in exact ? exact.minor : Number.NaN,
      `${minor} ${from} ${to}`);
  }
});

test('a table says all that is wrong with it', () => {
  const parsed = parseRateTable({
    version: 'v1', base: 'EURO',
    rates: {
      ABC: [{ from: '2026-01-01', rate: '1' }], EURO: [],
      USD: [{ from: '2026-02-30', rate: '1' }, { from: '2026-01-01', rate: '0' },
        { from: '2026-01-01', rate: '-1' },
        { from: '2026-01-02', rate: '1' }, { from: '2026-01-02', rate: '2' },
          { from: '2026-01-03', rate: '1e3' }],
    },
  });
  assert.deepEqual('problems' in parsed && parsed.problems, [
    'base EURO is not an ISO 4217 currency', 'ABC is not an ISO 4217 currency',
      'EURO is not an ISO 4217 currency',
    'EURO is the base; its rate is 1 and is not listed', 'USD: 2026-02-30 is not a date',
    'USD: rate 0 is not a positive decimal', 'USD: rate -1 is not a positive decimal',
      'USD: two rates from 2026-01-02',
    'USD: rate 1e3 is not a positive decimal',
  ]);
});
