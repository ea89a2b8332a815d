import assert from 'node:assert/strict';
import { test } from 'node:test';
import { currencyExponent, formatAmount, formatMoney, parseMoneyText } from './money.ts';

test('exponents are those of ISO 4217', () => {
  assert.deepEqual(['JPY', 'EUR', 'BHD', 'CLF', 'eur', 'ABC'].map(currencyExponent),
    [0, 2, 3, 4, undefined, undefined]);
});

for (const [text, currency, minor] of [
  ['120.50', 'EUR', 12_050], ['120.5', 'EUR', 12_050], ['120', 'EUR', 12_000], ['0', 'EUR', 0],
    ['-0', 'EUR', 0],
  ['-1.05', 'EUR', -105], ['007', 'EUR', 700], ['120', 'JPY', 120], ['1.234', 'BHD', 1_234],
    ['0.01', 'EUR', 1],
  ['90071992547409.91', 'EUR', 9_007_199_254_740_991], ['9007199254740991', 'JPY', 9_007_199_254_740_991],
] as const) {
  test(`${text} ${currency} is ${minor} minor units`, () => {
    assert.deepEqual(parseMoneyText(text, currency), { minor });
  });
}

for (const [text, currency, problem] of [
  ['1.234', 'EUR', 'too_many_decimals'], ['1.230', 'EUR', 'too_many_decimals'],
    ['1.0', 'JPY', 'too_many_decimals'],
  ['', 'EUR', 'not_decimal'], ['.5', 'EUR', 'not_decimal'], ['5.', 'EUR', 'not_decimal'],
    ['-', 'EUR', 'not_decimal'],
  ['1,5', 'EUR', 'not_decimal'], ['1e3', 'EUR', 'not_decimal'], ['+1', 'EUR', 'not_decimal'],
    [' 1', 'EUR', 'not_decimal'],
  ['1.2.3', 'EUR', 'not_decimal'], ['٣', 'EUR', 'not_decimal'], ['--1', 'EUR', 'not_decimal'],
    ['NaN', 'EUR', 'not_decimal'],
  ['1', 'ABC', 'unknown_currency'], ['1', 'constructor', 'unknown_currency'],
  ['90071992547409.92', 'EUR', 'too_large'], ['9'.repeat(400), 'EUR', 'too_large'],
] as const) {
  test(`${text.slice(0, 20)} ${currency} is refused: ${problem}`, () => {
    const parsed = parseMoneyText(text, currency);
    assert.equal('problem' in parsed && parsed.problem, problem);
  });
}

test('what is written is read back, digit by digit, up to the largest amount', () => {
  for (let i = 0; i < 3_000; i++) {
    const minor = Math.floor(2 ** ((i % 53) + 1) * ((i * 7_919) % 1_000) / 1_000) * (i % 2 === 0 ? 1 : -1) +
      0;
    for (const currency of ['JPY', 'EUR', 'BHD']) {
      assert.deepEqual(parseMoneyText(formatAmount(minor, currency), currency), { minor },
        `${minor} ${currency}`);
    }
  }
});

test('amounts keep the zeros of their currency', () => {
  assert.equal(formatMoney(12_050, 'EUR'), '120.50 EUR');
  assert.equal(formatMoney(-5, 'BHD'), '-0.005 BHD');
  assert.equal(formatMoney(120, 'JPY'), '120 JPY');
  assert.throws(() => formatMoney(1, 'ABC'), RangeError);
});
